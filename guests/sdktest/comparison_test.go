package sdktest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm"
)

// How the remarks begin that a comparison makes on guests that read in place, and on
// those that do not tell what they spend on encoding.
const (
	wholeRead  = "encoding has in it an estimate"
	wholeGuest = "strategy has in it"
)

// compared compares riskscore with itself and looks what the report says of where
// the time went.
func compared(remark string) func(*testing.T, module) {
	return func(t *testing.T, m module) {
		report, err := serving(t, m).Comparisons.Run(t.Context(), runtime.Comparison{
			Strategy: "sdktest", Inputs: []map[string]any{paymentOf(t)},
			Arms: []runtime.ComparisonArm{{}, {Isolation: manifest.IsolationInstance}},
			Plan: compare.Plan{Rounds: 10, Calls: 10, WarmUp: 1, Callers: 1, OpenFor: -1, Starts: -1, Samples: 200, Seed: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range report.Arms {
			s := a.Split
			if s == nil || s.Encoding <= 0 || s.Boundary <= 0 || s.Strategy < 0 || !strings.HasPrefix(s.Whole, remark) || (s.Whole == "") != (remark == "") {
				t.Errorf("arm %d: %+v", i, s)
			}
		}
	}
}

// serving is a runtime that serves a module.
func serving(t *testing.T, m module) *runtime.Runtime {
	t.Helper()
	key, err := trust.GenerateKey("developer")
	ok(t, err)
	db, err := boltstore.OpenUnsynced(t.TempDir())
	ok(t, err)
	rt, err := runtime.Open(t.Context(), runtime.Config{
		Store: db, Drivers: map[manifest.Kind]driver.Driver{wasm.Kind: open(t)}, Policy: trusting(t, key),
		HostVersion: "1.0.0", Log: slog.New(slog.DiscardHandler), Timeout: time.Minute, MaxTimeout: time.Minute,
	})
	ok(t, err)
	t.Cleanup(func() {
		ok(t, rt.Close(context.Background()))
		ok(t, db.Close())
	})
	content, err := os.ReadFile(m.path)
	ok(t, err)
	release := *spec(t, m, riskConfig(t)).Manifest
	release.Methods = []string{abi.MethodExecute, abi.MethodValidate}
	now := time.Now().UTC().Truncate(time.Second)
	release.Issued, release.NotBefore, release.Expires = now, now.Add(-time.Hour), now.Add(time.Hour)
	release.Golden = []manifest.GoldenCase{{Name: "nothing", Input: map[string]any{}, Rejected: "missing_field"}}
	payload, err := release.Encode()
	ok(t, err)
	signed, err := trust.Sign(manifest.PayloadType, payload, key)
	ok(t, err)
	_, err = rt.Deploy(t.Context(), runtime.Upload{Strategy: release.Name, Envelope: signed, Artifact: bytes.NewReader(content)})
	ok(t, err)
	return rt
}

// trusting is a policy that allows all that the key signs.
func trusting(t *testing.T, key trust.Key) *trust.Policy {
	t.Helper()
	document := trust.DevelopmentPolicy(key, time.Now())
	payload, err := document.Encode()
	ok(t, err)
	envelope, err := trust.Sign(trust.PayloadType, payload, key)
	ok(t, err)
	policy, err := trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(payload)), time.Now())
	ok(t, err)
	return policy
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
