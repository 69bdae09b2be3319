package runtime

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// itself is the actor of what the runtime does without being asked.
const itself = "swapline"

// FaultPolicy says which faults take a release out of service: as many as Faults
// or more, that are a Share of all its calls or more, both within Window. A zero
// field takes its default, a negative one turns withdrawing off.
type FaultPolicy struct {
	Faults int           // default 10
	Share  float64       // part of all calls, up to 1; default 0.5
	Window time.Duration // default 10 s
}

func (f *FaultPolicy) complete() error {
	if f.off() {
		return nil
	}
	if !(f.Share <= 1) {
		return problem.New(problem.Internal, "the share of faults that withdraws a release is a part of all calls").
			Want("at most 1").Got("%g", f.Share).Cure("set Config.Withdraw.Share to 0.5 for half of them")
	}
	if f.Faults == 0 {
		f.Faults = 10
	}
	if f.Share == 0 {
		f.Share = 0.5
	}
	if f.Window == 0 {
		f.Window = 10 * time.Second
	}
	return nil
}

func (f FaultPolicy) off() bool { return f.Faults < 0 || f.Share < 0 || f.Window < 0 }

// rules are those that hold for a release: the host's, and the manifest's if it
// has one. Either withdraws, so a manifest cannot weaken what the host demands.
func (f FaultPolicy) rules(m manifest.Withdraw) []FaultPolicy {
	if f.off() {
		return nil
	}
	own := f
	if m.Faults > 0 {
		own.Faults = int(m.Faults)
	}
	if m.Share > 0 {
		own.Share = m.Share
	}
	if m.Window > 0 {
		own.Window = m.Window
	}
	if own == f {
		return []FaultPolicy{f}
	}
	return []FaultPolicy{f, own}
}

// watch counts the faults of one served release. Calls that end well never come
// here; how many there were is read from their counter when a fault comes. It is
// safe for concurrent use.
type watch struct {
	mu      sync.Mutex
	tallies []tally   // guarded by mu; one for each rule
	faults  int64     // guarded by mu
	ended   bool      // guarded by mu: nothing more can come of it, or it is under way
	tries   int       // guarded by mu
	next    time.Time // guarded by mu: not to be tried before

	why atomic.Pointer[string] // the policy is crossed, but the release serves
}

func newWatch(rules []FaultPolicy, now time.Time) *watch {
	w := &watch{}
	for _, rule := range rules {
		w.tallies = append(w.tallies, tally{rule: rule, marks: []mark{{at: now}}})
	}
	return w
}

// fault counts one fault, of a call that calls counts already. If the release has
// to go the result says why, and nobody else is told so until attempted.
func (w *watch) fault(now time.Time, calls func() int64) (reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults++
	all := max(calls(), w.faults)
	for i := range w.tallies {
		if text := w.tallies[i].fault(now, all, w.faults); text != "" {
			reason = text
		}
	}
	if reason == "" || w.ended || now.Before(w.next) {
		return ""
	}
	w.ended = true
	return reason
}

// Between two tries to withdraw a release passes twice the time of the last:
// each of them may load another release.
const (
	firstPause  = time.Second
	longestRest = time.Minute
)

