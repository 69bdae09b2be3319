package json_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/json/riskscoretest"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

func open(tb testing.TB) driver.Driver {
	tb.Helper()
	e, err := wazeroengine.New(wazeroengine.Config{CacheDir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	d := wasm.New(wasm.Config{Engines: map[string]wasm.Engine{wazeroengine.Name: e}, DefaultEngine: wazeroengine.Name})
	return d
}

func TestRiskscoreInJSONAnswersAsTheGoGuest(t *testing.T) {
	g := riskscoretest.Guest{
		Artifact: wasmtest.BuildGo(t, "github.com/swapline/swapline/guests/json/riskscore"), Encoding: manifest.EncodingJSON,
	}
	reference := wasmtest.BuildGo(t, "github.com/swapline/swapline/examples/riskscore/v2")
	riskscoretest.Run(t, open(t), g, reference, "../../examples/riskscore/v2")
}

func TestTheExampleOfTheReadmeWorks(t *testing.T) {
	source, err := os.ReadFile("limit/main.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, code, _ := bytes.Cut(source, []byte("package main\n")); !bytes.Contains(page, code) {
		t.Error("the README does not show limit/main.go")
	}
	g := riskscoretest.Guest{
		Artifact: wasmtest.BuildGo(t, "github.com/swapline/swapline/guests/json/limit"), Encoding: manifest.EncodingJSON,
		Methods: []string{abi.MethodExecute},
	}
	d := open(t)
	in := riskscoretest.Load(t, d, g, map[string]any{"limit": int64(5000)})
	for amount, want := range map[int64]bool{5000: true, 5001: false} {
		out, err := in.Execute(t.Context(), map[string]any{"amount": amount})
		if err != nil || !wire.Equal(out, map[string]any{"approved": want}) {
			t.Errorf("%d: %v, %v", amount, out, err)
		}
	}
	_, err = in.Execute(t.Context(), map[string]any{})
	var b *abi.Error
	if !errors.As(err, &b) || b.Code != "bad_input" || b.Details["field"] != "amount" {
		t.Errorf("got %v", err)
	}
	if _, err := riskscoretest.TryLoad(t, d, g, map[string]any{}); problem.CodeOf(err) != problem.ConstructorFailed {
		t.Errorf("without a limit: %v", err)
	}
}
