package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// tally counts verdicts.
type tally struct {
	cases, engines                 int
	crashes, disturbed, unexpected int
}

func (t *tally) add(v verdict) {
	switch {
	case v.Crash != "":
		t.crashes++
	case v.Disturbed != "":
		t.disturbed++
	}
	if v.Unexpected != "" {
		t.unexpected++
	}
}

func (t *tally) clean() bool { return t.crashes+t.disturbed+t.unexpected == 0 }

// print writes the last line.
func (t *tally) print(w io.Writer) {
	fmt.Fprintf(w, "hostile: cases=%d engines=%d host_crashes=%d neighbour_failures=%d", t.cases, t.engines, t.crashes, t.disturbed)
	if t.unexpected > 0 {
		fmt.Fprintf(w, " unexpected=%d", t.unexpected)
	}
	fmt.Fprintln(w)
}

// printer tells about a battery while it runs.
type printer struct {
	out, progress io.Writer
	json          bool
	headed        bool
}

// working says what runs now.
func (p *printer) working(engine, name string, done, all int) {
	fmt.Fprintf(p.progress, "\r\x1b[K%s %d of %d: %s", engine, done+1, all, name)
}

// verdict is a row of the table, or an object.
func (p *printer) verdict(v verdict) {
	fmt.Fprint(p.progress, "\r\x1b[K")
	if p.json {
		_ = json.NewEncoder(p.out).Encode(v)
		return
	}
	if !p.headed {
		p.headed = true
		fmt.Fprintf(p.out, "%-56s %-9s %-44s %10s %10s %9s %9s %8s %6s %7s\n", "CASE", "ENGINE", "OUTCOME", "LOAD", "CALL", "STALL", "WITNESS", "P99", "RATIO", "PEAK")
	}
	outcome := v.Outcome
	if v.Crash != "" {
		outcome = "THE HOST DIED"
	}
	fmt.Fprintf(p.out, "%-56s %-9s %-44s %8.1fms %8.1fms %7.1fms %7.1fms %6.1fms %6.2f %5.0fMB\n",
		v.Case, v.Engine, outcome, v.LoadMS, v.CallMS, v.StallMS, v.WitnessMS, v.P99MS, v.Ratio, v.PeakMB)
	for _, complaint := range []string{v.Crash, v.Disturbed, v.Unexpected} {
		if complaint != "" {
			fmt.Fprintf(p.out, "    WRONG: %s\n", complaint)
		}
	}
}

// controls tells what the comparison rests on.
func (p *printer) controls(engine string, spreads map[string]controlVerdict) {
	for _, name := range slices.Sorted(maps.Keys(spreads)) {
		c := spreads[name]
		if p.json {
			_ = json.NewEncoder(p.out).Encode(map[string]any{"engine": engine, "control": name, "spread": c})
			continue
		}
		fmt.Fprintf(p.out, "%-56s %-9s p99 %.1f to %.1f ms, worst stall %.1f ms\n", "control: "+name, engine, c.BestP99MS, c.WorstP99MS, c.StallMS)
	}
}
