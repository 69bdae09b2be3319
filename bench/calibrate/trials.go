package main

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// level is that of all intervals, resamples those of the bootstrap: fewer than in the
// product, which has the time.
const (
	level     = 0.95
	resamples = 600
	calls     = 500 // of each arm in a round, as few as the product makes
)

// finding is what one trial says about one thing.
type finding struct {
	column string
	holds  bool // the interval holds the truth; or the verdict, or p < 0.05
	open   bool // the interval has no bounds
}

// within is the finding about an interval.
func within(column string, i sample.Interval, truth float64) finding {
	return finding{column, i.Known() && i.Lo <= truth && truth <= i.Hi, !i.Bounded()}
}

// tally counts findings of a cell's trials.
type tally struct {
	trials int
	holds  map[string]int
	open   map[string]int
}

func (t tally) share(column string) float64 { return float64(t.holds[column]) / float64(t.trials) }

// each makes trials, as many at a time as there are processors. What comes out
// depends on the seed and the name alone.
func each[T any](ctx context.Context, o options, name string, trial func(random *rand.Rand) T) ([]T, error) {
	found := make([]T, o.trials)
	var done sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		done.Go(func() {
			for i := w; i < o.trials && ctx.Err() == nil; i += workers {
				found[i] = trial(chance(o.seed, name, i))
			}
		})
	}
	done.Wait()
	return found, ctx.Err()
}

// repeat makes trials and counts what they find.
func repeat(ctx context.Context, o options, name string, trial func(random *rand.Rand) []finding) (tally, error) {
	t := tally{o.trials, map[string]int{}, map[string]int{}}
	found, err := each(ctx, o, name, trial)
	for _, f := range found {
		for _, f := range f {
			t.holds[f.column] += count(f.holds)
			t.open[f.column] += count(f.open)
		}
	}
	return t, err
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func chance(seed uint64, name string, trial int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name)) //nolint:errcheck // cannot fail
	return rand.New(rand.NewPCG(seed+uint64(trial)<<32, h.Sum64()))
}
