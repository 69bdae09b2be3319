package runtime_test

import (
	"context"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// judgedBy is what a direct change is judged by in a test.
func judgedBy(after float64) *rollout.Policy {
	p, err := rollout.Decode(map[string]any{"stages": []any{map[string]any{"weight": int64(100)}},
		"switch": map[string]any{"before_s": int64(10), "after_s": after, "max_error_rise": 0.03, "max_p99_ratio": int64(0), "calls": int64(50)}})
	if err != nil {
		panic(err)
	}
	return p
}

// watchedWorld is one in which direct changes are watched for so many seconds.
func watchedWorld(t *testing.T, after float64) *world {
	w := newWorld(t)
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.cfg.Rollout = judgedBy(after)
	w.open()
	return w
}

func TestASwitchThatMakesThingsWorseIsTakenBack(t *testing.T) {
	w := watchedWorld(t, 3600)
	w.deploy(flakyRelease(1, 0))
	tr := w.traffic()
	eventually(t, "some traffic", func() bool { return tr.calls[1].Load() > 500 })
	out := w.deploy(flakyRelease(2, 4))
	if out.Rollout == nil || out.Rollout.Phase != rollout.Watching {
		t.Fatalf("not watched: %+v", out.Rollout)
	}
	done := w.ends()
	tr.end()
	if done.Phase != rollout.RolledBack {
		t.Fatalf("ended %s: %s", done.Phase, done.Reason)
	}
	w.answersAs(t, 1)
	if st := w.status(); !st.PreviousWithdrawn || st.Previous.Version != "2.0.0" {
		t.Errorf("status %+v", st)
	}
	_, err := w.rt.Rollback(context.Background(), back(""))
	wantCode(t, err, problem.NothingToRollBack)
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

func TestASwitchThatIsFineIsLetGo(t *testing.T) {
	w := watchedWorld(t, 0.3)
	if out := w.deploy(flakyRelease(1, 0)); out.Rollout != nil {
		t.Fatal("a first release has nothing to be compared with")
	}
	tr := w.traffic()
	eventually(t, "some traffic", func() bool { return tr.calls[1].Load() > 500 })
	w.deploy(flakyRelease(2, 0))
	if done := w.ends(); done.Phase != rollout.Promoted {
		t.Fatalf("ended %s: %s", done.Phase, done.Reason)
	}
	generation := w.status().Generation
	eventually(t, "the close of release 1", func() bool { return w.mem.Open() == 1 })
	if generation != 2 {
		t.Errorf("the end of the watch made generation %d", generation)
	}
}

func TestAWatchedReleaseMayBeReplacedAtOnce(t *testing.T) {
	w := watchedWorld(t, 3600)
	w.deploy(flakyRelease(1, 0))
	w.deploy(flakyRelease(2, 0))
	w.deploy(flakyRelease(3, 0))
	list, err := w.rt.Rollouts.List(context.Background(), name, 10)
	must(t, err)
	if len(list) != 2 || list[0].Phase != rollout.Watching || !list[1].Phase.Ended() {
		t.Fatalf("rollouts %+v", list)
	}
	_, err = w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	w.answersAs(t, 2)
	if w.status().Rollout != nil {
		t.Error("a rollback is watched")
	}
	eventually(t, "the close of all others", func() bool { return w.mem.Open() == 1 })
}

func TestAPausedWatchHoldsNobodyUp(t *testing.T) {
	w := watchedWorld(t, 3600)
	w.deploy(flakyRelease(1, 0))
	w.deploy(flakyRelease(2, 0))
	_, err := w.command(rollout.VerbPause)
	must(t, err)
	w.deploy(flakyRelease(3, 0))
	w.answersAs(t, 3)
}
