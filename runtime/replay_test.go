package runtime_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// replayed is a policy of a test that begins with a replay.
func replayed(more map[string]any) map[string]any {
	replay := map[string]any{"last": int64(1000), "at_least": int64(50)}
	for k, v := range more {
		replay[k] = v
	}
	return half(map[string]any{"replay": replay, "guards": []any{}, "stages": []any{
		map[string]any{"weight": int64(50), "for_s": int64(3600)}, map[string]any{"weight": int64(100)},
	}})
}

// records sets a policy under which all inputs are recorded.
func (w *world) records(more map[string]any) {
	w.t.Helper()
	record := map[string]any{"last": int64(1000)}
	for k, v := range more {
		record[k] = v
	}
	w.policySet(half(map[string]any{"record": record}))
}

func (w *world) policySet(policy map[string]any) {
	w.t.Helper()
	_, err := w.rt.Rollouts.SetPolicy(context.Background(), runtime.PolicyChange{Strategy: name, Policy: policy})
	must(w.t, err)
}

// replays waits until the replay is over.
func (w *world) replays() runtime.Rollout {
	w.t.Helper()
	eventually(w.t, "the end of the replay", func() bool { return w.rollout().Phase != rollout.Replaying })
	return w.rollout()
}

// repeats replays under a policy when n inputs are kept: what is recorded waits for
// a moment to be masked.
func (w *world) repeats(n int, policy map[string]any) runtime.Rollout {
	w.t.Helper()
	eventually(w.t, "the recording of all inputs", func() bool { return w.rt.Recorded(name) >= n })
	w.start(policy)
	return w.replays()
}

func tolerant() map[string]any {
	return replayed(map[string]any{"at_least": int64(0), "max_different": int64(1)})
}

func TestAReleaseWithTheSameAnswersPassesTheReplay(t *testing.T) {
	w, s := actors(t, 100)
	w.records(nil)
	w.ask(60, small, map[string]any{"offline": true})
	eventually(t, "the recording", func() bool { return w.rt.Recorded(name) >= 60 })
	others := int64(0)
	s.in = func(map[string]any) { // a live call comes between stable's call and the candidate's
		others++
		must(t, s.store.Commit(name, capability.Batch{Writes: map[string][]byte{"calls": {byte(others % 24)}}, Keys: 9, Bytes: 999}))
	}
	w.start(replayed(nil))
	got := w.replays()
	if got.Phase != rollout.Running || got.Weight != 50 || got.Replay.Compared != 60 || got.Replay.Different != 0 || others != 60 {
		t.Fatalf("%s: %s, %+v", got.Phase, got.Reason, got.Replay)
	}
	if n := w.mem.Open(); n != 2 {
		t.Errorf("%d releases are open behind the replay", n)
	}
	if calls, events, hits := s.trace(t); calls != 60+others || events != 60 || hits != 0 {
		t.Errorf("60 live calls, 60 others and a replay left %d writes, %d events, %d requests", calls, events, hits)
	}
}

func TestWhatNeedsTheNetworkIsNotCompared(t *testing.T) {
	w, s := actors(t, 100)
	w.records(nil)
	w.ask(60, small, nil)
	got := w.repeats(60, replayed(nil))
	if got.Phase != rollout.Blocked || got.Replay.Compared != 0 || got.Replay.Skipped != 60 || got.Replay.Recorded != 60 {
		t.Fatalf("%s: %s, %+v", got.Phase, got.Reason, got.Replay)
	}
	if calls, events, hits := s.trace(t); calls != 60 || events != 60 || hits != 120 {
		t.Errorf("60 live calls and a replay left %d writes, %d events, %d requests", calls, events, hits)
	}
}

