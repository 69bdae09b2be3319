package assemblyscript_test

import (
	"testing"

	"github.com/swapline/swapline/guests/json/riskscoretest"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

const (
	goRiskscore = "github.com/swapline/swapline/examples/riskscore/v2"
	goFolder    = "../../examples/riskscore/v2"
)

func TestRiskscoreAnswersAsTheGoGuest(t *testing.T) {
	artifact := build(t, "examples/riskscore/index.ts")
	reference := wasmtest.BuildGo(t, goRiskscore)
	for _, isolation := range []string{manifest.IsolationRequest, manifest.IsolationInstance} {
		t.Run(isolation, func(t *testing.T) {
			riskscoretest.Run(t, open(t), riskscoretest.Guest{Artifact: artifact, Isolation: isolation}, reference, goFolder)
		})
	}
}

// BenchmarkRiskscore calls the driver with ten fields.
func BenchmarkRiskscore(b *testing.B) {
	artifact, config := build(b, "examples/riskscore/index.ts"), riskscoretest.Config(b, goFolder)
	for _, isolation := range []string{manifest.IsolationRequest, manifest.IsolationInstance} {
		b.Run(isolation, func(b *testing.B) {
			riskscoretest.Bench(b, riskscoretest.Load(b, open(b), riskscoretest.Guest{Artifact: artifact, Isolation: isolation}, config))
		})
	}
}
