package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// conduct is how a release behaves when a customer calls.
type conduct int

const (
	good    conduct = iota
	refuses         // with a business error
	traps
)

// conductOf decides how release n behaves; the first one is good.
func conductOf(n uint64) conduct {
	switch n % 8 {
	case 3:
		return refuses
	case 6:
		return traps
	}
	return good
}

// rolledRelease makes and signs release n of a strategy. It answers customers with
// its version, if it is good, and its golden case in any case.
func rolledRelease(key trust.Key, strategy string, n uint64) (signedRelease, error) {
	version := fmt.Sprintf("1.%d.0", n)
	artifact := rolledGuest(n, version)
	now := time.Now().UTC().Truncate(time.Second)
	m := &manifest.Manifest{
		Name: strategy, Version: version, Sequence: int64(n), Kind: wasm.Kind, ABIVersion: abi.Version, //nolint:gosec // small
		Artifact: manifest.Artifact{SHA256: digest(string(artifact)), Size: int64(len(artifact))},
		Methods:  []string{abi.MethodExecute}, Capabilities: []string{abi.CapabilityLog}, Config: map[string]any{},
		Limits: manifest.Limits{Timeout: 20 * time.Second}, Rollout: earning(n),
		Golden: []manifest.GoldenCase{{Name: "version", Input: map[string]any{}, Output: map[string]any{"version": version}}},
		Issued: now, NotBefore: now.Add(-time.Hour), Expires: now.Add(time.Hour),
	}
	payload, err := m.Encode()
	if err != nil {
		return signedRelease{}, err
	}
	envelope, err := trust.Sign(manifest.PayloadType, payload, key)
	return signedRelease{digest: digest(string(payload)), version: version, sequence: n, envelope: envelope, artifact: artifact}, err
}

// rolledGuest tells customers from the golden case by the length of the input,
// which is the second parameter.
func rolledGuest(n uint64, version string) []byte {
	g := wasmtest.Guest{Data: [][]byte{
		wasmtest.Encoded(abi.StatusOK, map[string]any{"version": version}),
		wasmtest.Encoded(abi.StatusRejected, map[string]any{abi.KeyCode: "no", abi.KeyMessage: version, abi.KeyDetails: nil}),
	}}
	ill := map[conduct][]byte{refuses: g.Answer(1), traps: wasmtest.Op(0)}[conductOf(n)]
	called := wasmtest.Join(wasmtest.Op(0x20, 1), wasmtest.I32(8), wasmtest.Op(0x4b, 0x04, 0x40), ill, wasmtest.Op(0x0b)) // local.get, gt_u, if, end
	g.Execute = wasmtest.Join(called, g.Answer(0))
	return g.Module()
}

// earning is the policy of release n, as its manifest has it: stages that are so
// short that rollouts end between kills, and so long that a stage which counts time
// from before a restart is seen. Nothing looks at latency and a stage that takes too
// long pauses, so that nobody but a person takes a good release back.
func earning(n uint64) map[string]any {
	stages := `{"weight": 10, "for_s": 0.15, "calls": 5, "hold_s": 3},
		{"weight": 30, "for_s": 0.15, "calls": 5, "hold_s": 3},
		{"weight": 60, "for_s": 0.15, "calls": 5, "hold_s": 3}`
	if n%4 == 0 {
		stages = `{"weight": 25, "for_s": 0.15, "calls": 5, "hold_s": 3},
			{"weight": 50, "for_s": 0.15, "calls": 5, "hold_s": 1, "gate": true}`
	}
	return documentOf(`{"sticky": {"pointer": "/customer"}, "breaker": {},
		"stages": [` + stages + `, {"weight": 100, "for_s": 0.3, "calls": 5, "hold_s": 3}],
		"guards": [{"name": "errors", "metric": "error_rate", "max": 0.3, "tolerance": 0.4}],
		"switch": {"before_s": 1, "after_s": 0.3, "max_error_rise": 0.3, "max_p99_ratio": 0, "calls": 5}}`)
}

// documentOf reads a policy.
func documentOf(text string) map[string]any {
	doc, err := wire.ParseJSONMap([]byte(text))
	if err != nil { // a constant, or what a host has written
		panic(err)
	}
	return doc
}

// policyOf reads the policy under which a stored rollout runs.
func policyOf(text json.RawMessage) (*rollout.Policy, error) {
	doc, err := wire.ParseJSONMap(text)
	if err != nil {
		return nil, err
	}
	return rollout.Decode(doc)
}
