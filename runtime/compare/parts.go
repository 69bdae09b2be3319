package compare

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/swapline/swapline/abi/wire"
)

// partsCalls is how many calls of each arm are taken apart, at most: in half of them
// there, in the other half back.
const partsCalls = 1000

// apart is what calls told that were taken apart.
type apart struct {
	calls                                  []told
	instructions, bytesIn, bytesOut, asked int64
	whole                                  string
}

// told is where the time of one call went.
type told struct{ took, encoding, boundary, strategy time.Duration }

// parts makes calls that say where their time goes. They are apart from the timed
// ones because telling takes time, too.
func (r *run) parts(ctx context.Context) error {
	const blocks = 5
	each := max(min(r.plan.Calls, partsCalls)/(2*blocks), 1)
	return interleave(ctx, r, blocks, func(block, turn int, a *arm) (apart, error) {
		r.say("round %d of %d", 2*block+1+turn/len(r.arms), 2*blocks)
		for _, in := range r.copies(r.some(block, each)) {
			r.takeApart(ctx, a, in)
		}
		return apart{}, ctx.Err()
	}, func(*arm, []apart) {})
}

func (r *run) takeApart(ctx context.Context, a *arm, in map[string]any) {
	r.crew(ctx, a).do(func(s *seat) {
		used := &Use{Parts: true}
		begin := r.clock.now()
		answer, back := s.make(in, used)
		if back && s.tally.ended(answer, used) {
			a.apart.add(r.clock.now()-begin-used.Aside, used)
		}
	})
}

// add adds one call, which took so long.
func (p *apart) add(took time.Duration, used *Use) {
	p.asked++
	p.instructions += used.Instructions
	p.bytesIn += used.BytesIn
	p.bytesOut += used.BytesOut
	if used.Encoding+used.Boundary+used.Strategy <= 0 {
		return
	}
	p.calls = append(p.calls, told{took, used.Encoding, used.Boundary, used.Strategy})
	if used.Whole != "" {
		p.whole = used.Whole
	}
}

// usual is the share of the calls that a split is about. The slowest ones were
// mostly interrupted, in whatever part they happened to be.
const usual = 0.9

// split is where the time of a call goes, nil if the arm does not tell.
func (p apart) split() *Split {
	if len(p.calls) == 0 {
		return nil
	}
	calls := slices.SortedFunc(slices.Values(p.calls), func(x, y told) int { return cmp.Compare(x.took, y.took) })
	calls = calls[:int(math.Ceil(usual*float64(len(calls))))]
	var sum told
	for _, c := range calls {
		sum.took += c.took
		sum.encoding += c.encoding
		sum.boundary += c.boundary
		sum.strategy += c.strategy
	}
	mean := func(d time.Duration) float64 { return float64(d) / float64(len(calls)) }
	return &Split{
		Calls: int64(len(calls)), Encoding: mean(sum.encoding), Boundary: mean(sum.boundary), Strategy: mean(sum.strategy),
		Runtime: max(mean(sum.took-sum.encoding-sum.boundary-sum.strategy), 0), Whole: p.whole,
	}
}

// mean is that of a sum over all calls that were taken apart.
func (p apart) mean(sum int64) float64 { return float64(sum) / float64(max(p.asked, 1)) }

// starts loads each arm again and again: from the artifact with nothing cached for
// compiling, and with code at hand for the rest.
func (r *run) starts(ctx context.Context) error {
	for n := range max(r.plan.Starts, 0) {
		for _, i := range r.random.Perm(len(r.arms)) {
			r.part = float64(n) / float64(r.plan.Starts)
			r.say("%s, start %d of %d", r.arms[i].Arm.Name, n+1, r.plan.Starts)
			r.start(ctx, r.arms[i])
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) start(ctx context.Context, a *arm) {
	if a.Start == nil || a.startless != "" {
		return
	}
	for _, fresh := range []bool{true, false} {
		in, _ := wire.NormalizeMap(r.trial.Inputs[0]) // it was normalised before
		s, err := a.Start(ctx, in, fresh)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.startless = err.Error()
			return
		case fresh && s.Compile > 0:
			a.compiles, a.openings = append(a.compiles, float64(s.Compile)), more(a.openings, s.Opening)
		case !fresh:
			a.instantiates, a.colds = more(a.instantiates, s.Instantiate), more(a.colds, s.Cold)
		}
	}
}

// more adds what is known.
func more(list []float64, d time.Duration) []float64 {
	if d > 0 {
		list = append(list, float64(d))
	}
	return list
}
