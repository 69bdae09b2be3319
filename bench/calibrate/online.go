package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/swapline/swapline/runtime/compare"
)

// Markets that live experiments are simulated in.
func evenCalls() market { return market{name: "calls"} }

func busyCalls() market { return market{name: "calls, drift, bursts", drift: true, bursts: true} }

func customersOf() market { return market{name: "100,000 customers", keys: 100_000, spread: 0.4} }

func busyCustomers() market {
	return market{name: "100,000 customers, drift, bursts", keys: 100_000, spread: 0.4, drift: true, bursts: true}
}

func warmPairs() market { return market{name: "pairs, the second run is 10 % faster", second: 0.1} }

func busyPairs() market {
	return market{name: "pairs of customers, drift, bursts", keys: 5000, spread: 0.4, drift: true, bursts: true, second: 0.1}
}

func document(m market, more map[string]any) map[string]any {
	doc := map[string]any{"hypothesis": "equivalent"}
	if m.keys > 0 && m.second == 0 {
		doc["sticky"] = map[string]any{"header": "X-Customer"}
	}
	if m.second > 0 {
		doc["mode"] = "paired"
	}
	for name, v := range more {
		doc[name] = v
	}
	return doc
}

// identical are experiments with two releases that are the same.
func identical() []watch {
	row := func(m market, plan string, calls int, more map[string]any) watch {
		return watch{market: m, plan: plan, doc: document(m, more), calls: calls, candidate: served{slower: 1}, truth: 1}
	}
	wide := map[string]any{"margin": 0.1}
	rates := row(busyCustomers(), "error rate, 2 points", 40_000, map[string]any{"metric": "error_rate"})
	rates.truth = 0
	return []watch{
		row(evenCalls(), "median, 10 %", 10_000, wide),
		row(busyCalls(), "median, 10 %", 20_000, wide),
		row(customersOf(), "median, 10 %", 40_000, wide),
		row(busyCustomers(), "median, 10 %", 60_000, wide),
		row(busyCustomers(), "median, not worse by 25 %", 20_000, map[string]any{"hypothesis": "not_worse", "margin": 0.25}),
		row(busyCalls(), "median, better at all", 20_000, map[string]any{"hypothesis": "better"}),
		row(evenCalls(), "median, 10 %, weight 10 %", 30_000, map[string]any{"margin": 0.1, "weight": 10.0}),
		row(evenCalls(), "p99, 25 %", 40_000, map[string]any{"metric": "latency_p99", "margin": 0.25}),
		rates,
		row(warmPairs(), "median, 5 %", 8000, nil),
		row(busyPairs(), "median, 5 %", 8000, nil),
	}
}

// worsened are experiments with a candidate that is slower; they end at the first
// verdict.
func worsened() []watch {
	row := func(m market, plan string, calls int, slower float64, more map[string]any) watch {
		return watch{market: m, plan: plan, doc: document(m, more), calls: calls, candidate: served{slower: slower}, truth: slower, stop: true}
	}
	better, close5, wide := map[string]any{"hypothesis": "better"}, map[string]any{"margin": 0.05}, map[string]any{"hypothesis": "not_worse", "margin": 0.25}
	return []watch{
		row(evenCalls(), "better at all", 40_000, 1.1, better),
		row(evenCalls(), "5 %", 60_000, 1.1, close5),
		row(evenCalls(), "not worse by 25 %", 40_000, 1.1, wide),
		row(evenCalls(), "5 %", 40_000, 1.25, close5),
		row(busyCustomers(), "better at all", 100_000, 1.1, better),
		row(busyCustomers(), "5 %", 100_000, 1.25, close5),
		row(warmPairs(), "5 %", 20_000, 1.1, close5),
		row(busyPairs(), "5 %", 20_000, 1.1, close5),
		row(warmPairs(), "5 %", 20_000, 1.25, close5),
	}
}

// lost is an experiment in which the candidate gets a point more than the plan says.
func lost() []watch {
	return []watch{{market: evenCalls(), plan: "51 % where 50 % were planned", doc: document(evenCalls(), nil), calls: 200_000,
		candidate: served{slower: 1}, truth: 1, weight: 5100, stop: true}}
}

// outcome is a row with its trials.
type outcome struct {
	watch
	trials []watched
}

func (o outcome) share(of func(watched) bool) float64 {
	n := 0
	for _, t := range o.trials {
		n += count(of(t))
	}
	return float64(n) / float64(len(o.trials))
}

