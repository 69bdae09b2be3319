package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// claimed is what an interval of the median of a few values says that it holds, and
// what it holds.
type claimed struct {
	n     int
	level float64
	held  float64
}

// taken simulates medians of a few values, as of loads.
func taken(ctx context.Context, o options) ([]claimed, error) {
	var out []claimed
	for _, n := range []int{2, 3, 5, 6, 10, 20} {
		draw := func(random *rand.Rand) (sample.Interval, float64) {
			values := make([]float64, n)
			for i := range values {
				values[i] = even().draw(random.NormFloat64(), random)
			}
			return sample.Median(values, level)
		}
		found, err := repeat(ctx, o, fmt.Sprint("few", n), func(random *rand.Rand) []finding {
			i, _ := draw(random)
			return []finding{within("median", i, typical)}
		})
		if err != nil {
			return nil, err
		}
		_, says := draw(chance(o.seed, "few", n))
		out = append(out, claimed{n, says, found.share("median")})
	}
	return out, nil
}

func printFew(out io.Writer, all []claimed) {
	fmt.Fprintf(out, "\n### The median of a few values, asked for 95 %%\n\n| values | claimed | held |\n| ---: | ---: | ---: |\n")
	for _, c := range all {
		fmt.Fprintf(out, "| %d | %.1f | %.1f |\n", c.n, 100*c.level, 100*c.held)
	}
}
