package runtime_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

func TestARolloutOfOneStageServesItsRelease(t *testing.T) {
	w, _, _ := reviewWorld(t)
	must(t, w.startErr(nil)) // the host's policy is bare
	w.answersAs(t, 2)
	if ro := w.ends(); ro.Phase != rollout.Promoted {
		t.Errorf("%s: %s", ro.Phase, ro.Reason)
	}
	up := w.upload(flakyRelease(3, 0))
	up.Rollout = new(true)
	_, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	w.answersAs(t, 3)
	w.ends()
	w.kept(w.store)
	eventually(t, "the close of the others", func() bool { return w.mem.Open() == 1 })
}

func withBaseline() map[string]any {
	return half(map[string]any{"stages": []any{
		map[string]any{"weight": int64(20), "for_s": int64(3600), "calls": int64(10), "baseline": true},
		map[string]any{"weight": int64(40), "for_s": int64(3600), "calls": int64(10), "baseline": true},
		map[string]any{"weight": int64(100), "for_s": int64(3600)},
	}})
}

// The stable release is loaded once more for a baseline. If that fails, before or
// after it was opened, no rollout begins and nothing stays open.
func TestABaselineThatDoesNotComeUpBeginsNoRollout(t *testing.T) {
	for _, what := range []string{"load", "golden"} {
		t.Run(what, func(t *testing.T) {
			w, o, _ := reviewWorld(t)
			bad := &o.fails
			if what == "golden" {
				bad = &o.refuse
			}
			bad.Store(1)
			if err := w.startErr(withBaseline()); err == nil {
				t.Error("a rollout without its baseline")
			}
			if w.mem.Open() != 1 {
				t.Errorf("%d instances are open", w.mem.Open())
			}
			bad.Store(0)
			must(t, w.startErr(withBaseline()))
			if w.mem.Open() != 3 {
				t.Errorf("%d instances are open", w.mem.Open())
			}
			w.kept(w.store)
		})
	}
}

// A release that opens but does not pass its golden cases when the host comes back
// is closed again, and the rollout ends.
func TestAnArmThatDoesNotPassAfterARestartIsClosed(t *testing.T) {
	for _, version := range []int64{2, -1} {
		w, o, _ := reviewWorld(t)
		must(t, w.startErr(withBaseline()))
		w.close()
		w.openStore()
		w.mem = o.driver()
		w.cfg = w.config()
		o.refuse.Store(version)
		if version < 0 { // stable comes up, its fresh baseline does not
			nth := 0
			second := func(v int64) {
				if nth++; v == 1 && nth > 1 {
					o.refuse.Store(1)
				}
			}
			o.loading.Store(&second)
		}
		w.open()
		if done := w.ends(); done.Phase != rollout.RolledBack {
			t.Errorf("%s: %s", done.Phase, done.Reason)
		}
		w.answersAs(t, 1)
		eventually(t, "the close of the others", func() bool { return w.mem.Open() == 1 })
		eventually(t, "the close of the others", func() bool { return w.mem.Open() == 1 })
		w.kept(w.store)
	}
}

// The store fails when a release has to go because of its faults. Nobody calls it
// any more then, so no further fault can remind of it.
func TestAWithdrawalIsNotForgottenWhenTheStoreFails(t *testing.T) {
	for _, watching := range []bool{false, true} {
		t.Run(fmt.Sprintf("watching=%v", watching), func(t *testing.T) {
			w, _, out := reviewWorld(t)
			clock := &shifted{}
			must(t, w.rt.Close(context.Background()))
			w.cfg.Now = clock.now
			w.open()
			policy := half(map[string]any{"guards": nil, "stages": []any{
				map[string]any{"weight": int64(50), "for_s": int64(3600), "calls": int64(10)},
				map[string]any{"weight": int64(100), "for_s": int64(1800), "calls": int64(1)},
			}})
			must(t, w.startErr(policy))
			if watching {
				w.nextStage()
				w.broken(1) // is enough calls
			}
			out.down.Store(true)
			if w.broken(200) == 0 {
				t.Fatal("no faults")
			}
			eventually(t, "the attempt", func() bool { return out.tries.Load() > 0 })
			eventually(t, "the end of the calls", func() bool { return w.broken(20) == 0 })
			clock.forward(40 * time.Minute) // the time of the watch
			out.down.Store(false)
			done := w.ends()
			if done.Phase != rollout.RolledBack {
				t.Errorf("%s: %s", done.Phase, done.Reason)
			}
			w.answersAs(t, 1)
			w.kept(w.store)
			eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
		})
	}
}

// judging lets a guard of the policy find the faults, not the host's rule.
func judging(w *world) {
	w.cfg.Withdraw = runtime.FaultPolicy{Faults: -1}
}

