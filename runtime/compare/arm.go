package compare

import (
	"context"
	"sync"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/problem"
)

// arm is a subject and what was measured of it.
type arm struct {
	Subject
	ledger     *Ledger // nil for the reference
	rounds     []round
	through    []float64 // calls a second, of each round
	processors []float64 // that were busy meanwhile
	open       []openRound
	apart      apart

	compiles, openings, instantiates, colds []float64 // ns
	startless                               string    // why it cannot be started again
	memory                                  int64     // the most that was seen
	instances                               int

	mu    sync.Mutex
	tally tally // guarded by mu
}

// tally is how calls ended.
type tally struct{ called, business, faults, skipped int64 }

// ended counts a call and reports whether its duration says something.
func (t *tally) ended(answer difference.Answer, used *Use) bool {
	if used.Skip != "" {
		t.skipped++
		return false
	}
	t.called++
	switch {
	case answer.Fault != "":
		t.faults++
		return false
	case answer.Business != "":
		t.business++
	}
	return true
}

// add adds calls that were counted apart, so that counting costs no call its time.
func (a *arm) add(t tally) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tally.called += t.called
	a.tally.business += t.business
	a.tally.faults += t.faults
	a.tally.skipped += t.skipped
}

// once runs one input apart from any measurement. A call that was left behind has missed
// its deadline.
func (r *run) once(ctx context.Context, a *arm, in map[string]any) (difference.Answer, bool) {
	own, _ := wire.NormalizeMap(in) // it was normalised before
	answer, skip := difference.Answer{Fault: string(problem.FaultDeadline)}, ""
	r.crew(ctx, a).do(func(s *seat) {
		used := &Use{}
		if got, back := s.make(own, used); back {
			answer, skip = got, used.Skip
			s.tally.ended(got, used)
		}
	})
	if out, err := wire.NormalizeMap(answer.Out); err == nil {
		answer.Out = out // bare functions answer with what they like
	} else if answer.Fault == "" && answer.Business == "" {
		answer.Fault = string(problem.FaultABI)
	}
	return answer, skip == ""
}

// weigh looks how much memory the arm holds.
func (a *arm) weigh() {
	if a.Memory == nil {
		return
	}
	bytes, instances := a.Memory()
	a.memory, a.instances = max(a.memory, bytes), max(a.instances, instances)
}
