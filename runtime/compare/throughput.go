package compare

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// How long a round of the throughput stage is meant to be, and how many calls it may
// have at most: ten times those of a round of the closed loop, and no more than:
const (
	throughRound = 20 * time.Millisecond
	mostThrough  = 10_000
	mostGrabbed  = 8 // inputs that a caller takes at a time
)

// throughput lets Callers run at the same time, in blocks as the closed loop.
func (r *run) throughput(ctx context.Context) error {
	if r.plan.Callers < 0 {
		return nil
	}
	most := 0 // of any arm, so that those that do fewer calls do the first of the same
	for _, a := range r.arms {
		most = max(most, r.enough(a))
	}
	return interleave(ctx, r, r.plan.Rounds/2, func(block, turn int, a *arm) (float64, error) {
		r.say("%d callers, round %d of %d", r.plan.Callers, 2*block+1+turn/len(r.arms), r.plan.Rounds)
		return r.through(ctx, a, r.some(r.half(block, turn), most)[:r.enough(a)])
	}, func(a *arm, both []float64) { a.through = append(a.through, both...) })
}

// enough is how many calls of an arm fill a round, by how long one call takes.
func (r *run) enough(a *arm) int {
	took, made := time.Duration(0), 0
	for _, one := range a.rounds {
		took += one.wall
		made += one.made
	}
	n := min(10*r.plan.Calls, mostThrough)
	if took > 0 {
		n = int(min(float64(throughRound)/float64(took)*float64(made*r.plan.Callers), float64(n)))
	}
	return max(n, 4*r.plan.Callers)
}

// through runs the inputs with all callers and returns the calls a second.
func (r *run) through(ctx context.Context, a *arm, numbers []int) (float64, error) {
	inputs := r.copies(numbers)
	runtime.GC()
	grab := min(max(len(inputs)/(16*r.plan.Callers), 1), mostGrabbed) // so that all end at about the same time
	var next, made atomic.Int64
	callers := r.crew(ctx, a)
	start := make(chan struct{})
	for range r.plan.Callers {
		callers.hire(func(s *seat) {
			<-start
			made.Add(s.take(ctx, &next, grab, inputs))
		})
	}
	begin, busy := r.clock.now(), r.busy(ctx, a)
	close(start)
	callers.wait()
	took := r.clock.now() - begin
	if took <= 0 {
		took = 1
	}
	a.processors = append(a.processors, float64(r.busy(ctx, a)-busy)/float64(took))
	return float64(made.Load()) / took.Seconds(), ctx.Err()
}

// busy is the processor time of this process and of the arm's other one.
func (r *run) busy(ctx context.Context, a *arm) time.Duration {
	here, _ := r.gauge.source.processor()
	return here + a.elsewhere(ctx, false).Processor
}

// take runs inputs that nobody else has taken, until there are none.
func (s *seat) take(ctx context.Context, next *atomic.Int64, grab int, inputs []map[string]any) (made int64) {
	used := &Use{}
	for ctx.Err() == nil {
		end := int(next.Add(int64(grab)))
		begin := end - grab
		if begin >= len(inputs) {
			return made
		}
		for _, in := range inputs[begin:min(end, len(inputs))] {
			*used = Use{}
			answer, back := s.make(in, used)
			if !back {
				return made
			}
			if s.tally.ended(answer, used) {
				made++
			}
		}
	}
	return made
}