// A verdict that could not be stored yet comes before what a person wants.
func TestAVerdictComesBeforeACommand(t *testing.T) {
	w, _, out := reviewWorld(t)
	must(t, w.rt.Close(context.Background()))
	judging(w)
	w.open()
	must(t, w.startErr(patient()))
	out.down.Store(true)
	eventually(t, "the verdict", func() bool { w.broken(200); return out.tries.Load() > 0 })
	if n := w.broken(200); n != 0 {
		t.Errorf("%d faults after the verdict", n)
	}
	out.down.Store(false)
	_, err := w.command(rollout.VerbPause)
	wantCode(t, err, problem.RolloutEnded)
	if done := w.rollout(); done.Phase != rollout.RolledBack {
		t.Errorf("%s: %s", done.Phase, done.Reason)
	}
	wantCode(t, w.startErr(patient()), problem.RolloutFinal)
	w.kept(w.store)
}

// While the store takes nothing a candidate that breaks goes all the same.
func TestAVerdictDoesNotWaitForTheStore(t *testing.T) {
	w, _, out := reviewWorld(t)
	must(t, w.rt.Close(context.Background()))
	judging(w)
	w.open()
	must(t, w.startErr(half(map[string]any{"stages": []any{
		map[string]any{"weight": int64(50), "for_s": 0.05, "calls": int64(1000000)}, map[string]any{"weight": int64(100)},
	}})))
	out.down.Store(true) // it wants to tell that it holds
	eventually(t, "some tries", func() bool { return out.tries.Load() >= 4 })
	eventually(t, "the end of the calls", func() bool { return w.broken(200) == 0 })
	out.down.Store(false)
	w.ends()
	w.kept(w.store)
}

// The release before answers in the place of a watched one that is shut, and stays
// open until its last call, whoever ends the rollout.
func TestTheReleaseBeforeStaysOpenForItsLastCall(t *testing.T) {
	for _, end := range []string{"deploy", "close"} {
		t.Run(end, func(t *testing.T) {
			w, o, out := reviewWorld(t)
			must(t, w.startErr(staged(50, 100)))
			w.nextStage()
			out.down.Store(true)
			w.broken(200)
			eventually(t, "the end of the calls", func() bool { return w.broken(20) == 0 })
			answered := make(chan error, 1)
			go func() {
				_, err := w.rt.Execute(context.Background(), name, map[string]any{"customer": "c", "wait": int64(1)})
				answered <- err
			}()
			<-o.waiting // release 1 is asked, since 2 is shut
			if end == "close" {
				ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
				defer cancel()
				wantCode(t, w.rt.Close(ctx), problem.Canceled)
			} else {
				w.letsDeploy(t, out)
			}
			if w.mem.Open() < 2 {
				t.Errorf("%d instances are open, but releases 1 and 2 are called or leased", w.mem.Open())
			}
			if end == "deploy" && w.mem.Open() != 3 && w.status().Stable.Version == "3.0.0" {
				t.Errorf("%d instances are open, but release 1 is asked", w.mem.Open())
			}
			close(o.goOn)
			must(t, <-answered)
		})
	}
}

// letsDeploy lets only a deployment change anything.
func (w *world) letsDeploy(t *testing.T, out *outage) {
	t.Helper()
	tries := out.tries.Load()
	eventually(t, "another try", func() bool { return out.tries.Load() > tries })
	out.down.Store(false)
	w.deploy(flakyRelease(3, 0))
}

// What the store has done although nobody could find out is taken over, and no
// decision gets lost or is told twice.
func TestAWriteOfUnknownOutcomeIsTakenOver(t *testing.T) {
	w, _, out := reviewWorld(t)
	must(t, w.startErr(patient()))
	out.unknown.Store(true)
	if _, err := w.command(rollout.VerbPause); err == nil {
		t.Fatal("nobody knows whether it is paused")
	}
	out.unknown.Store(false)
	w.again(t, "abort", func() error { _, err := w.command(rollout.VerbAbort); return err })
	list, err := w.rt.Rollouts.Decisions(context.Background(), name, 0)
	must(t, err)
	if len(list) != 3 { // started, paused, aborted
		t.Errorf("%d decisions:\n%s", len(list), w.sentences())
	}
	w.kept(w.store)
}

// Two hosts take turns with a store, as in a renewal that fails: the one that goes
// on finds that the other has written.
func TestARolloutThatAnotherProcessHasWrittenIsTakenOver(t *testing.T) {
	w, _, _ := reviewWorld(t)
	must(t, w.startErr(patient()))
	ctx := context.Background()
	record, err := w.store.Rollout(ctx, name, w.rollout().ID)
	must(t, err)
	record.Revision++
	must(t, w.store.RecordRollout(ctx, store.RolloutChange{Rollout: record, Decisions: []store.Decision{
		{Number: 2, At: time.Now(), Verdict: "hold", Text: "the host came back", Actor: "swapline"},
	}}))
	w.again(t, "pause", func() error { _, err := w.command(rollout.VerbPause); return err })
	list, err := w.rt.Rollouts.Decisions(ctx, name, 0)
	must(t, err)
	if len(list) != 3 || list[1].Text != "the host came back" {
		t.Errorf("decisions:\n%s", w.sentences())
	}
	w.kept(w.store)
}

