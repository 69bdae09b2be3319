package main

import (
	"fmt"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
)

// replay lists where the answers to recorded inputs, and to copies of live ones,
// differ.
func (p page) replay(l look) []string {
	return append(compared("replay", p.rollout.Replay), compared("shadow", p.rollout.Shadow)...)
}

func compared(what string, r *runtime.RolloutReplay) []string {
	if r == nil {
		return nil
	}
	line := fmt.Sprintf("  %s: %s of %s answers differ", what, compare.Count(int64(r.Different)), compare.Count(int64(r.Compared)))
	if r.Recorded > 0 {
		line += fmt.Sprintf("; %s inputs are recorded", compare.Count(int64(r.Recorded)))
	}
	if r.Skipped > 0 {
		line += fmt.Sprintf(", %s of them tell nothing", compare.Count(int64(r.Skipped)))
	}
	out := []string{line}
	if len(r.Differences) == 0 {
		return out
	}
	rows := [][]string{{"pointer", "answers", "stable", "candidate"}}
	for _, d := range r.Differences {
		rows = append(rows, differenceRow(d))
	}
	return append(out, columns(rows)...)
}

func differenceRow(d runtime.RolloutDifference) []string {
	pointer := oneLine(d.Pointer)
	if pointer == "" {
		pointer = "(all)"
	}
	return []string{pointer, compare.Count(int64(d.Count)), example(d.Stable), example(d.Candidate)}
}

// example is a value in a table, which may be a whole document.
func example(text string) string {
	const most = 40
	runes := []rune(oneLine(text))
	if len(runes) == 0 {
		return "(absent)"
	}
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}