func TestAReleaseThatChangesDecisionsIsBlockedAndTheDifferencesListed(t *testing.T) {
	w, _ := actors(t, 50)
	w.records(nil)
	amounts, more := plain(rising)
	w.ask(101, amounts, more)
	policy := replayed(map[string]any{"max_different": 0.4, "ignore": []any{"/limits/*/max"}})
	got := w.repeats(101, policy)
	if got.Phase != rollout.Blocked || got.Replay.Compared < 64 {
		t.Fatalf("%s: %s, %+v", got.Phase, got.Reason, got.Replay)
	}
	list := got.Replay.Differences
	if len(list) != 1 || list[0].Pointer != "/decision" || list[0].Stable != `"approve"` || list[0].Candidate != `"decline"` || list[0].Count != got.Replay.Different {
		t.Fatalf("%+v", list)
	}
	if !strings.Contains(got.Reason, "/decision differs in") || !strings.Contains(got.Reason, `"approve" became "decline"`) {
		t.Errorf("the reason is %q", got.Reason)
	}
	_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: policy})
	wantCode(t, err, problem.RolloutFinal)
	w.restart()
	if again := w.rollout(); again.Replay == nil || len(again.Replay.Differences) != 1 {
		t.Errorf("after a restart: %+v", again.Replay)
	}
}

func TestDifferencesWithinTheBudgetPass(t *testing.T) {
	w, _ := actors(t, 50)
	w.records(nil)
	amounts, more := plain(rising)
	w.ask(101, amounts, more)
	got := w.repeats(101, replayed(map[string]any{"max_different": 0.5, "ignore": []any{"/limits/*/max"}}))
	if got.Phase != rollout.Running || got.Replay.Compared != 101 || got.Replay.Different != 50 {
		t.Fatalf("%s: %s, %+v", got.Phase, got.Reason, got.Replay)
	}
}

func TestAReplayEndsWhenItIsDecided(t *testing.T) {
	w, _ := actors(t, 50)
	w.records(nil)
	eventually(t, "the recording of many", func() bool {
		w.ask(200, small, map[string]any{"plain": true}) // so fast that some are dropped
		return w.rt.Recorded(name) >= 400
	})
	w.start(replayed(nil))
	got := w.replays()
	if got.Phase != rollout.Blocked || got.Replay.Recorded < 400 || got.Replay.Different < 32 || got.Replay.Compared > 100 {
		t.Fatalf("%s: %+v", got.Phase, got.Replay)
	}
}

func TestTooFewInputsBlockButNotForGood(t *testing.T) {
	w, _ := actors(t, 100)
	for range 2 {
		w.start(replayed(nil))
		if got := w.replays(); got.Phase != rollout.Blocked || got.Replay == nil || got.Replay.Recorded != 0 {
			t.Fatalf("%s: %s, %+v", got.Phase, got.Reason, got.Replay)
		}
	}
}

func TestAReplayIsEndedByAPersonAndByTheHost(t *testing.T) {
	w, s := actors(t, 100)
	w.records(nil)
	w.ask(60, small, map[string]any{"plain": true})
	hold := make(chan string)
	s.wait.Store(&hold)
	hangs := func() {
		before := s.entered.Load()
		w.start(replayed(map[string]any{"at_least": int64(0)}))
		eventually(t, "a call of the candidate", func() bool { return s.entered.Load() > before })
		w.ask(20, small, map[string]any{"plain": true}) // goes on
	}
	hangs()
	if got, err := w.command(rollout.VerbAbort); err != nil || got.Phase != rollout.Aborted {
		t.Fatalf("%v, %s", err, got.Phase)
	}
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
	hangs()
	s.wait.Store(nil)
	w.restart() // what was recorded is gone: nothing is compared
	w.rollout()
	if got := w.replays(); got.Phase != rollout.Running || got.Replay.Recorded != 0 {
		t.Fatalf("after the restart %s: %s, %+v", got.Phase, got.Reason, got.Replay)
	}
}

// breaks makes live calls at which release 1 panics.
func (w *world) breaks(n int) {
	w.t.Helper()
	for range n {
		if _, err := w.rt.Execute(context.Background(), name, map[string]any{"break": true, "plain": true}); problem.CodeOf(err) != problem.FaultPanic {
			w.t.Fatalf("err = %v", err)
		}
	}
}

