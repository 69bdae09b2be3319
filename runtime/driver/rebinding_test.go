package driver_test

import (
	"context"
	goruntime "runtime"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

type mute struct{}

func (mute) Execute(context.Context, map[string]any) (map[string]any, error) { return nil, nil }

type pointed struct {
	mute
	points func() []abi.Exposed
}

func (p pointed) Points() []abi.Exposed { return p.points() }

type bound struct {
	mute
	bindings func() []abi.Binding
}

func (b bound) Bindings() []abi.Binding { return b.bindings() }

func TestClaimsAreWhatTheStrategySays(t *testing.T) {
	one := abi.NewPoint("a.b", 1)
	tests := []struct {
		name             string
		s                abi.Strategy
		points, bindings int
		code             problem.Code
	}{
		{"neither", mute{}, 0, 0, ""},
		{"points", pointed{points: func() []abi.Exposed { return []abi.Exposed{one} }}, 1, 0, ""},
		{"bindings", bound{bindings: func() []abi.Binding { return []abi.Binding{abi.Bind("a.b", 1), abi.Bind("a.c", 1)} }}, 0, 2, ""},
		{"a panic in Points", pointed{points: func() []abi.Exposed { panic("points") }}, 0, 0, problem.RebindMalformed},
		{"a panic in Bindings", bound{bindings: func() []abi.Binding { panic("bindings") }}, 0, 0, problem.RebindMalformed},
		{"the end of its goroutine", pointed{points: func() []abi.Exposed { goruntime.Goexit(); return nil }}, 0, 0, problem.RebindMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var calls driver.Calls
			defer calls.Close()
			got, err := calls.Claims(t.Context(), test.s)
			if problem.CodeOf(err) != test.code || len(got.Points) != test.points || len(got.Bindings) != test.bindings {
				t.Errorf("got %+v, %v", got, err)
			}
			if driver.Rebinds(test.s) == (test.name == "neither") {
				t.Error("whether it rebinds is wrong")
			}
		})
	}
}

func TestClaimsThatDoNotReturnAreGivenUp(t *testing.T) {
	var calls driver.Calls
	defer calls.Close()
	never := make(chan struct{})
	defer close(never)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := calls.Claims(ctx, pointed{points: func() []abi.Exposed { <-never; return nil }})
	if problem.CodeOf(err) != problem.Canceled {
		t.Errorf("got %v", err)
	}
}
