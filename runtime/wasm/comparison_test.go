package wasm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// serving is a runtime that serves the conformance strategy.
func serving(t *testing.T, engineName string, e wasm.Engine) *runtime.Runtime {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := trust.GenerateKey("developer")
	ok(err)
	development := trust.DevelopmentPolicy(key, time.Now())
	doc, err := development.Encode()
	ok(err)
	envelope, err := trust.Sign(trust.PayloadType, doc, key)
	ok(err)
	policy, err := trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(doc)), time.Now())
	ok(err)
	db, err := boltstore.OpenUnsynced(t.TempDir())
	ok(err)
	d := wasm.New(wasm.Config{Engines: map[string]wasm.Engine{engineName: e}, DefaultEngine: engineName})
	services := capability.Services{State: new(capability.Memory), Log: slog.New(slog.DiscardHandler)}.Open()
	t.Cleanup(services.Close)
	rt, err := runtime.Open(context.Background(), runtime.Config{
		Store: db, Drivers: map[manifest.Kind]driver.Driver{wasm.Kind: d}, Policy: policy, Engines: []string{engineName, "other"},
		Capabilities: services, HostVersion: "1.0.0", Log: slog.New(slog.DiscardHandler), Timeout: time.Minute, MaxTimeout: time.Minute,
	})
	ok(err)
	t.Cleanup(func() {
		ok(rt.Close(context.Background()))
		ok(db.Close())
	})
	module, err := os.ReadFile(w.BuildGo(t, "github.com/swapline/swapline/guests/tck"))
	ok(err)
	now := time.Now().UTC().Truncate(time.Second)
	payload, err := (&manifest.Manifest{
		Name: "tck", Version: "1.0.0", Sequence: 1, Kind: wasm.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(module)), Size: int64(len(module))},
		Methods:  []string{abi.MethodExecute}, Capabilities: []string{abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityLog, abi.CapabilityState}, Config: map[string]any{"behaviour": tck.Echo},
		Golden: []manifest.GoldenCase{{Name: "one", Input: map[string]any{"n": int64(1)}, Output: map[string]any{"n": int64(1)}}},
		Issued: now, NotBefore: now.Add(-time.Hour), Expires: now.Add(time.Hour),
	}).Encode()
	ok(err)
	signed, err := trust.Sign(manifest.PayloadType, payload, key)
	ok(err)
	_, err = rt.Deploy(context.Background(), runtime.Upload{Strategy: "tck", Envelope: signed, Artifact: bytes.NewReader(module)})
	ok(err)
	return rt
}

// TestAModuleIsComparedWithItself with another isolation.
func TestAModuleIsComparedWithItself(t *testing.T) {
	engineName, e := engine(t, t.TempDir())
	rt := serving(t, engineName, e)
	ask := runtime.Comparison{
		Strategy: "tck", Inputs: []map[string]any{{"n": int64(1)}, {"text": "two", "list": []any{1.5, nil}}},
		Arms: []runtime.ComparisonArm{{}, {Engine: engineName, Isolation: manifest.IsolationInstance}},
		Plan: compare.Plan{Rounds: 10, Calls: 4, WarmUp: 1, Callers: 2, OpenFor: -1, Starts: 1, Samples: 200, Seed: 1},
	}
	report, err := rt.Comparisons.Run(context.Background(), ask)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range report.Arms {
		if a.Engine != engineName || a.Faults != 0 || a.Isolation != []string{manifest.IsolationRequest, manifest.IsolationInstance}[i] {
			t.Errorf("arm %d: %+v", i, a)
		}
		if s := a.Split; s == nil || s.Strategy < 0 || s.Encoding <= 0 || s.Boundary <= 0 || s.Whole != "" {
			t.Errorf("split of arm %d: %+v", i, s)
		}
		if c := a.Cost; c.BytesIn <= 0 || c.BytesOut <= 0 || c.Instructions <= 0 || c.Memory <= 0 || c.Instances < 1 || !c.Compile.Known() || !c.Instantiate.Known() || !c.Cold.Known() {
			t.Errorf("cost of arm %d: %+v", i, c)
		}
	}
	if report.Answers[0].Different != 0 || report.Arms[1].Name != engineName+" 2" {
		t.Errorf("%+v", report)
	}
	ask.Arms[1].Engine = "other" // allowed, but not there
	_, err = rt.Comparisons.Run(context.Background(), ask)
	if code := problem.CodeOf(err); code != problem.EngineUnknown {
		t.Errorf("code %s: %v", code, err)
	}
}
