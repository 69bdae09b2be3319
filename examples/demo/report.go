package main

import (
	"fmt"
	"os"
	"slices"
	"sort"
	"text/tabwriter"
	"time"
)

// change is one switch that the demo made.
type change struct {
	name         string
	began, ended time.Time
	outcome      outcome
}

// report prints the tables and the line for scripts; it returns whether all
// that the demo shows holds.
func report(t *traffic, changes []change) bool {
	requests := printReleases(t)
	printChanges(t, changes)
	if t.example != "" {
		fmt.Printf("\nfirst failure: %s\n", t.example)
	}
	seconds := t.ended.Sub(t.began).Seconds()
	fmt.Printf("\n%d payments in %.1f s, %.0f per second\n", requests, seconds, float64(requests)/seconds)
	fmt.Printf("demo: requests=%d switches=%d failed=%d mixed=%d longest_gap_ms=%.1f\n",
		requests, len(changes), t.failed, t.mixed, ms(t.longestGap(t.began, t.ended)))
	return t.failed == 0 && t.mixed == 0 && len(changes) == 3 && len(t.served) == 3 && requests > 0
}

func printReleases(t *traffic) (requests int) {
	rows := make([]*tally, 0, len(t.served))
	for _, s := range t.served {
		rows = append(rows, s)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].first.Before(rows[j].first) })
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RELEASE\tKIND\tREQUESTS\tFAILURES\tP50 ms\tP99 ms\tAPPROVE\tREVIEW\tDECLINE")
	for _, s := range rows {
		slices.Sort(s.latencies)
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.2f\t%.2f\t%d\t%d\t%d\n", orNone(s.version), s.kind, len(s.latencies)+s.failures, s.failures,
			ms(quantile(s.latencies, 0.50)), ms(quantile(s.latencies, 0.99)),
			s.decisions["approve"], s.decisions["review"], s.decisions["decline"])
		requests += len(s.latencies) + s.failures
	}
	_ = w.Flush()
	return requests
}

// orNone names the row of requests that no release answered.
func orNone(version string) string {
	if version == "" {
		return "(no answer)"
	}
	return version
}

func printChanges(t *traffic, changes []change) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nCHANGE\tNOW SERVES\tGENERATION\tPIPELINE ms\tSWITCH µs\tLONGEST GAP ms")
	for _, c := range changes {
		fmt.Fprintf(w, "%s\t%s %s\t%d\t%.0f\t%.1f\t%.1f\n", c.name, c.outcome.Release.Version, c.outcome.Release.Kind,
			c.outcome.Generation, ms(c.ended.Sub(c.began)), float64(c.outcome.SwitchNS)/1e3,
			ms(t.longestGap(c.began, c.ended)))
	}
	_ = w.Flush()
}

// quantile expects sorted values.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
