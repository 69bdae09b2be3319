package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/faultstore"
	"github.com/swapline/swapline/runtime/store/parkstore"
)

// come lets so many customers call, each once.
func (w *world) come(from, to int) {
	w.t.Helper()
	for i := from; i < to; i++ {
		_, err := w.rt.Execute(context.Background(), name, map[string]any{"customer": fmt.Sprint("c", i)})
		must(w.t, err)
	}
}

// measured is how many calls and units both arms have.
func measured(arms []compare.Arm) (calls, units int64) {
	for _, a := range arms {
		calls, units = calls+a.Calls, units+a.Units
	}
	return calls, units
}

// sees waits until an experiment has so many calls.
func (w *world) sees(calls int64) {
	w.t.Helper()
	eventually(w.t, fmt.Sprint(calls, " calls"), func() bool { n, _ := measured(w.tried().Arms); return n == calls })
}

// stored is what the store has of the experiment.
func (w *world) stored() (carrier store.Rollout, doc map[string]any) {
	w.t.Helper()
	carrier, err := w.store.Rollout(context.Background(), name, w.tried().ID)
	must(w.t, err)
	must(w.t, json.Unmarshal(carrier.Experiment, &doc))
	return carrier, doc
}

// rewritten lets the store have another record of the experiment while no host runs.
func (w *world) rewritten(change func(doc map[string]any)) {
	w.t.Helper()
	before, _ := w.stored()
	w.close()
	w.openStore()
	carrier, err := w.store.Rollout(context.Background(), name, before.ID)
	must(w.t, err)
	var doc map[string]any
	must(w.t, json.Unmarshal(carrier.Experiment, &doc))
	change(doc)
	carrier.Revision++
	carrier.Experiment, err = json.Marshal(doc)
	must(w.t, err)
	must(w.t, w.store.RecordRollout(context.Background(), store.RolloutChange{Rollout: carrier}))
	w.mem = newRollingDriver()
	now := w.cfg.Now
	w.cfg = w.config()
	w.cfg.Now = now
	w.open()
	eventually(w.t, "the rollout", func() bool { return w.status().Rollout != nil })
}

// A restart loses nothing: the same customers are the same units, the time goes on,
// and the report is one.
func TestAnExperimentGoesOnAfterARestart(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(nil))
	eventually(t, "the first look", func() bool { return len(w.tried().Arms) == 2 })
	begun := w.tried()
	w.come(0, 300)
	w.sees(300)
	_, customers := measured(w.tried().Arms) // some share a cell
	for n := 1; n <= 3; n++ {
		w.restart()
		w.rollsOn(t)
		w.sees(int64(300 * n))
		got := w.tried()
		if _, units := measured(got.Arms); got.State != "running" || got.ID != begun.ID || got.PlanHash != begun.PlanHash || !got.Measured.Equal(begun.Measured) || units != customers {
			t.Fatalf("%s", shown(got))
		}
		want := map[int]string{1: "once", 2: "2 times", 3: "3 times"}[n]
		if c := checkOf(got.Health, "restarts"); c.Light != compare.Green || c.Text != "the host came back "+want+" and went on counting; nothing was lost" {
			t.Errorf("%+v", c)
		}
		r := w.report()
		if calls, units := measured(r.Arms); r.Partial != "" || calls != int64(300*n) || units != customers || r.PlanHash != begun.PlanHash {
			t.Errorf("%d calls, %d units, partial %q", calls, units, r.Partial)
		}
		w.come(0, 300) // who was there before
	}
	done, err := w.stopped(false)
	must(t, err)
	if calls, units := measured(done.Arms); calls != 1200 || units != customers {
		t.Errorf("%s", shown(done))
	}
	if _, doc := w.stored(); doc["progress"] != nil {
		t.Error("an experiment that has ended keeps from what it could go on")
	}
}

// cut is a store to which from some moment on nothing is written any more.
type cut struct {
	store.Store
	off atomic.Bool
}

func (c *cut) RecordRollout(ctx context.Context, change store.RolloutChange) error {
	if c.off.Load() {
		return problem.New(problem.StoreFailed, "the power is off")
	}
	return c.Store.RecordRollout(ctx, change)
}

// cutWorld is rollingWorld whose power may be cut.
func cutWorld(t *testing.T) (*world, *cut) {
	w := newWorld(t)
	w.mem = newRollingDriver()
	w.cfg = w.config()
	c := &cut{Store: w.store}
	w.cfg.Store = c
	w.open()
	w.deploy(flakyRelease(1, 0))
	w.hold(flakyRelease(2, 0))
	return w, c
}