// A host that comes back with a store that fails once either does not open, or has
// its rollout; and never two goroutines of it.
func TestAFailureOfTheStoreWhileARolloutComesBack(t *testing.T) {
	w, o, _ := reviewWorld(t)
	other := flakyRelease(1, 0)
	other.Name = "other"
	w.deploy(other)
	must(t, w.startErr(patient()))
	for n := 1; ; n++ {
		w.close()
		w.openStore()
		w.mem = o.driver()
		w.cfg = w.config()
		faulty := faultstore.New(w.store, n)
		w.cfg.Store = faulty
		rt, err := runtime.Open(context.Background(), w.cfg)
		if err != nil {
			if w.mem.Open() != 0 {
				t.Errorf("call %d: %d instances are open after an Open that failed", n, w.mem.Open())
			}
			continue
		}
		w.rt = rt
		w.goesOn(t)
		w.kept(w.store)
		if list, err := w.store.Rollouts(context.Background(), name, 1); err != nil || !list[0].Open() {
			w.again(t, "another one", func() error {
				_, _ = w.rt.Rollback(context.Background(), back("1.0.0"))
				return w.startErr(patient())
			})
		}
		if faulty.Calls() < n {
			break
		}
	}
	w.again(t, "abort", func() error { _, err := w.command(rollout.VerbAbort); return err })
	w.kept(w.store)
}

// goesOn pauses a rollout that came back, or gets rid of what did not. It asks
// again after an error.
func (w *world) goesOn(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	w.again(t, "going on", func() error {
		_, err := w.command(rollout.VerbPause)
		if err == nil {
			return nil
		}
		ro, failed := w.rt.Rollouts.Get(ctx, name, 0)
		if failed != nil {
			return failed
		}
		if ro.Phase.Ended() { // the store failed when the candidate should be loaded
			return nil
		}
		if problem.CodeOf(err) == problem.RolloutRefused {
			if st, err := w.rt.Status(ctx, name); err != nil || st.Rollout != nil {
				return err // nil: it is paused
			}
			_, err = w.rt.Rollback(ctx, back("2.0.0")) // it could not go on
			return err
		}
		return err
	})
}

// The time for which a change is watched begins when it serves, however long it
// took to load.
func TestTheWatchBeginsWhenTheReleaseServes(t *testing.T) {
	w, o, _ := reviewWorld(t)
	must(t, w.rt.Close(context.Background()))
	w.cfg.Rollout = judgedBy(3600)
	w.open()
	var loaded time.Time
	slow := func(int64) { loaded = time.Now() }
	o.loading.Store(&slow)
	w.deploy(flakyRelease(3, 0))
	eventually(t, "the watch", func() bool { return !w.rollout().Next.At.IsZero() })
	if at := w.rollout().Next.At; at.Sub(loaded) < time.Hour {
		t.Errorf("until %s, loaded at %s", at, loaded)
	}
}

// Commands on a host that ends are told so, and not that the rollout has ended.
func TestACommandOnAHostThatEndsIsToldSo(t *testing.T) {
	w, o, _ := reviewWorld(t)
	must(t, w.startErr(patient()))
	go w.rt.Execute(context.Background(), name, map[string]any{"customer": w.onStable(t), "wait": int64(1)})
	<-o.waiting
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	wantCode(t, w.rt.Close(ctx), problem.Canceled)
	_, err := w.command(rollout.VerbPause)
	wantCode(t, err, problem.ShuttingDown)
	close(o.goOn)
}

// A promotion moves the strategy forward as a deployment does.
func TestAPromotionRaisesTheHighestSequence(t *testing.T) {
	w, _, _ := reviewWorld(t)
	must(t, w.startErr(staged(50, 100)))
	w.nextStage()
	_, err := w.command(rollout.VerbPause)
	must(t, err)
	_, err = w.command(rollout.VerbPromote)
	must(t, err)
	_, err = w.rt.Switch(context.Background(), back("1.0.0"))
	wantCode(t, err, problem.SequenceRollback)
}

// onStable finds a customer whom the candidate does not get: four fifths of them.
func (w *world) onStable(t *testing.T) string {
	t.Helper()
	for i := range 1000 {
		customer := fmt.Sprint("customer ", i)
		resp, err := w.rt.Execute(context.Background(), name, map[string]any{"customer": customer})
		must(t, err)
		if resp.Variant == runtime.VariantStable {
			return customer
		}
	}
	t.Fatal("every customer is on the candidate")
	return ""
}
