package main

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// signedRelease is a release to upload. It answers every input with its version.
type signedRelease struct {
	digest   manifest.Digest
	version  string
	sequence uint64
	envelope []byte
	artifact []byte
}

// newRelease makes and signs release n of a strategy.
func newRelease(key trust.Key, strategy string, n uint64) (signedRelease, error) {
	version := fmt.Sprintf("1.%d.0", n)
	answer := map[string]any{"version": version}
	artifact := guestOf(strategy, n, answer)
	now := time.Now().UTC().Truncate(time.Second)
	m := &manifest.Manifest{
		Name: strategy, Version: version, Sequence: int64(n), Kind: wasm.Kind, ABIVersion: abi.Version, //nolint:gosec // small
		Artifact: manifest.Artifact{SHA256: digest(string(artifact)), Size: int64(len(artifact))},
		Methods:  []string{abi.MethodExecute}, Capabilities: []string{abi.CapabilityLog}, Config: map[string]any{},
		Limits: manifest.Limits{Timeout: 20 * time.Second},
		Golden: []manifest.GoldenCase{{Name: "version", Input: map[string]any{}, Output: answer}},
		Issued: now, NotBefore: now.Add(-time.Hour), Expires: now.Add(time.Hour),
	}
	payload, err := m.Encode()
	if err != nil {
		return signedRelease{}, err
	}
	envelope, err := trust.Sign(manifest.PayloadType, payload, key)
	return signedRelease{digest: digest(string(payload)), version: version, sequence: n, envelope: envelope, artifact: artifact}, err
}

// guestOf is a module that always gives the same answer. It carries up to 50 kB
// of ballast, so that its upload takes one write or several.
func guestOf(strategy string, n uint64, answer map[string]any) []byte {
	source := rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, strategy, n)))
	ballast := make([]byte, 1+source.Uint64()%50_000)
	_, _ = source.Read(ballast)
	g := wasmtest.Guest{Data: [][]byte{wasmtest.Encoded(abi.StatusOK, answer), ballast}}
	g.Execute = g.Answer(0)
	return g.Module()
}
