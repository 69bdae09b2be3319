package main

import (
	"fmt"
	"io"
)

// column is one of a table.
type column struct {
	key   string // of findings
	title string
	// least is how low its coverage may be in any row before the program fails: chance
	// of a hundred trials, and what is known to be missing. 0 is for what is there to be
	// compared.
	least float64
	alone bool // it is about one arm: what is rare may not show in it
}

// row is a line of a table.
type row struct {
	world  string
	rounds int
	tally  tally
	rare   bool // see world
}

// printed writes rows as a table.
func printed(out io.Writer, title string, rows []row, columns []column) {
	fmt.Fprintf(out, "\n### %s\n\n| world | rounds |", title)
	for _, c := range columns {
		fmt.Fprintf(out, " %s |", c.title)
	}
	fmt.Fprint(out, "\n| --- | ---: |")
	for range columns {
		fmt.Fprint(out, " ---: |")
	}
	fmt.Fprintln(out)
	for _, r := range rows {
		fmt.Fprintf(out, "| %s | %d |", r.world, r.rounds)
		for _, c := range columns {
			fmt.Fprintf(out, " %.1f%s |", 100*r.tally.share(c.key), unbounded(r.tally, c.key))
		}
		fmt.Fprintln(out)
	}
}

// unbounded tells in brackets in how many of a hundred trials there were no bounds.
func unbounded(t tally, key string) string {
	switch open := 100 * float64(t.open[key]) / float64(t.trials); {
	case open == 0:
		return ""
	case open < 1:
		return " (<1)"
	default:
		return fmt.Sprintf(" (%.0f)", open)
	}
}

// lowest is the least share of a column.
func lowest(rows []row, key string) float64 {
	least := 1.0
	for _, r := range rows {
		least = min(least, r.tally.share(key))
	}
	return least
}

// broken tells which columns hold less than they may.
func broken(what string, rows []row, columns []column) []string {
	var out []string
	for _, c := range columns {
		for _, r := range rows {
			if held := r.tally.share(c.key); held < c.least && !(c.alone && r.rare) {
				out = append(out, fmt.Sprintf("%s, %s, %d rounds: %s holds %.1f %% only, less than %.1f %%", what, r.world, r.rounds, c.title, 100*held, 100*c.least))
			}
		}
	}
	return out
}
