package compare

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/problem"
)

// Bounds of a round of the open loop.
const (
	mostOpen     = 10_000                 // calls
	mostInFlight = 256                    // calls at the same time
	patience     = time.Second            // after the last call was due, or as long as the round again
	nap          = 100 * time.Millisecond // after which a waiting worker looks whether it is to stop
)

// openRound is what one arm did in one round of the open loop.
type openRound struct {
	at        time.Duration
	latencies []float64 // from when each call was due to its end, ns; of what was given up, as long as it waited at least
	behind    int       // calls that were due when everybody was busy
	slips     []float64 // by how much the generator itself was late with the others, ns
	unbegun   int       // calls that were given up
	failed    int       // calls that ended in a fault
	due       int       // calls
}

// open makes calls at a fixed rate, whether those before have ended or not, in blocks
// as the closed loop. In each half of a block all arms have the same moments and inputs.
func (r *run) open(ctx context.Context) error {
	if r.plan.OpenFor <= 0 {
		return nil
	}
	r.rate = r.plan.Rate
	if r.rate == 0 {
		r.rate = r.affordable()
	}
	if r.rate == 0 {
		return nil // nothing is known to be possible
	}
	calls := r.rate * r.plan.OpenFor.Seconds()
	blocks := max(r.plan.Rounds/2, int(calls/(2*mostOpen))+1)
	each := max(int(calls/float64(2*blocks)), 1)
	var due []time.Duration
	return interleave(ctx, r, blocks, func(block, turn int, a *arm) (openRound, error) {
		if turn%len(r.arms) == 0 {
			due = r.schedule(each)
		}
		r.say("%s, round %d of %d", perSecond(r.rate), 2*block+1+turn/len(r.arms), 2*blocks)
		one := r.opened(ctx, a, due, r.some(r.half(block, turn), each))
		return one, ctx.Err()
	}, func(a *arm, both []openRound) { a.open = append(a.open, both...) })
}

// affordable is half of what the slowest arm did: with Callers at a time, or with
// one where that was not tried. 0 is unknown.
func (r *run) affordable() float64 {
	slowest := float64(2 * mostRate)
	for _, a := range r.arms {
		did := median(a.through)
		if total, _ := a.sums(); len(a.through) == 0 && total.wall > 0 {
			did = float64(total.made) / total.wall.Seconds()
		}
		slowest = min(slowest, did)
	}
	return min(slowest/2, mostMeasured/r.plan.OpenFor.Seconds())
}

// schedule draws when calls are due: arrivals of many independent callers, so that
// the gaps are exponential (a Poisson process).
func (r *run) schedule(calls int) []time.Duration {
	due := make([]time.Duration, calls)
	at := 0.0
	for i := range due {
		at += r.random.ExpFloat64() / r.rate
		due[i] = time.Duration(at * float64(time.Second))
	}
	return due
}

// opened runs one round.
func (r *run) opened(ctx context.Context, a *arm, due []time.Duration, numbers []int) openRound {
	g := &generator{crew: r.crew(ctx, a), clock: r.clock, due: due, inputs: r.copies(numbers), spare: int64(min(2, runtime.GOMAXPROCS(0)))}
	g.calls = make([]openCall, len(due))
	runtime.GC()
	const start = 2 * time.Millisecond // for the workers to come up
	g.began = r.clock.now() + start
	g.until = due[len(due)-1] + max(patience, due[len(due)-1])
	g.hire(ctx)
	g.crew.wait()
	return g.round()
}

// generator makes calls when they are due. Its workers take the calls one after the
// other; who has taken one waits until it is due and makes it. There are always a few
// that wait, so that a slow call delays no other one: when the last one that waits
// begins its call, it hires another.
type generator struct {
	crew   *crew // its workers
	clock  clock
	began  time.Duration
	due    []time.Duration // since began
	until  time.Duration   // since began: what was not begun then is given up
	inputs []map[string]any
	calls  []openCall
	spare  int64 // workers that wait at the same time

	next, waiting, working atomic.Int64
}

// openCall is how one call went. Each is written by one worker.
type openCall struct {
	latency time.Duration
	slip    time.Duration // from when it was due until it began
	waited  bool          // somebody waited for it
	counts  bool          // its latency says something
	begun   bool
	failed  bool
}

func (g *generator) hire(ctx context.Context) {
	g.working.Add(1)
	g.waiting.Add(1)
	g.crew.hire(func(seat *seat) {
		defer g.working.Add(-1)
		g.work(ctx, seat)
	})
}

// work makes calls until there are none left, or enough others wait for them. It is
// counted as waiting when it begins.
func (g *generator) work(ctx context.Context, seat *seat) {
	used := &Use{}
	s := sleeper{clock: g.clock}
	defer s.close()
	for {
		i := int(g.next.Add(1) - 1)
		if i >= len(g.due) || !g.await(ctx, &s, i) {
			g.waiting.Add(-1)
			return
		}
		if g.waiting.Add(-1) == 0 && g.working.Load() < mostInFlight {
			g.hire(ctx)
		}
		if !g.make(seat, i, used) {
			return
		}
		if g.waiting.Load() >= g.spare {
			return
		}
		g.waiting.Add(1)
	}
}

// await waits until a call is due. It reports whether it is to be made.
func (g *generator) await(ctx context.Context, s *sleeper, i int) bool {
	for ctx.Err() == nil {
		left := g.due[i] - g.now()
		if left <= 0 {
			return g.now() < g.until
		}
		g.calls[i].waited = true
		s.sleep(min(left, nap))
	}
	return false
}

func (g *generator) now() time.Duration { return g.clock.now() - g.began }

func (g *generator) make(seat *seat, i int, used *Use) (back bool) {
	*used = Use{}
	c := &g.calls[i]
	c.begun, c.slip = true, g.now()-g.due[i]
	answer, back := seat.make(g.inputs[i], used)
	if !back {
		return false
	}
	c.latency = g.now() - g.due[i]
	c.failed = answer.Fault != ""
	c.counts = seat.tally.ended(answer, used) || inVain(answer)
	return true
}

// inVain says that a call waited, for a place or for its end, until it was given up. It
// would have taken longer still: without it the longest latencies were left out.
func inVain(a difference.Answer) bool { return late(a) || a.Fault == string(problem.Overloaded) }

// round adds up the calls. What was never begun waited at least until it was given up.
func (g *generator) round() openRound {
	one := openRound{at: g.began, due: len(g.due)}
	for i, c := range g.calls {
		switch {
		case !c.begun:
			one.unbegun++
			one.latencies = append(one.latencies, float64(g.until-g.due[i]))
			continue
		case c.counts:
			one.latencies = append(one.latencies, float64(c.latency))
		}
		if c.failed {
			one.failed++
		}
		if c.waited {
			one.slips = append(one.slips, float64(c.slip))
		} else {
			one.behind++
		}
	}
	return one
}