// median of what trials say, of those that do.
func (o outcome) median(of func(watched) (int64, bool)) string {
	var all []int64
	for _, t := range o.trials {
		if n, ok := of(t); ok {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return "-"
	}
	slices.Sort(all)
	return fmt.Sprint(all[len(all)/2])
}

// online simulates live experiments, a tenth of the trials: each is looked at a
// thousand times. A row is printed when it is there.
func online(ctx context.Context, o options, out io.Writer) (string, []string, error) {
	o.trials = (o.trials + 9) / 10
	fmt.Fprintln(out, "## Live experiments")
	var all [3][]outcome
	for i, table := range tables() {
		fmt.Fprint(out, table.head)
		for _, w := range table.rows {
			trials, err := each(ctx, o, fmt.Sprint("online", i, w.market.name, w.plan, w.candidate.slower), w.trial)
			if err != nil {
				return "", nil, err
			}
			r := outcome{w, trials}
			table.print(out, r)
			all[i] = append(all[i], r)
		}
	}
	fmt.Fprintln(out)
	line, wrong := summed(all)
	return line, wrong, nil
}

// onlineTable is one with its rows.
type onlineTable struct {
	rows  []watch
	head  string
	print func(io.Writer, outcome)
}

func tables() []onlineTable {
	return []onlineTable{
		{identical(), fmt.Sprintf("\n### Identical releases, %d looks each\n\n", peeks) +
			"| live calls | plan | calls | better or worse at any look | equivalent at the end | units until it was, median | the interval ever lacked the truth | a check ever red | a repeated rank test differs |\n" +
			"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n", printIdentical},
		{worsened(), "\n### Slower releases, ended at the first verdict\n\n" +
			"| live calls | plan | slower | worse | equivalent | better | undecided | units of both arms at the verdict, median |\n" +
			"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n", printWorsened},
		{lost(), "\n### Sample ratio\n\n| planted | calls at most | red | calls until it was, median |\n| --- | ---: | ---: | ---: |\n", printLost},
	}
}

func printIdentical(out io.Writer, r outcome) {
	fmt.Fprintf(out, "| %s | %s | %d | %s | %s | %s | %s | %s | %s |\n", r.market.name, r.plan, r.calls, hundredths(r.share(mistaken)),
		hundredths(r.share(func(w watched) bool { return w.last == compare.Equivalent })),
		r.median(func(w watched) (int64, bool) { return w.units, w.first == compare.Equivalent }),
		hundredths(r.share(func(w watched) bool { return w.lacked })),
		hundredths(r.share(func(w watched) bool { return w.ratio || w.checks })), hundredths(r.share(func(w watched) bool { return w.ranks })))
}

func mistaken(w watched) bool { return w.better || w.worse }

func hundredths(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func printWorsened(out io.Writer, r outcome) {
	fmt.Fprintf(out, "| %s | %s | x%g |", r.market.name, r.plan, r.candidate.slower)
	for _, word := range []compare.Word{compare.Worse, compare.Equivalent, compare.Better, compare.Undecided} {
		fmt.Fprintf(out, " %s |", hundredths(r.share(func(w watched) bool { return w.first == word })))
	}
	fmt.Fprintf(out, " %s |\n", r.median(func(w watched) (int64, bool) { return w.units, w.first != compare.Undecided }))
}

func printLost(out io.Writer, r outcome) {
	fmt.Fprintf(out, "| %s | %d | %s | %s |\n", r.plan, r.calls, hundredths(r.share(func(w watched) bool { return w.ratio })),
		r.median(func(w watched) (int64, bool) { return w.reported, w.ratio }))
}

// summed is the line for scripts, and what is wrong more often than it may be: chance
// may add three standard deviations to a level.
func summed(all [3][]outcome) (string, []string) {
	var wrong []string
	trials, mistakes, red, looks := 0, 0, 0, 0
	for _, r := range all[0] {
		n := len(r.trials)
		most := 0.05 + 3*math.Sqrt(0.05*0.95/float64(n))
		if got := max(r.share(mistaken), r.share(func(w watched) bool { return w.lacked })); got > most {
			wrong = append(wrong, fmt.Sprintf("identical releases, %s, %s: wrong in %s", r.market.name, r.plan, hundredths(got)))
		}
		for _, t := range r.trials {
			trials, looks = trials+1, looks+peeks
			mistakes, red = mistakes+count(mistaken(t)), red+count(t.ratio || t.checks)
		}
	}
	if most := 0.01*float64(trials) + 3; float64(red) > most {
		wrong = append(wrong, fmt.Sprintf("checks of identical releases are red in %d of %d", red, trials))
	}
	for _, r := range all[1] {
		if found := r.share(func(w watched) bool { return w.first == expected(r.watch) }); found < 0.9 {
			wrong = append(wrong, fmt.Sprintf("x%g, %s, %s: found in %s only", r.candidate.slower, r.market.name, r.plan, hundredths(found)))
		}
	}
	found := all[2][0].share(func(w watched) bool { return w.ratio })
	if found < 0.9 {
		wrong = append(wrong, "a planted sample ratio is found in "+hundredths(found)+" only")
	}
	return fmt.Sprintf("online_identical=%d online_looks=%d online_false=%d online_red=%d online_found_ratio=%.3f", trials, looks, mistakes, red, found), wrong
}

// expected is the verdict about a slower release: x1.1 is not worse by 25 %.
func expected(w watch) compare.Word {
	if w.doc["hypothesis"] == "not_worse" && w.candidate.slower < 1.25 {
		return compare.Equivalent
	}
	return compare.Worse
}
