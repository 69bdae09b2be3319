package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// small is a run that costs little.
func small(trials int) options { return options{trials: trials, seed: 1, deep: 200} }

func TestIntervalsHoldTheTruthOfAnEvenWorld(t *testing.T) {
	o := small(40)
	s := setting{worlds()[0], worlds()[0].truth(o, change{factor: planted}), 20}
	found, err := repeat(t.Context(), o, "test", func(random *rand.Rand) []finding { return intervals(s, random) })
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ratios() {
		if held := found.share(c.key); held < 0.8 {
			t.Errorf("%s: %v held", c.key, held)
		}
	}
	// The same without the factor: nothing may hold it.
	s.truth.ratio = func(float64) float64 { return 1 }
	o.trials = 10
	found, err = repeat(t.Context(), o, "test", func(random *rand.Rand) []finding { return intervals(s, random) })
	if err != nil || found.share("median") > 0.05 || found.share("p50") > 0.05 || found.share("p99") > 0.5 {
		t.Errorf("%+v, %v hold that nothing differs", found, err)
	}
}

func TestBandsHoldEverywhereInAnEvenWorld(t *testing.T) {
	o := small(10)
	s := setting{worlds()[0], worlds()[0].truth(o, change{factor: planted}), 10}
	found, err := repeat(t.Context(), o, "test", func(random *rand.Rand) []finding { return everywhere(s, random) })
	if err != nil || found.holds["shift"] < 8 || found.holds["band"] < 8 {
		t.Errorf("%+v, %v", found, err)
	}
	o.trials = 2
	s.truth.ratio = func(p float64) float64 { return planted * float64(1+count(p > 0.9)) } // beside it in the tail
	s.truth.shape = thinned([][]float64{{0}})
	found, err = repeat(t.Context(), o, "test", func(random *rand.Rand) []finding { return everywhere(s, random) })
	if err != nil || found.holds["shift"] > 0 || found.holds["band"] > 0 {
		t.Errorf("%+v, %v hold what is not true", found, err)
	}
}

func TestPlantedSlowdownsAreFoundAndIdenticalArmsEquivalent(t *testing.T) {
	for factor, word := range map[float64]string{1: "equivalent", 1.1: "worse"} {
		found, err := repeat(t.Context(), small(30), "test", func(random *rand.Rand) []finding {
			return worlds()[0].verdict(asked{factor, 20}, random)
		})
		if err != nil || found.holds[word] < 29 {
			t.Errorf("x%v: %+v, %v", factor, found.holds, err)
		}
	}
}

func TestTheSameSeedGivesTheSameTables(t *testing.T) {
	table := func(seed uint64) string {
		o := small(1)
		o.seed, o.deep = seed, 10
		var s simulated
		for _, part := range []func(context.Context, options) error{s.cover, s.rank, s.take, s.judge} {
			if err := part(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		s.print(&out)
		fmt.Fprintln(&out, s.line())
		return out.String()
	}
	first := table(1)
	if first != table(1) || first == table(2) {
		t.Error("tables are not those of the seed")
	}
	for _, w := range worlds() {
		if strings.Count(first, "| "+w.name+" |") < 3 {
			t.Errorf("%s is in too few rows", w.name)
		}
	}
}

func TestLatenciesAreWhatTheirShapeSays(t *testing.T) {
	for _, w := range worlds() {
		random := chance(1, w.name, 0)
		a, _ := w.draw(random, 400, 500, nothing())
		all := pooled(a)
		if w.a.mean != tail().mean && math.Abs(math.Log(all.Mean()/w.a.mean)) > 0.3*w.drift+0.6*w.drift+0.04+0.3*w.disturb {
			t.Errorf("%s: mean %v, want about %v", w.name, all.Mean(), w.a.mean)
		}
		for _, v := range a[0] {
			if w.tick > 0 && v != math.Floor(v/w.tick)*w.tick {
				t.Fatalf("%s: %v is between two ticks", w.name, v)
			}
		}
	}
	still := world{a: even(), b: even()}
	a, b := still.draw(chance(1, "still", 0), 100, 500, change{2, 1000})
	one, two := pooled(a), pooled(b)
	if got := one.Quantile(0.5); math.Abs(got-typical) > 0.01*typical {
		t.Errorf("median %v", got)
	}
	if got := one.Quantile(0.9) / typical; math.Abs(got-math.Exp(0.3*1.2816)) > 0.02 {
		t.Errorf("p90 is %v times the median", got)
	}
	if got := two.Quantile(0.5); math.Abs(got-2*typical-1000) > 0.02*typical {
		t.Errorf("median %v of twice and 1,000 more", got)
	}
}

// correlation of values with those before them.
func correlation(values []float64) float64 {
	mean, top, bottom := 0.0, 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for i, v := range values {
		bottom += (v - mean) * (v - mean)
		if i > 0 {
			top += (v - mean) * (values[i-1] - mean)
		}
	}
	return top / bottom
}

func TestWorldsDifferAsTheyShould(t *testing.T) {
	at := func(name string) (a, b [][]float64) {
		i := slices.IndexFunc(worlds(), func(w world) bool { return w.name == name })
		return worlds()[i].draw(chance(1, name, 1), 50, 500, nothing())
	}
	a, _ := at("even")
	follow, _ := at("calls follow each other")
	if one, two := correlation(slices.Concat(a...)), correlation(slices.Concat(follow...)); math.Abs(one) > 0.05 || two < 0.9 {
		t.Errorf("correlations %v and %v", one, two)
	}
	drift, with := at("drifting machine")
	if d := sample.Trend(medians(drift)); d.P > 0.01 || d.Change < 0.1 {
		t.Errorf("%+v", d)
	}
	if d := sample.Trend(medians(a)); d.P < 0.001 {
		t.Errorf("%+v where nothing drifts", d)
	}
	if c := sample.MedianRatio(sample.Collect(drift), sample.Collect(with), level); c.Hi-c.Lo > 0.05 {
		t.Errorf("%v: drift is not shared", c)
	}
	disturbed, _ := at("disturbed rounds")
	slow := 0
	for _, m := range medians(disturbed) {
		slow += count(m > 1.15*typical)
	}
	if slow < 1 || slow > 15 {
		t.Errorf("%d of 50 rounds are disturbed", slow)
	}
}

// told is a tally as if it had been simulated: shares of 1,000 trials.
func told(holds map[string]int) tally {
	return tally{1000, holds, map[string]int{"open": 4, "p99": 120}}
}

func TestWhatHoldsTooLittleIsTold(t *testing.T) {
	rows := []row{
		{"fine", 20, told(map[string]int{"median": 950, "band": 950}), false},
		{"low", 20, told(map[string]int{"median": 700, "band": 950}), false},
		{"rare", 10, told(map[string]int{"median": 950, "band": 600}), true},
	}
	if wrong := broken("ratios", rows, ratios()[:1]); len(wrong) != 1 || !strings.Contains(wrong[0], "low, 20 rounds: median ratio holds 70.0 %") {
		t.Errorf("%q", wrong)
	}
	if wrong := broken("bands", rows, bands()[1:2]); len(wrong) != 0 {
		t.Errorf("%q", wrong)
	}
	if lowest(rows, "median") != 0.7 {
		t.Error("lowest")
	}
	var out bytes.Buffer
	printed(&out, "title", rows[:1], []column{{key: "median", title: "m"}, {key: "open", title: "o"}, {key: "p99", title: "p"}})
	if want := "| fine | 20 | 95.0 | 0.0 (<1) | 0.0 (12) |\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q", out.String())
	}
}