func TestACrashLosesWhatCameAfterTheLastNote(t *testing.T) {
	w, power := cutWorld(t)
	w.experiment(endless(nil))
	w.come(0, 200)
	noted := int64(0)
	eventually(t, "a note", func() bool {
		_, doc := w.stored()
		text, err := json.Marshal(doc["arms"])
		must(t, err)
		var arms []compare.Arm
		must(t, json.Unmarshal(text, &arms))
		noted, _ = measured(arms)
		return noted == 200
	})
	power.off.Store(true)
	w.come(200, 500)
	w.sees(500)
	w.restart()
	w.rollsOn(t)
	w.sees(200)
	got := w.tried()
	if c := checkOf(got.Health, "restarts"); c.Light != compare.Yellow || c.Text != "the host came back once and went on counting; once after a crash, which lost at most the last 5 s" {
		t.Errorf("%+v", c)
	}
	w.come(200, 500) // they are units now, since before they never were
	w.sees(500)
	if _, units := measured(w.tried().Arms); units < 490 {
		t.Errorf("%d units", units)
	}
}

// What cannot be read is measured anew, at a lower level, and told; what was known is
// shown until as much is known again. That goes on after a restart as all else.
func TestWhatIsLostIsMeasuredAnewAtALowerLevel(t *testing.T) {
	for what, damage := range map[string]func(doc map[string]any){
		"nothing was kept": func(doc map[string]any) { delete(doc, "progress") },
		"damaged": func(doc map[string]any) {
			doc["progress"].(map[string]any)["checkpoint"] = "c3dseAEAAAAAAAAA"
		},
		"another plan": func(doc map[string]any) { doc["plan_hash"] = strings.Repeat("ab", 32) },
	} {
		t.Run(what, func(t *testing.T) {
			w := rollingWorld(t, 0)
			begun := w.experiment(endless(nil))
			w.come(0, 200)
			w.sees(200)
			w.report() // the next one comes from here for a while, that of a record does not
			w.come(200, 300)
			w.sees(300)
			w.rewritten(damage)
			got := w.tried()
			c := checkOf(got.Health, "restarts")
			if got.State != "running" || !got.Measured.After(begun.Measured) || !got.Started.Equal(begun.Started) || c.Light != compare.Yellow ||
				!strings.Contains(c.Text, "measured anew since ") || !strings.Contains(c.Text, "0.00039 is left") {
				t.Fatalf("%+v\n%s", c, shown(got))
			}
			r := w.report()
			if calls, _ := measured(r.Arms); !strings.Contains(r.Partial, "was lost and it is measured anew") || calls != 300 {
				t.Errorf("the report of before is lost: %d calls, %q", calls, r.Partial)
			}
			w.come(0, 200)
			eventually(t, "a report of now", func() bool { return w.report().Partial == "" })
			w.restart()
			w.rollsOn(t)
			w.sees(200)
			if again := checkOf(w.tried().Health, "restarts"); !strings.Contains(again.Text, "0.00039 is left") || !strings.Contains(again.Text, "came back 2 times") {
				t.Errorf("%+v", again)
			}
			r = w.report()
			if needs := "needs 5120 to 1"; !strings.Contains(strings.Join(r.Notes, " "), needs) || r.Evidence[0].Threshold < 8 {
				t.Errorf("%v, %v", r.Notes, r.Evidence[0].Threshold)
			}
		})
	}
}

func TestAnEndSoonAfterALossTellsWhatWasKnown(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(nil))
	w.come(0, 300)
	w.sees(300)
	w.rewritten(func(doc map[string]any) { delete(doc, "progress") })
	done, err := w.stopped(false)
	must(t, err)
	r := w.report()
	if calls, _ := measured(r.Arms); done.State != "ended" || r.Partial == "" || calls != 300 {
		t.Errorf("%d calls, %q", calls, r.Partial)
	}
}

// A verdict whose numbers a crash could take away again is none.
func TestAVerdictCountsOnlyWithItsNote(t *testing.T) {
	w, power := cutWorld(t)
	w.experiment(trying(nil))
	power.off.Store(true)
	come := 0
	more := func() { // until there is a verdict: by chance a check forbids it for a while
		w.come(come, come+200)
		come += 200
	}
	eventually(t, "a verdict of the moment", func() bool {
		more()
		return w.tried().Verdict.Word == compare.Equivalent
	})
	before := w.tried().Revision
	more()
	w.sees(int64(come))
	if got := w.tried(); got.State != "running" || got.Revision != before {
		t.Fatalf("%s", shown(got))
	}
	power.off.Store(false)
	eventually(t, "the end of the experiment", func() bool {
		more()
		return w.tried().State == "ended"
	})
	if done := w.tried(); !strings.HasPrefix(done.Reason, "decided: ") {
		t.Errorf("%s", shown(done))
	}
}

