package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// later is by how many ns the second arm is slower where shifts are looked for.
const later = 1000

// shifts are the columns of the table of Hodges and Lehmann's shift and its tests.
func shifts() []column {
	return []column{
		{key: "paired", title: "shift, pairs of medians", least: 0.88}, {key: "unpaired", title: "shift, medians", least: 0.88},
		{key: "wilcoxon", title: "p < 0.05: pairs of medians"}, {key: "whitney", title: "p < 0.05: medians"}, {key: "raw", title: "p < 0.05: all calls"},
		{key: "drift", title: "drift seen, p < 0.01"},
	}
}

// ranked makes the table of shifts: how often intervals hold a planted one, and how
// often tests find a difference where there is none.
func ranked(ctx context.Context, o options) ([]row, error) {
	var rows []row
	for _, w := range worlds() {
		if !w.same() {
			continue
		}
		for _, rounds := range []int{10, 20, 50} {
			found, err := repeat(ctx, o, fmt.Sprint("ranks", w.name, rounds), func(random *rand.Rand) []finding { return w.ranks(rounds, random) })
			if err != nil {
				return nil, err
			}
			rows = append(rows, row{w.name, rounds, found, false})
		}
	}
	return rows, nil
}

func (w world) ranks(rounds int, random *rand.Rand) []finding {
	x, y := w.draw(random, rounds, calls, change{1, later})
	a, b := medians(x), medians(y)
	paired, _ := sample.PairedShift(a, b, level)
	out := []finding{within("paired", paired, later), within("unpaired", sample.HodgesLehmann(a, b, level), later)}
	x, y = w.draw(random, rounds, calls, nothing())
	a, b = medians(x), medians(y)
	_, wilcoxon := sample.PairedShift(a, b, level)
	_, whitney := sample.MannWhitney(a, b)
	_, raw := sample.MannWhitney(slices.Concat(x...), slices.Concat(y...))
	return append(out, finding{column: "wilcoxon", holds: wilcoxon < 0.05}, finding{column: "whitney", holds: whitney < 0.05},
		finding{column: "raw", holds: raw < 0.05}, finding{column: "drift", holds: sample.Trend(a).P < 0.01})
}

// medians are those of each round.
func medians(rounds [][]float64) []float64 { return sample.Collect(rounds).Quantiles(0.5) }