// attempted notes what came of a try. After an error a later fault tries again,
// unless final.
func (w *watch) attempted(now time.Time, why string, final bool) {
	if why != "" {
		w.why.Store(&why)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = final
	w.next = now.Add(min(firstPause<<min(w.tries, 10), longestRest))
	w.tries++
}

// failing says why a release serves although its faults cross the policy.
func (w *watch) failing() string {
	if why := w.why.Load(); why != nil {
		return *why
	}
	return ""
}

// tally counts faults and calls for one rule. It keeps marks, made by faults: how
// many calls and faults there were before that moment. Faults are counted from the
// oldest mark within the window, calls from the newest one before it: if anything
// there seem to be fewer faults among more calls than there were.
type tally struct {
	rule  FaultPolicy
	marks []mark // oldest first, at least one
}

type mark struct {
	at            time.Time
	calls, faults int64 // before at
}

// marksPerWindow is how finely a window is cut.
const marksPerWindow = 16

// fault counts one more and says whether the rule is broken.
func (t *tally) fault(now time.Time, calls, faults int64) string {
	if last := t.marks[len(t.marks)-1]; now.Sub(last.at) >= t.rule.Window/marksPerWindow {
		t.marks = append(t.marks, mark{now, calls - 1, faults - 1})
	}
	start := now.Add(-t.rule.Window)
	for len(t.marks) > 1 && !t.marks[1].at.After(start) {
		t.marks = slices.Delete(t.marks, 0, 1)
	}
	within := t.marks[0]
	if within.at.Before(start) { // the last mark is never that old
		within = t.marks[1]
	}
	faults -= within.faults
	calls = max(calls-t.marks[0].calls, faults)
	if faults < int64(t.rule.Faults) || float64(faults) < t.rule.Share*float64(calls) {
		return ""
	}
	return fmt.Sprintf("%d faults in %d calls within %s, allowed are fewer than %d or less than %.3g %%",
		faults, calls, t.rule.Window, t.rule.Faults, 100*t.rule.Share)
}

// withdraw goes back to the release before rel, as a person would who rolls back.
// A call of rel that is under way must ask for it: rel is not drained then, and so
// Close waits for the withdrawal too.
func (r *Runtime) withdraw(rel *release, reason string) {
	r.draining.Go(func() {
		err := r.takeBack(context.Background(), rel, reason)
		log := r.cfg.Log.With("strategy", rel.info.Strategy, "release", rel.info.Version, "digest", rel.digest, "reason", reason)
		if err == nil {
			log.Error("release withdrawn")
		} else {
			log.Warn("release not withdrawn", "error", err)
		}
		why, final := afterAttempt(time.Now(), reason, err)
		rel.watch.attempted(time.Now(), why, final)
	})
}

// afterAttempt says why the release goes on, "" if it does not, and whether there
// is no sense in another try.
func afterAttempt(now time.Time, reason string, err error) (why string, final bool) {
	code := problem.CodeOf(err)
	switch code {
	case "", problem.StaleGeneration, problem.ShuttingDown: // it went, or somebody else was faster
		return "", true
	}
	why = fmt.Sprintf("%s: %s; it serves on because what was there before does not: %v", now.UTC().Format(time.RFC3339), reason, err)
	return why, code == problem.NothingToRollBack
}

// takeBack ends what a release serves. While a rollout looks after the release it
// is the rollout that takes it back.
func (r *Runtime) takeBack(ctx context.Context, rel *release, reason string) error {
	s := r.find(rel.info.Strategy)
	if s == nil {
		return shuttingDown()
	}
	for {
		if ro := s.rolling.Load(); ro != nil && ro.looksAfter(rel) {
			err := ro.broken(ctx, reason)
			if _, served := s.serves(rel); err != nil || !served {
				return err
			}
			continue // the rollout ended meanwhile, with rel as stable
		}
		generation, served := s.serves(rel)
		if !served {
			return problem.New(problem.StaleGeneration, "%s serves no more", rel.label())
		}
		_, err := r.change(ctx, store.ActionWithdraw, Change{
			Strategy: s.name, IfGeneration: &generation, Actor: itself, Reason: "withdrawn: " + reason,
		}, (*pipeline).back)
		if problem.CodeOf(err) != problem.StaleGeneration {
			return err
		}
		// A rollout may have published another weight meanwhile.
	}
}

// serves reports whether a release is stable, and under which generation.
func (s *strategy) serves(rel *release) (generation uint64, served bool) {
	lease, ok := s.slot.Acquire()
	if !ok {
		return 0, false
	}
	defer lease.Done()
	return lease.Generation(), lease.Value().stable == rel
}
