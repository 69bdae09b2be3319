// Package riskscoretest holds a guest of riskscore that was written in another
// language against the Go one: the golden cases, and many varied inputs, right
// and wrong, must get the same answers, byte for byte, and the same business
// errors.
//
//	riskscoretest.Run(t, driver, riskscoretest.Guest{Artifact: "riskscore.wasm"}, wasmtest.BuildGo(t, ".../examples/riskscore/v2"))
package riskscoretest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// Inputs is how many varied inputs are compared.
const Inputs = 10_000

// Guest is what is tested.
type Guest struct {
	Artifact string
	// Encoding and Isolation are those of its manifest.
	Encoding, Isolation string
	// Methods are Execute and Validate if there are none.
	Methods []string
}

// Run compares a guest with the Go one, whose artifact is reference. The folder
// is that of examples/riskscore/v2, where its config and golden cases are.
func Run(t *testing.T, d driver.Driver, g Guest, reference, folder string) {
	t.Helper()
	config := Config(t, folder)
	ours, theirs := Load(t, d, g, config), Load(t, d, Guest{Artifact: reference}, config)
	t.Run("golden cases", func(t *testing.T) { golden(t, ours, folder+"/golden.json") })
	t.Run("varied inputs", func(t *testing.T) {
		for seed := range uint64(Inputs) {
			same(t, ours, theirs, Input(rand.New(rand.NewPCG(seed, 9))))
		}
	})
	t.Run("validate", func(t *testing.T) {
		if err := ours.Validate(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("configs", func(t *testing.T) { configs(t, d, g, reference, config) })
}

// Load loads a guest with a config and closes it at the end of the test.
func Load(tb testing.TB, d driver.Driver, g Guest, config map[string]any) driver.Instance {
	tb.Helper()
	in, err := TryLoad(tb, d, g, config)
	if err != nil {
		tb.Fatalf("load: %v", err)
	}
	return in
}

// TryLoad is Load for a guest that may refuse its config.
func TryLoad(tb testing.TB, d driver.Driver, g Guest, config map[string]any) (driver.Instance, error) {
	tb.Helper()
	if g.Methods == nil {
		g.Methods = []string{abi.MethodExecute, abi.MethodValidate}
	}
	content, err := os.ReadFile(g.Artifact)
	if err != nil {
		tb.Fatal(err)
	}
	sum := sha256.Sum256(content)
	name := sha256.Sum256(fmt.Appendf(nil, "%v %v", g, config))
	in, err := d.Load(context.Background(), driver.Spec{
		Digest: manifest.DigestOf(name),
		Manifest: &manifest.Manifest{
			Name: "riskscore", Version: "2.0.0", Sequence: 1, Kind: "wasm", ABIVersion: abi.Version,
			Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sum), Size: int64(len(content))},
			Methods:  g.Methods,
			Config:   config, Encoding: g.Encoding, Isolation: g.Isolation,
		},
		Path: g.Artifact,
		Log:  slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now:  time.Now,
	})
	if err == nil {
		tb.Cleanup(func() {
			if err := in.Close(context.Background()); err != nil {
				tb.Errorf("close: %v", err)
			}
		})
	}
	return in, err
}

func golden(t *testing.T, in driver.Instance, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := wire.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range cases.([]any) {
		c := v.(map[string]any)
		out, err := in.Execute(t.Context(), c["input"].(map[string]any))
		var b *abi.Error
		switch {
		case errors.As(err, &b) && b.Code == c["rejected"]:
		case err != nil || !wire.Equal(out, c["output"]):
			t.Errorf("%v: got %v, %v", c["name"], out, err)
		}
	}
}

// same gives one input to both guests.
func same(t *testing.T, ours, theirs driver.Instance, in map[string]any) {
	t.Helper()
	got, err := ours.Execute(t.Context(), in)
	want, wanted := theirs.Execute(t.Context(), in)
	if a, b := describe(got, err), describe(want, wanted); !bytes.Equal(a, b) {
		text, _ := wire.AppendJSON(nil, in)
		t.Fatalf("input %s\ngot  %s\nwant %s", text, a, b)
	}
}

// describe writes an outcome of a call as JSON.
func describe(out map[string]any, err error) []byte {
	var v any = out
	var b *abi.Error
	switch {
	case errors.As(err, &b):
		v = []any{b.Code, b.Message, b.Details}
	case err != nil:
		v = err.Error()
	}
	text, err := wire.AppendJSON(nil, v)
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

// configs compares how both take configs that are wrong.
func configs(t *testing.T, d driver.Driver, g Guest, reference string, config map[string]any) {
	changes := []map[string]any{
		{"review_at": "40"}, {"review_at": int64(0)}, {"decline_at": int64(101)}, {"decline_at": nil},
		{"high_amount": []any{}}, {"high_amount": map[string]any{"EUR": "1"}}, {"high_amount": map[string]any{"EUR": int64(0)}},
		{"high_amount_default": int64(0)}, {"high_risk_countries": []any{"kp"}}, {"high_risk_countries": map[string]any{}},
		{"night_from": int64(24)}, {"night_to": 1.5}, {},
	}
	for _, change := range changes {
		c, _ := wire.NormalizeMap(config)
		for k, v := range change {
			c[k] = v
		}
		_, err := TryLoad(t, d, g, c)
		_, wanted := TryLoad(t, d, Guest{Artifact: reference}, c)
		if describeLoad(err) != describeLoad(wanted) {
			t.Errorf("config %v: got %v, want %v", change, err, wanted)
		}
	}
	unmeant(t, d, g, reference, config)
}

func describeLoad(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// unmeant compares what Validate says of configs that can be read.
func unmeant(t *testing.T, d driver.Driver, g Guest, reference string, config map[string]any) {
	for _, change := range []map[string]any{{"review_at": int64(70)}, {"high_amount": map[string]any{"EUX": int64(1)}}} {
		c, _ := wire.NormalizeMap(config)
		for k, v := range change {
			c[k] = v
		}
		err := Load(t, d, g, c).Validate(t.Context())
		wanted := Load(t, d, Guest{Artifact: reference}, c).Validate(t.Context())
		if err == nil || string(describe(nil, err)) != string(describe(nil, wanted)) {
			t.Errorf("config %v: got %v, want %v", change, err, wanted)
		}
	}
}

// Config reads the config of the strategy in a folder.
func Config(tb testing.TB, folder string) map[string]any {
	tb.Helper()
	text, err := os.ReadFile(folder + "/strategy.json")
	if err != nil {
		tb.Fatal(err)
	}
	m, err := wire.ParseJSONMap(text)
	if err != nil {
		tb.Fatal(err)
	}
	return m["config"].(map[string]any)
}

// Bench measures calls with ten fields.
func Bench(b *testing.B, in driver.Instance) {
	input := map[string]any{
		"amount": int64(12999), "currency": "EUR", "mcc": "5732", "merchant_country": "FR", "card_country": "DE",
		"time": "2026-03-01T12:15:00Z", "card_utc_offset_minutes": int64(60), "card_present": false,
		"velocity": map[string]any{"count_1h": int64(0), "count_24h": int64(2), "amount_24h": int64(5400)},
		"channel":  "web",
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := in.Execute(ctx, input); err != nil {
			b.Fatal(err)
		}
	}
}
