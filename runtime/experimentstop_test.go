package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// TestAStopIsOneWithItsNote: who stops an experiment has looked at numbers of which no
// note may have told yet. The step that ends it has them all: a crash right after it takes
// none of them away, and where it cannot be stored, nothing has ended.
func TestAStopIsOneWithItsNote(t *testing.T) {
	for _, promote := range []bool{false, true} {
		t.Run(fmt.Sprintf("promote %t", promote), func(t *testing.T) {
			w, power := cutWorld(t)
			w.experiment(endless(nil))
			power.off.Store(true) // no note from now on
			w.come(0, 400)
			w.sees(400)
			seen := w.tried()
			_, doc := w.stored()
			if calls := measuredIn(t, doc); calls >= 400 {
				t.Fatalf("a note tells of %d calls, so that nothing is tried", calls)
			}
			done, err := w.stopped(promote)
			must(t, err)
			_, doc = w.stored() // as another process finds it, if this one ends here
			if calls := measuredIn(t, doc); calls != 400 || doc["ended"] == nil {
				t.Errorf("the end has %d calls: %v", calls, doc["ended"])
			}
			if verdict := doc["verdict"].(map[string]any); verdict["verdict"] != string(seen.Verdict.Word) || verdict["verdict"] != string(done.Verdict.Word) {
				t.Errorf("seen %q, answered %q, stored %v", seen.Verdict.Word, done.Verdict.Word, verdict["verdict"])
			}
			w.restart()
			if after := w.tried(); after.State != "ended" || after.Verdict.Word != seen.Verdict.Word {
				t.Errorf("%s", shown(after))
			}
			if calls, _ := measured(w.report().Arms); calls != 400 {
				t.Errorf("the report has %d calls", calls)
			}
		})
	}
}

// measuredIn is how many calls a stored experiment tells of.
func measuredIn(t *testing.T, doc map[string]any) int64 {
	t.Helper()
	text, err := json.Marshal(doc["arms"])
	must(t, err)
	var arms []compare.Arm
	must(t, json.Unmarshal(text, &arms))
	calls, _ := measured(arms)
	return calls
}

// TestAStopThatCannotBeStoredEndsNothing: what was seen is still what is counted.
func TestAStopThatCannotBeStoredEndsNothing(t *testing.T) {
	w, _ := cutWorld(t)
	dark := &dark{cut: w.cfg.Store.(*cut)}
	must(t, w.rt.Close(context.Background()))
	w.cfg.Store = dark
	w.open()
	w.experiment(endless(nil))
	w.come(0, 200)
	w.sees(200)
	dark.off.Store(true)
	_, err := w.stopped(false)
	wantCode(t, err, problem.StoreFailed)
	dark.off.Store(false)
	if x := w.tried(); x.State != "running" {
		t.Errorf("%s", shown(x))
	}
	w.come(200, 300)
	w.sees(300)
	done, err := w.stopped(false)
	must(t, err)
	if calls, _ := measured(done.Arms); calls != 300 {
		t.Errorf("%s", shown(done))
	}
}

// dark is a cut store that does not take steps either.
type dark struct{ *cut }

func (d *dark) Activate(ctx context.Context, a store.Activation) error {
	if d.off.Load() {
		return problem.New(problem.StoreFailed, "the power is off")
	}
	return d.Store.Activate(ctx, a)
}