func TestTheTimeThatNobodyCountsIsNoTimeOfThePlan(t *testing.T) {
	w, clock := shiftedWorld(t)
	begun := w.experiment(endless(nil))
	clock.forward(600_000 * time.Second)
	w.come(0, 100)
	w.sees(100)
	w.close()
	clock.forward(900_000 * time.Second)
	w.openStore()
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.cfg.Now = clock.now
	w.open()
	eventually(t, "the time to go on", func() bool { _, doc := w.stored(); return doc["restarts"] != nil })
	w.sees(100)
	got := w.tried()
	if away := got.Until.Sub(begun.Until); got.State != "running" || away < 900_000*time.Second || away > 900_060*time.Second {
		t.Fatalf("%v later: %s", got.Until.Sub(begun.Until), shown(got))
	}
	clock.forward(400_001 * time.Second)
	if done := w.triedOut(); !strings.HasPrefix(done.Reason, "the time is over: ") {
		t.Errorf("%s", shown(done))
	}
}

// renewed is the hand-over of a host to the next one. The folder is free first, then
// the next host loads, then calls end here, and what was measured goes over.
func renewed(t *testing.T, over func(json.RawMessage) json.RawMessage) (w, next *world, handOver func()) {
	w = newWorld(t)
	must(t, w.store.Close())
	folder := filepath.Join(w.dir, "store")
	open := func() (store.Store, error) { return boltstore.OpenUnsynced(folder) }
	parked, err := parkstore.Open(open)
	must(t, err)
	w.store, w.mem = parked, newRollingDriver()
	w.cfg = w.config()
	w.open()
	w.deploy(flakyRelease(1, 0))
	w.hold(flakyRelease(2, 0))
	next = &world{t: w.t, dir: w.dir, policy: w.policy}
	return w, next, func() {
		must(t, parked.Park(context.Background()))
		s, err := open()
		must(t, err)
		next.store, next.mem = s, newRollingDriver()
		next.cfg = next.config()
		taken := make(chan struct{})
		next.cfg.TakenOver = taken
		next.open()
		w.come(200, 300) // while the next one loads
		if err := next.rt.Experiments.TakeOver(over(w.rt.Experiments.HandOver())); err != nil {
			t.Log(err)
		}
		close(taken)
		t.Cleanup(next.close)
	}
}

func TestARenewalLosesNothing(t *testing.T) {
	w, next, handOver := renewed(t, func(text json.RawMessage) json.RawMessage { return text })
	begun := w.experiment(endless(nil))
	w.come(0, 200)
	w.sees(200)
	handOver()
	next.come(0, 100)
	next.sees(400)
	got := next.tried()
	if c := checkOf(got.Health, "restarts"); c.Light != compare.Green || !strings.Contains(c.Text, "nothing was lost") || got.ID != begun.ID {
		t.Errorf("%+v", c)
	}
	if _, units := measured(got.Arms); units < 293 || units > 300 {
		t.Errorf("%d units", units)
	}
	must(t, w.rt.Close(context.Background())) // the one before writes nothing any more
	eventually(t, "a note", func() bool {
		_, doc := next.stored()
		return doc["restarts"] != nil && doc["left"] == nil
	})
}

// Whatever comes over, the next process goes on, from the last note at worst.
func TestARenewalThatHandsOverNonsenseGoesOnFromTheLastNote(t *testing.T) {
	for what, over := range map[string]func(json.RawMessage) json.RawMessage{
		"nothing":      func(json.RawMessage) json.RawMessage { return nil },
		"no JSON":      func(json.RawMessage) json.RawMessage { return json.RawMessage(`{`) },
		"another type": func(json.RawMessage) json.RawMessage { return json.RawMessage(`{"adder":{"rollout":2,"progress":3}}`) },
		"damaged": func(json.RawMessage) json.RawMessage {
			return json.RawMessage(`{"adder":{"rollout":2,"progress":{"checkpoint":"c3dseAEAAAA="}},"nobody":{"rollout":1,"progress":{"checkpoint":""}}}`)
		},
		"another rollout": func(text json.RawMessage) json.RawMessage {
			return json.RawMessage(strings.Replace(string(text), `"rollout":2`, `"rollout":7`, 1))
		},
	} {
		t.Run(what, func(t *testing.T) {
			w, next, handOver := renewed(t, over)
			w.experiment(endless(nil))
			w.come(0, 200)
			w.sees(200)
			eventually(t, "a note", func() bool { _, doc := w.stored(); return len(fmt.Sprint(doc["arms"])) > 100 })
			handOver()
			next.come(1000, 1100)
			eventually(t, "calls", func() bool {
				calls, _ := measured(next.tried().Arms)
				return calls >= 100 && calls <= 300
			})
			if c := checkOf(next.tried().Health, "restarts"); c.Light != compare.Yellow || !strings.Contains(c.Text, "after a crash") {
				t.Errorf("%+v", c)
			}
		})
	}
}