func TestWhereStableBreaksNothingIsCompared(t *testing.T) {
	w, s := actors(t, 100)
	w.records(nil)
	w.ask(60, small, map[string]any{"plain": true})
	w.breaks(5)
	got := w.repeats(65, replayed(nil))
	if got.Phase != rollout.Running || got.Replay.Compared != 60 || got.Replay.Skipped != 5 {
		t.Fatalf("%s: %s, %+v", got.Phase, got.Reason, got.Replay)
	}
	_, err := w.command(rollout.VerbAbort)
	must(t, err)
	w.start(shadowed(nil))
	var broke atomic.Int64
	s.in = func(in map[string]any) {
		if in["break"] == true {
			broke.Add(1)
		}
	}
	eventually(t, "a call in the shadow at which release 1 broke", func() bool {
		w.breaks(1) // a few among many calls, so that release 1 stays
		w.ask(50, small, map[string]any{"plain": true})
		return broke.Load() > 0
	})
	eventually(t, "calls in the shadow", func() bool { return w.shadowCalls() > 0 })
	if got := w.rollout().Shadow; got.Different != 0 {
		t.Errorf("%d calls at which release 1 broke: %+v", broke.Load(), got)
	}
}

// refusing is a store that does not take the next steps of a rollout.
type refusing struct {
	store.Store
	left atomic.Int64
}

func (s *refusing) RecordRollout(ctx context.Context, c store.RolloutChange) error {
	if s.left.Add(-1) >= 0 {
		return problem.New(problem.StoreFailed, "as the test wants it")
	}
	return s.Store.RecordRollout(ctx, c)
}

func (s *refusing) Activate(ctx context.Context, a store.Activation) error {
	if s.left.Add(-1) >= 0 {
		return problem.New(problem.StoreFailed, "as the test wants it")
	}
	return s.Store.Activate(ctx, a)
}

func TestTheOutcomeOfAReplayIsNotLostWhenTheStoreFails(t *testing.T) {
	w, s := actors(t, 100)
	must(t, w.rt.Close(context.Background()))
	shaky := &refusing{Store: w.store}
	w.mem = memdriver.New(map[string]abi.Constructor{"actor": s.construct})
	w.cfg.Store, w.cfg.Drivers = shaky, map[manifest.Kind]driver.Driver{memdriver.Kind: w.mem}
	w.open()
	w.records(nil)
	w.ask(60, small, map[string]any{"plain": true})
	eventually(t, "the recording", func() bool { return w.rt.Recorded(name) >= 60 })
	hold := make(chan string)
	s.wait.Store(&hold)
	w.start(replayed(nil))
	shaky.left.Store(2)
	s.wait.Store(nil)
	close(hold)
	if got := w.replays(); got.Phase != rollout.Running || got.Replay.Compared < 60 || shaky.left.Load() >= 0 {
		t.Fatalf("%s: %s, %+v", got.Phase, got.Reason, got.Replay)
	}
}

// TestFaultsAreDifferencesUnlessStableHasThem replays through a release that breaks.
func TestFaultsAreDifferencesUnlessStableHasThem(t *testing.T) {
	w := rollingWorld(t, 1) // release 2 always panics
	lines := new(written)
	w.cfg.Log = slog.New(slog.NewTextHandler(lines, nil))
	w.restart()
	w.records(nil)
	for range 60 {
		_, err := w.rt.Execute(context.Background(), name, nil)
		must(t, err)
	}
	got := w.repeats(60, replayed(nil))
	if got.Phase != rollout.Blocked || len(got.Replay.Differences) != 1 {
		t.Fatalf("%s: %+v", got.Phase, got.Replay)
	}
	if d := got.Replay.Differences[0]; d.Pointer != "" || d.Stable != `{"version":1}` || d.Candidate != "fault fault_panic" {
		t.Errorf("%+v", d)
	}
	if st := w.status(); st.Faults != 0 {
		t.Errorf("%d faults were counted", st.Faults)
	}
	if n := strings.Count(lines.text(), "fault beside the live calls"); n != 10 {
		t.Errorf("%d faults were told", n)
	}
}

// written keeps what is logged.
type written struct {
	mu sync.Mutex
	b  strings.Builder
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *written) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}
