package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// planted is by how much the second arm is slower where coverage is counted.
const planted = 1.1

// percentile is a quantile that reports show.
type percentile struct {
	name string
	p    float64
}

func percentiles() []percentile {
	return []percentile{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}
}

func shares() []float64 {
	var ps []float64
	for _, p := range percentiles() {
		ps = append(ps, p.p)
	}
	return ps
}

// ratios are the columns of the table of ratios.
func ratios() []column {
	return []column{
		{key: "median", title: "median ratio", least: 0.88}, {key: "p50", title: "p50", least: 0.85}, {key: "p90", title: "p90", least: 0.85},
		{key: "p99", title: "p99", least: 0.85}, {key: "p99.9", title: "p99.9", least: 0.85}, {key: "mean", title: "mean"},
	}
}

// bands are the columns of the table of what holds everywhere at once.
func bands() []column {
	return []column{
		{"shift", "ratios of 40 quantiles", 0.82, false}, {"band", "distribution function", 0.82, true},
		{"DKW", "the same, as if calls were independent", 0, true},
	}
}

// covered finds in each world, with few and many rounds, what trials find.
func covered(ctx context.Context, o options, what string, many []int, trial func(s setting, random *rand.Rand) []finding) ([]row, error) {
	var rows []row
	for _, w := range worlds() {
		t := w.truth(o, change{factor: planted})
		for _, rounds := range many {
			found, err := repeat(ctx, o, fmt.Sprint(what, w.name, rounds), func(random *rand.Rand) []finding {
				return trial(setting{w, t, rounds}, random)
			})
			if err != nil {
				return nil, err
			}
			rows = append(rows, row{w.name, rounds, found, w.rare(rounds)})
		}
	}
	return rows, nil
}

// setting is what is simulated in a row.
type setting struct {
	world  world
	truth  truth
	rounds int
}

func (s setting) draw(random *rand.Rand) (a, b *sample.Rounds, o sample.Options) {
	x, y := s.world.draw(random, s.rounds, calls, change{factor: planted})
	return sample.Collect(x), sample.Collect(y), sample.Options{Level: level, Resamples: resamples, Seed: random.Uint64()}
}

// intervals asks whether the intervals of ratios hold the truth.
func intervals(s setting, random *rand.Rand) []finding {
	a, b, o := s.draw(random)
	out := []finding{
		within("median", sample.MedianRatio(a, b, level), s.truth.ratio(0.5)),
		within("mean", sample.MeanRatio(a, b, o), s.truth.means),
	}
	quantiles := sample.QuantileRatios(a, b, shares(), o)
	for i, p := range percentiles() {
		out = append(out, within(p.name, quantiles[i], s.truth.ratio(p.p)))
	}
	return out
}

// everywhere asks whether bands hold everything.
func everywhere(s setting, random *rand.Rand) []finding {
	a, b, o := s.draw(random)
	ps := make([]float64, 40)
	for i := range ps {
		ps[i] = (float64(i) + 0.5) / float64(len(ps))
	}
	shift := finding{column: "shift", holds: true}
	for i, v := range sample.ShiftFunction(a, b, ps, o) {
		here := within("", v, s.truth.ratio(ps[i]))
		shift.holds, shift.open = shift.holds && here.holds, shift.open || here.open
	}
	away := sample.Distance(s.truth.shape, a)
	return []finding{shift,
		{column: "band", holds: away <= sample.Band(a, o)},
		{column: "DKW", holds: away <= sample.DKW(a.N(), level)},
	}
}
