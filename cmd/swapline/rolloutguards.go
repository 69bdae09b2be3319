package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
)

// bounds are what of a guard's policy says how its numbers are to be read.
type bounds struct {
	Name        string   `json:"name"`
	Min         *float64 `json:"min"`
	MaxIncrease *float64 `json:"max_increase"`
	MaxChange   *float64 `json:"max_change"`
	MaxRatio    *float64 `json:"max_ratio"`
}

// boundsOf finds a guard in a rollout's policy, at its stage or at all of them.
// What is not there is read as a bound on the value itself.
func boundsOf(policy json.RawMessage, stage int, name string) bounds {
	var p struct {
		Guards []bounds `json:"guards"`
		Stages []struct {
			Guards []bounds `json:"guards"`
		} `json:"stages"`
	}
	if json.Unmarshal(policy, &p) != nil {
		return bounds{}
	}
	all := p.Guards
	if stage < len(p.Stages) {
		all = slices.Concat(all, p.Stages[stage].Guards)
	}
	for _, b := range all {
		if b.Name == name {
			return b
		}
	}
	return bounds{}
}

// writer writes a number for people.
type writer func(float64) string

// scale is how the numbers of one guard are to be read: what was observed, the
// interval that the bound is held against, and the bound.
type scale struct{ value, interval, bound writer }

func hundredth(v float64) string { return percent(100 * v) }
func inBytes(v float64) string   { return bytesText(int64(v)) }
func inWhole(v float64) string   { return compare.Count(int64(v)) }
func plainly(v float64) string   { return fmt.Sprintf("%.4g", v) }

// withSign is for differences: what is more has a plus.
func withSign(w writer) writer {
	return func(v float64) string {
		if v > 0 {
			return "+" + w(v)
		}
		return w(v)
	}
}

// scaleOf follows the units that package rollout gives its judgements. Guards with
// a point in their names are its own, and compare with the time before.
func scaleOf(j rollout.Judgement, b bounds) scale {
	compares := b.MaxIncrease != nil || b.MaxChange != nil || b.MaxRatio != nil || j.Against != 0
	switch j.Metric {
	case rollout.LatencyP50, rollout.LatencyP95, rollout.LatencyP99, rollout.LatencyP999:
		return scale{milliseconds, milliseconds, either(compares, ratio, milliseconds)}
	case rollout.Latency:
		return scale{milliseconds, hundredth, ratio}
	case rollout.MemoryBytes:
		return scale{inBytes, inBytes, inBytes}
	case rollout.Instructions:
		return scale{inWhole, either(compares, withSign(inWhole), inWhole), either(compares, ratio, inWhole)}
	case rollout.FieldMean:
		return scale{plainly, either(compares, withSign(plainly), plainly), plainly}
	}
	compares = compares || strings.Contains(j.Guard, ".errors")
	return scale{hundredth, either(compares, withSign(hundredth), hundredth), hundredth}
}

func either(yes bool, a, b writer) writer {
	if yes {
		return a
	}
	return b
}

// bound writes what must hold.
func (b bounds) bound(l look, j rollout.Judgement, s scale) string {
	switch {
	case b.MaxChange != nil:
		return l.sign("±", "+-") + s.bound(j.Bound)
	case b.Min != nil && *b.Min == j.Bound:
		return l.sign("≥ ", ">= ") + s.bound(j.Bound)
	case b.MaxIncrease != nil:
		return l.sign("≤ ", "<= ") + withSign(s.bound)(j.Bound)
	}
	return l.sign("≤ ", "<= ") + s.bound(j.Bound)
}

// evidence draws the part of what is needed for a breach.
func evidence(l look, j rollout.Judgement) string {
	cells := 10
	if l.width > 0 && l.width < narrow {
		cells = 5
	}
	share := j.Evidence
	if j.Opinion == rollout.Breached {
		share = 1
	}
	full := max(0, min(cells, int(share*float64(cells))))
	bar := strings.Repeat(l.sign("▮", "#"), full) + strings.Repeat(l.sign("▯", "."), cells-full)
	colour := plain
	switch {
	case full == cells:
		colour = bad
	case full > cells/2:
		colour = unsure
	}
	return l.paint(colour, bar)
}

func opinionColour(o rollout.Opinion) string {
	switch o {
	case rollout.Passed:
		return good
	case rollout.Breached:
		return bad
	}
	return unsure
}

// guards is the table of rules; below it are the sentences of those that have
// not passed.
func (p page) guards(l look) []string {
	judged := p.rollout.Guards
	if len(judged) == 0 {
		return nil
	}
	rows := [][]string{{"guard", "", "observed", "against", "interval", "bound", "evidence"}}
	for _, j := range judged {
		rows = append(rows, p.guardRow(l, j))
	}
	left := 0
	switch { // what is left out is in the sentence
	case l.width > 0 && l.width < narrow-16:
		left = 3
	case l.width > 0 && l.width < narrow:
		left = 2
	case l.width > 0 && l.width < narrow+24:
		left = 1
	}
	for i := range rows {
		rows[i] = slices.Delete(rows[i], 3, 3+left)
	}
	out := columns(rows)
	for _, j := range judged {
		if j.Opinion != rollout.Passed && j.Sentence != "" {
			out = append(out, wrap("    ", "    ", oneLine(j.Sentence), l.width)...)
		}
	}
	return out
}

func (p page) guardRow(l look, j rollout.Judgement) []string {
	b := boundsOf(p.rollout.Policy, p.rollout.Stage, j.Guard)
	s := scaleOf(j, b)
	against := ""
	if j.Against != 0 {
		against = s.value(j.Against)
	}
	observed, interval := "-", "-"
	if j.N > 0 {
		observed = s.value(j.Observed)
		interval = s.interval(j.Low) + l.sign(" … ", " .. ") + s.interval(j.High)
	}
	return []string{oneLine(j.Guard), l.paint(opinionColour(j.Opinion), oneLine(string(j.Opinion))), observed, against, interval, b.bound(l, j, s), evidence(l, j)}
}

// columns aligns rows; unlike text/tabwriter it knows that colours take no room.
func columns(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], visible(cell))
		}
	}
	out := make([]string, len(rows))
	for n, row := range rows {
		line := " "
		for i, cell := range row {
			line += " " + pad(cell, widths[i]) + " "
		}
		out[n] = strings.TrimRight(line, " ")
	}
	return out
}