func TestWrongVerdictsAreTold(t *testing.T) {
	good := []judged{
		{asked{1, 20}, row{"even", 20, told(map[string]int{"equivalent": 1000, "faster at all": 25, "slower at all": 25}), false}},
		{asked{1.1, 20}, row{"even", 20, told(map[string]int{"worse": 1000}), false}},
	}
	if wrong := misjudged(good); len(wrong) != 0 {
		t.Errorf("%q", wrong)
	}
	for name, j := range map[string]judged{
		"identical arms worse":     {asked{1, 10}, row{tally: told(map[string]int{"worse": 90})}},
		"identical arms better":    {asked{1, 10}, row{tally: told(map[string]int{"better": 90})}},
		"identical arms differ":    {asked{1, 10}, row{tally: told(map[string]int{"faster at all": 50, "slower at all": 50})}},
		"much slower, equivalent":  {asked{1.1, 20}, row{tally: told(map[string]int{"equivalent": 90})}},
		"at the margin equivalent": {asked{1.05, 20}, row{tally: told(map[string]int{"equivalent": 90})}},
		"within the margin worse":  {asked{1.03, 20}, row{tally: told(map[string]int{"worse": 90})}},
	} {
		if wrong := misjudged(append(slices.Clone(good), j)); len(wrong) != 1 {
			t.Errorf("%s: %q", name, wrong)
		}
	}
	if wrong := misjudged(good[:1]); len(wrong) != 1 {
		t.Errorf("nothing is found: %q", wrong)
	}
	if times, of := said(append(slices.Clone(good), good[0]), "faster at all", "slower at all"); times != 100 || of != 2000 {
		t.Errorf("%d of %d", times, of)
	}
}

func TestEveryTrialHasItsOwnChance(t *testing.T) {
	seen := map[uint64]bool{}
	for _, name := range []string{"a", "b"} {
		for trial := range 100 {
			seen[chance(1, name, trial).Uint64()], seen[chance(2, name, trial).Uint64()] = true, true
		}
	}
	if len(seen) != 400 {
		t.Errorf("%d of 400 differ", len(seen))
	}
}

func TestSectionsCloseWithOneLine(t *testing.T) {
	part := func(line string, wrong ...string) section {
		return section{line, func(context.Context, options, io.Writer) (string, []string, error) { return line, wrong, nil }}
	}
	var out, told bytes.Buffer
	if code := calibrate(t.Context(), []section{part("a=1"), part("b=2")}, small(5), &out, &told); code != 0 || out.String() != "calibrate: trials=5 a=1 b=2\n" || told.Len() > 0 {
		t.Errorf("exit status %d, %q, %q", code, out.String(), told.String())
	}
	if code := calibrate(t.Context(), []section{part("a=1", "too low")}, small(5), io.Discard, &told); code != 1 || told.String() != "calibrate: too low\n" {
		t.Errorf("exit status %d, %q", code, told.String())
	}
	if wrong := (&simulated{intervals: []row{{"even", 20, tally{trials: 10}, false}}}).wrong(); len(wrong) < 6 {
		t.Errorf("%q of what never holds", wrong)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if code := calibrate(ctx, []section{{"offline", offline}}, small(5), io.Discard, io.Discard); code != 1 {
		t.Errorf("exit status %d after it was stopped", code)
	}
}

func TestUsageIsRefused(t *testing.T) {
	for _, args := range [][]string{{"-trials", "0"}, {"more"}, {"-none"}, {"-only", "neither"}} {
		if code := run(args, io.Discard, io.Discard); code != 2 {
			t.Errorf("%v: exit status %d, want 2", args, code)
		}
	}
	if code := run([]string{"-h"}, io.Discard, io.Discard); code != 0 {
		t.Errorf("exit status %d for help", code)
	}
}
