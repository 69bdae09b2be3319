package runtime_test

import (
	"context"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// candidateSees replays what is recorded and returns what release 2 was asked.
func candidateSees(t *testing.T, w *world, s *stage, n int) []map[string]any {
	t.Helper()
	got := new(seen)
	s.in = got.add
	w.repeats(n, tolerant())
	_, err := w.command(rollout.VerbAbort)
	must(t, err)
	s.in = nil
	return got.all()
}

func TestNothingIsRecordedUnlessThePolicySaysSo(t *testing.T) {
	w, s := actors(t, 100)
	w.ask(20, small, map[string]any{"plain": true})
	if list := candidateSees(t, w, s, 0); len(list) != 0 {
		t.Errorf("%d inputs were recorded", len(list))
	}
	w.records(nil)
	w.ask(20, small, map[string]any{"plain": true})
	if list := candidateSees(t, w, s, 20); len(list) < 20 {
		t.Errorf("%d inputs were recorded", len(list))
	}
	w.policySet(nil)
	if list := candidateSees(t, w, s, 0); len(list) != 0 {
		t.Errorf("%d inputs are kept although nothing is to be recorded", len(list))
	}
}

func TestMaskedFieldsAreNotRecorded(t *testing.T) {
	w, s := actors(t, 100)
	w.records(map[string]any{"mask": []any{"/card/number", "/customer"}})
	w.ask(20, small, map[string]any{"plain": true})
	list := candidateSees(t, w, s, 20)
	if len(list) < 20 {
		t.Fatalf("%d inputs", len(list))
	}
	for _, in := range list {
		text, err := wire.AppendJSON(nil, in)
		must(t, err)
		if !strings.HasPrefix(string(text), `{"amount":1,"card":{"number":"xxxxxxxxxxxxxxxx"},"customer":"xx`) {
			t.Fatalf("the candidate saw %s", text)
		}
	}
}

func TestOtherMasksBeginAnew(t *testing.T) {
	w, s := actors(t, 100)
	w.records(nil)
	w.ask(20, small, map[string]any{"plain": true})
	w.records(map[string]any{"mask": []any{"/card"}})
	if list := candidateSees(t, w, s, 0); len(list) != 0 {
		t.Errorf("%d inputs were kept that are not masked", len(list))
	}
}

func TestASwitchKeepsWhatIsRecordedAndARestartDoesNot(t *testing.T) {
	w, s := actors(t, 100)
	w.records(nil)
	w.ask(20, small, map[string]any{"plain": true})
	candidateSees(t, w, s, 20)
	_, err := w.rt.Switch(context.Background(), back("2.0.0"))
	must(t, err)
	_, err = w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	if list := candidateSees(t, w, s, 20); len(list) < 20 {
		t.Errorf("%d inputs are left after a switch", len(list))
	}
	w.restart()
	if list := candidateSees(t, w, s, 0); len(list) != 0 {
		t.Errorf("%d inputs are left after a restart", len(list))
	}
	w.ask(20, small, map[string]any{"plain": true}) // the operator's policy is followed again
	if list := candidateSees(t, w, s, 20); len(list) < 20 {
		t.Errorf("%d inputs were recorded after a restart", len(list))
	}
}

func TestTheManifestsPolicyIsFollowedWithItsRelease(t *testing.T) {
	w, _ := actors(t, 100)
	three := actorRelease(3, 100)
	three.Rollout = half(map[string]any{"record": map[string]any{"last": int64(10)}})
	up, never := w.upload(three), false
	up.Rollout = &never
	_, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	w.hold(actorRelease(4, 100))
	recorded := func() int {
		_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "4.0.0", Policy: tolerant()})
		must(t, err)
		got := w.replays()
		_, err = w.command(rollout.VerbAbort)
		must(t, err)
		return got.Replay.Recorded
	}
	for range 20 {
		_, err := w.rt.Execute(context.Background(), name, map[string]any{"plain": true})
		must(t, err)
	}
	eventually(t, "the recording of ten inputs", func() bool { return recorded() == 10 })
	_, err = w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	if n := recorded(); n != 0 {
		t.Errorf("%d inputs are left of a release that does not serve", n)
	}
}

func TestInputsThatReachNoReleaseAreNotRecorded(t *testing.T) {
	w, s := actors(t, 100)
	w.records(nil)
	for range 5 {
		if _, err := w.rt.ExecuteText(context.Background(), name, []byte(`{"amount":1,`), nil); err == nil {
			t.Fatal("no JSON, and no error")
		}
		if _, err := w.rt.Execute(context.Background(), name, map[string]any{"wrong": make(chan int)}); err == nil {
			t.Fatal("a channel is no value")
		}
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.rt.Execute(gone, name, map[string]any{"amount": int64(2), "linger": true}); problem.CodeOf(err) != problem.Canceled {
		t.Fatalf("err = %v", err)
	}
	w.ask(2, small, map[string]any{"plain": true})
	list := candidateSees(t, w, s, 2)
	for _, in := range list {
		if in["amount"] != int64(1) {
			t.Errorf("recorded %v", in)
		}
	}
}
