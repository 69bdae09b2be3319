package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// tables prints what was found as Markdown.
func tables(w io.Writer, results []*result) {
	if has(results, kindIdentical) {
		identical(w, results)
	}
	for _, unit := range units() {
		of := slices.DeleteFunc(slices.Clone(results), func(r *result) bool { return r.scenario.world.name != unit })
		if has(of, kindHeld) {
			found(w, rows(of, kindHeld), unit)
		}
	}
	if has(results, kindLadder) {
		ladder(w, results)
	}
	if has(results, kindSwitched) {
		atOnce(w, results)
	}
}

func has(results []*result, k kind) bool { return len(rows(results, k)) > 0 }

func identical(w io.Writer, results []*result) {
	fmt.Fprintln(w, "### Identical releases")
	fmt.Fprintln(w)
	row(w, "calls", "rollouts", "looks, each", "rolled back", "promoted", "held for a person", "time, median", "a repeated test would have rolled back")
	row(w, "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:")
	for _, r := range results {
		if r.scenario.kind == kindIdentical {
			n := len(r.Outcomes)
			row(w, r.scenario.row, n, r.looks(), r.ended(endRolledBack), r.ended(endPromoted), r.ended(endHeld),
				r.took().Round(time.Minute/2), percent(r.repeatedAlarms(), n))
		}
	}
	fmt.Fprintln(w)
}

// rows groups the results of one kind by what is worse, in their order.
func rows(results []*result, kind kind) [][]*result {
	var out [][]*result
	for _, r := range results {
		if r.scenario.kind != kind {
			continue
		}
		if n := len(out); n > 0 && out[n-1][0].scenario.row == r.scenario.row {
			out[n-1] = append(out[n-1], r)
			continue
		}
		out = append(out, []*result{r})
	}
	return out
}

func found(w io.Writer, held [][]*result, unit string) {
	fmt.Fprintf(w, "### Worse releases: calls of the candidate until it is rolled back, units are %s\n\n", unit)
	row(w, "what is worse", "at 1 %", "at 5 %", "at 20 %", "found within", "a repeated test, at 5 %")
	row(w, "---", "--:", "--:", "--:", "---", "--:")
	for _, all := range held {
		cells, within, test := []any{all[0].scenario.row}, []string{}, ""
		for _, r := range all {
			cells = append(cells, calls(r.found()))
			within = append(within, percent(r.ended(endRolledBack), len(r.Outcomes)))
			if r.scenario.weight == 500 {
				test = calls(r.repeated())
			}
		}
		row(w, append(cells, fmt.Sprintf("%s calls: %s", thousands(all[0].scenario.most), strings.Join(within, ", ")), test)...)
	}
	fmt.Fprintln(w)
}

func ladder(w io.Writer, results []*result) {
	fmt.Fprintln(w, "### Worse releases on the whole ladder of the default policy")
	fmt.Fprintln(w)
	row(w, "what is worse", "rollouts", "rolled back at 1 %", "5 %", "20 %", "100 %", "promoted", "held for a person", "calls of the candidate, median")
	row(w, "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:")
	for _, r := range results {
		if r.scenario.kind != kindLadder {
			continue
		}
		at := make([]int, 4)
		for _, o := range r.Outcomes {
			if o.End == endRolledBack {
				at[o.Stage]++
			}
		}
		row(w, r.scenario.row, len(r.Outcomes), at[0], at[1], at[2], at[3], r.ended(endPromoted), r.ended(endHeld), calls(r.found()))
	}
	fmt.Fprintln(w)
}

func atOnce(w io.Writer, results []*result) {
	fmt.Fprintln(w, "### All traffic at once, held against the 10 s before: rolled back")
	fmt.Fprintln(w)
	row(w, "what is worse", "even calls", "calls with bursts")
	row(w, "---", "--:", "--:")
	for _, all := range rows(results, kindSwitched) {
		cells := []any{all[0].scenario.row}
		for _, r := range all {
			cells = append(cells, fmt.Sprintf("%d of %d", r.ended(endRolledBack), len(r.Outcomes)))
		}
		row(w, cells...)
	}
	fmt.Fprintln(w)
}

func row(w io.Writer, cells ...any) {
	for _, c := range cells {
		fmt.Fprintf(w, "| %v ", c)
	}
	fmt.Fprintln(w, "|")
}

func percent(k, n int) string { return fmt.Sprintf("%.0f %%", 100*float64(k)/float64(max(n, 1))) }

func calls(n int64, ok bool) string {
	if !ok {
		return "-"
	}
	return thousands(n)
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// verdict prints the last line and returns what must not be.
func verdict(w io.Writer, results []*result) (wrong []string) {
	trials, rollbacks := 0, 0
	for _, r := range results {
		if r.scenario.kind == kindIdentical {
			trials, rollbacks = trials+len(r.Outcomes), rollbacks+r.ended(endRolledBack)
		}
	}
	line := []string{fmt.Sprintf("judge: identical_arms=%d false_rollbacks=%d", trials, rollbacks)}
	for _, all := range rows(results, kindHeld) {
		joined := &result{}
		for _, r := range all {
			joined.Outcomes = append(joined.Outcomes, r.Outcomes...)
			if 2*r.ended(endRolledBack) < len(r.Outcomes) {
				wrong = append(wrong, fmt.Sprintf("%s: found within %d calls in %d of %d trials", r.Name, r.scenario.most, r.ended(endRolledBack), len(r.Outcomes)))
			}
		}
		n, _ := joined.found()
		line = append(line, fmt.Sprintf("median_calls_%s=%d", all[0].scenario.key, n))
	}
	fmt.Fprintln(w, strings.Join(line, " "))
	if rollbacks*100 > trials {
		wrong = append(wrong, fmt.Sprintf("%d of %d identical releases were rolled back", rollbacks, trials))
	}
	return wrong
}
