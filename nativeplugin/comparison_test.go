package nativeplugin_test

import (
	"context"
	"testing"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
)

// TestAPluginIsComparedWithItselfInAProcess, and with its function alone.
func TestAPluginIsComparedWithItselfInAProcess(t *testing.T) {
	m := openMarket(t)
	path := plugin(t, "tck", "1.0.0", strategySource{"main.go": conforming})
	noError(t, m.deploy("tck", 1, path, map[string]any{"behaviour": tck.Echo}))
	before := sharedDriver(t).Status()
	report, err := m.rt.Comparisons.Run(context.Background(), runtime.Comparison{
		Strategy: "tck", Inputs: []map[string]any{{"n": int64(1)}, {"text": "two", "list": []any{1.5, nil}}},
		Arms: []runtime.ComparisonArm{{}, {Name: "apart", Isolation: "process"}, {Direct: true}},
		Plan: compare.Plan{Rounds: 10, Calls: 40, WarmUp: 1, Callers: 2, OpenFor: -1, Starts: 1, Samples: 200, Seed: 1},
	})
	noError(t, err)
	for i, a := range report.Arms {
		if a.Kind != string(nativeplugin.Kind) || a.Faults != 0 || a.Calls == 0 || i > 0 && report.Answers[i-1].Different != 0 {
			t.Errorf("arm %d: %+v", i, a)
		}
	}
	inside, apart, direct := report.Arms[0], report.Arms[1], report.Arms[2]
	if inside.Isolation != "" || apart.Isolation != "process" || inside.Name != "native" || direct.Name != "native direct" {
		t.Errorf("%+v", report.Arms)
	}
	if s := inside.Split; s == nil || s.Strategy <= 0 || s.Encoding <= 0 || s.Boundary <= 0 || s.Whole != "" || inside.Cost.BytesIn != 0 {
		t.Errorf("in the process: %+v", s)
	}
	if s := apart.Split; s == nil || s.Strategy <= 0 || s.Encoding <= 0 || s.Boundary <= 0 || s.Whole != "" || apart.Cost.BytesIn == 0 || apart.Cost.BytesOut == 0 {
		t.Errorf("in a process of its own: %+v, %+v", s, apart.Cost)
	}
	if c := apart.Cost; c.CPUElsewhere <= 0 || c.Allocs <= inside.Cost.Allocs/2 || inside.Cost.CPUElsewhere != 0 {
		t.Errorf("in the process: %+v, in one of its own: %+v", inside.Cost, c)
	}
	if c := inside.Cost; !c.Compile.Known() || c.Opening <= 0 || c.Compile.Point <= c.Opening || apart.Cost.Opening <= 0 {
		t.Errorf("in the process: %+v, in one of its own: %+v", c, apart.Cost)
	}
	if !apart.Cost.Compile.Known() || !apart.Cost.Instantiate.Known() || direct.Split != nil {
		t.Errorf("%+v, %+v", inside.Cost, apart.Cost)
	}
	if after := sharedDriver(t).Status(); after.Plugins != before.Plugins {
		t.Errorf("%d plugins are open, %d before", after.Plugins, before.Plugins)
	}
}
