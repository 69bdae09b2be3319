package main

import (
	"fmt"

	"github.com/swapline/swapline/runtime"
)

// printPoints shows what the stable release exposes and what it binds.
func printPoints(t table, s runtime.Status) {
	for _, p := range s.Points {
		value := "original value"
		if p.BoundBy != "" {
			value = fmt.Sprintf("bound by %s, generation %d", p.BoundBy, p.Generation)
		}
		t.row("point", p.Name+"  "+p.Type+"  "+value)
	}
	for _, b := range s.Bindings {
		place := fmt.Sprintf("in place since generation %d", b.Generation)
		if b.Problem != "" {
			place = "not in place: " + b.Problem
		}
		t.row("binds", b.Name+"  "+b.Type+"  "+place)
	}
}
