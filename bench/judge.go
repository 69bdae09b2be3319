package main

import "github.com/swapline/swapline/bench/measure"

// judge holds the figures against what was promised, as far as they were measured.
func judge(r *measure.Report) {
	for _, t := range []struct {
		figure string
		most   float64 // microseconds
	}{
		{"execute.c.instance", 3}, {"execute.c.request", 6},
		{"execute.rust.instance", 3}, {"execute.rust.request", 6},
		{"execute.assemblyscript.instance", 3}, {"execute.assemblyscript.request", 6},
		{"execute.go.instance", 12}, {"execute.go.request", 25},
		{"execute.go-encoded.instance", 12}, {"execute.go-encoded.request", 25},
	} {
		judgeTime(r, t.figure, 1e3, t.most)
	}
	judgeTime(r, "start.go.image", 1, 100)
}

// judgeTime takes the lower of processor's and clock's time, divided to
// microseconds: on a busy machine the second is too high, and the first wherever
// the collector works beside the calls.
func judgeTime(r *measure.Report, figure string, divide, most float64) {
	if cpu, wall := r.Value(figure), r.Value(figure+".wall"); cpu > 0 {
		r.Most(figure, min(cpu, wall)/divide, most, "us")
	}
}