// A process that never served writes nothing when it ends.
func TestAHostThatIsSentAwayDoesNotCountAsARestart(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(nil))
	w.come(0, 100)
	w.sees(100)
	w.close()
	w.openStore()
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.cfg.TakenOver = make(chan struct{})
	w.open()
	before, _ := w.stored()
	w.close()
	w.openStore()
	after, err := w.store.Rollout(context.Background(), name, before.ID)
	must(t, err)
	if after.Revision != before.Revision {
		t.Errorf("revision %d became %d", before.Revision, after.Revision)
	}
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.open()
	w.rollsOn(t)
	w.sees(100)
	if c := checkOf(w.tried().Health, "restarts"); c.Text != "the host came back once and went on counting; nothing was lost" {
		t.Errorf("%+v", c)
	}
}

// The n-th call of the store fails while a host ends and comes back, for every n.
// Whatever is lost then, nothing is counted twice, and the experiment goes on.
func TestAFailureOfTheStoreAtAnyStepOfARestart(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			for n := 1; n <= 12 && restartFails(t, n, after); n++ {
			}
		})
	}
}

func restartFails(t *testing.T, n int, after bool) bool {
	w := rollingWorld(t, 0)
	w.experiment(endless(nil))
	w.come(0, 40)
	w.restart()
	w.rollsOn(t)
	must(t, w.rt.Close(context.Background()))
	faulty := faultstore.New(w.store, n)
	if after {
		faulty = faultstore.NewAfter(w.store, n)
	}
	w.mem = newRollingDriver()
	w.cfg.Store, w.cfg.Drivers = faulty, map[manifest.Kind]driver.Driver{memdriver.Kind: w.mem}
	rt, err := runtime.Open(context.Background(), w.cfg)
	if err != nil {
		w.rt = nil
		w.close()
		return true
	}
	w.rt = rt
	for i := 40; i < 60; i++ {
		_, _ = w.rt.Execute(context.Background(), name, map[string]any{"customer": fmt.Sprint("c", i)}) // or it does not serve
	}
	failed := faulty.Calls() >= n
	w.restart()
	if got := w.tried(); got.State == "ended" && !strings.Contains(got.Reason, "the candidate did not load when the host started") {
		t.Fatalf("%d: nothing goes on: %s", n, shown(got))
	}
	eventually(t, "what was counted", func() bool {
		calls, units := measured(w.tried().Arms)
		return calls-units < 5 && calls >= 40 && calls <= 60
	})
	w.close()
	return failed
}

// Statistics that fail every time end the experiment, not the host.
func TestAnExperimentWhoseNumbersCannotBeJudgedEnds(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(map[string]any{"calls": int64(50)}))
	w.come(0, 300)
	w.sees(300)
	w.close()
	w.openStore()
	w.mem = newRollingDriver()
	w.cfg = w.config()
	taken, log := make(chan struct{}), &strings.Builder{}
	w.cfg.TakenOver, w.cfg.Log = taken, slog.New(slog.NewTextHandler(log, nil))
	w.open()
	w.rt.BreakStatistics(name)
	close(taken)
	done := w.triedOut()
	if done.Reason != "its numbers cannot be judged: that failed 10 times in a row, and the log has why" || done.Verdict.Word != compare.Undecided ||
		done.Verdict.Blocked != "judging" || checkOf(done.Health, "judging").Light != compare.Red {
		t.Errorf("%s", shown(done))
	}
	r := w.report()
	if calls, _ := measured(r.Arms); calls != 300 || r.Partial != done.Reason {
		t.Errorf("%d calls, %q", calls, r.Partial)
	}
	w.close()
	if n := strings.Count(log.String(), "panic in an experiment"); n < 10 || n > 60 {
		t.Errorf("the log tells of it %d times", n)
	}
}
