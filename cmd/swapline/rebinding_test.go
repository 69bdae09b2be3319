package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/rebind"
)

func TestGetShowsPointsAndBindings(t *testing.T) {
	var out bytes.Buffer
	printStatus(&out, runtime.Status{Strategy: "pricing", Points: []rebind.Point{
		{Name: "pricing.fee", Type: "func(int64) int64", Generation: 3, BoundBy: "promo@1.0.0"}, {Name: "pricing.limit", Type: "int64", Generation: 4},
	}, Bindings: []rebind.Binding{{Name: "host.level", Type: "int64", Generation: 2}, {Name: "tax.rate", Type: "int64", Problem: "nobody exposes it"}}})
	for _, want := range []string{
		"point       pricing.fee  func(int64) int64  bound by promo@1.0.0, generation 3",
		"point       pricing.limit  int64  original value",
		"binds       host.level  int64  in place since generation 2",
		"binds       tax.rate  int64  not in place: nobody exposes it",
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
}
