package runtime

import "time"

// Attend does at once for a strategy what the pulse does from time to time.
func (r *Runtime) Attend(strategy string) { r.attend(r.find(strategy), time.Now()) }

// Breaker is Status.Breaker without a call of the store.
func (r *Runtime) Breaker(strategy string) *Breaker { return r.find(strategy).fuse.view() }

// LastGood is how many last good answers are kept for a strategy.
func (r *Runtime) LastGood(strategy string) (keys int) {
	keys, _ = r.find(strategy).fuse.cut.Load().chain.lastGood.Size()
	return keys
}

// Recorded is how many inputs of a strategy are kept for a replay.
func (r *Runtime) Recorded(strategy string) int {
	if rec := r.find(strategy).beside.recorder(); rec != nil {
		return rec.Stats().Inputs
	}
	return 0
}

// Idle reports whether no change of a strategy is under way.
func (r *Runtime) Idle(strategy string) bool { return len(r.find(strategy).turn) == 0 }
