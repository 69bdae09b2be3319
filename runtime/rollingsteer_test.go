package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

func TestAPersonSteersARollout(t *testing.T) {
	w := rollingWorld(t, 0)
	begun := w.start(patient())
	stale := begun.Revision - 1
	_, err := w.rt.Rollouts.Command(context.Background(), runtime.RolloutCommand{Strategy: name, ID: begun.ID, Verb: rollout.VerbPause, IfRevision: &stale})
	wantCode(t, err, problem.StaleRollout)
	if ro, err := w.command(rollout.VerbPause); err != nil || ro.Phase != rollout.Paused || ro.Weight != 20 {
		t.Fatalf("paused: %v %+v", err, ro)
	}
	_, err = w.command(rollout.VerbPause)
	wantCode(t, err, problem.RolloutRefused)
	if ro, err := w.command(rollout.VerbResume); err != nil || ro.Phase != rollout.Running {
		t.Fatalf("resumed: %v %+v", err, ro)
	}
	if ro, err := w.command(rollout.VerbAbort); err != nil || ro.Phase != rollout.Aborted || ro.Reason == "" {
		t.Fatalf("aborted: %v %+v", err, ro)
	}
	_, err = w.command(rollout.VerbAbort)
	wantCode(t, err, problem.RolloutEnded)
	w.answersAs(t, 1)
	if got := fmt.Sprint(w.actions()); got != "[deploy rollout abort]" {
		t.Errorf("journal %s", got)
	}
	for _, want := range []string{"bob", "ann"} {
		if !strings.Contains(w.sentences(), want+" ") {
			t.Errorf("no decision of %s:\n%s", want, w.sentences())
		}
	}
	// An aborted release was not judged, and may try again.
	w.start(patient())
}

func TestOtherChangesWaitForARolloutAndARollbackEndsIt(t *testing.T) {
	w := rollingWorld(t, 0)
	w.deploy(flakyRelease(3, 0))
	w.hold(flakyRelease(4, 0))
	start := func() error {
		_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "4.0.0", Policy: patient()})
		return err
	}
	must(t, start())
	wantCode(t, start(), problem.RolloutActive)
	_, err := w.rt.Deploy(context.Background(), w.upload(flakyRelease(5, 0)))
	wantCode(t, err, problem.RolloutActive)
	_, err = w.rt.Switch(context.Background(), back("4.0.0"))
	wantCode(t, err, problem.RolloutActive)
	w.hold(flakyRelease(6, 0))
	_, err = w.rt.Rollback(context.Background(), back(""))
	must(t, err)
	w.answersAs(t, 1)
	if ro := w.rollout(); ro.Phase != rollout.Aborted || !strings.Contains(ro.Reason, "rollback") {
		t.Errorf("%s: %s", ro.Phase, ro.Reason)
	}
	eventually(t, "the close of everything else", func() bool { return w.mem.Open() == 1 })
}

func TestAnUploadMayBeginARollout(t *testing.T) {
	w := newWorld(t)
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.open()
	first := flakyRelease(1, 0)
	first.Rollout = patient()
	if out := w.deploy(first); out.Action != "deploy" {
		t.Fatalf("the first release: %+v", out)
	}
	second := flakyRelease(2, 0)
	second.Rollout = patient()
	out := w.deploy(second)
	if out.Action != "rollout" || out.Rollout == nil || out.Rollout.PolicyOf != "manifest" || out.Rollout.Weight != 20 || out.Release.Active {
		t.Fatalf("%+v", out)
	}
	if _, err := w.command(rollout.VerbAbort); err != nil {
		t.Fatal(err)
	}
	third := flakyRelease(3, 0)
	third.Rollout = patient()
	up := w.upload(third)
	up.Rollout = new(false)
	out, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	if out.Action != "deploy" {
		t.Fatalf("%+v", out)
	}
	wrong := flakyRelease(4, 0)
	wrong.Rollout = half(map[string]any{"alpha": int64(7)})
	_, err = w.rt.Deploy(context.Background(), w.upload(wrong))
	if p := wantCode(t, err, problem.RolloutPolicyMalformed); p.Pointer != "/rollout/alpha" {
		t.Errorf("pointer %q", p.Pointer)
	}
}

func TestPoliciesHaveAnOrder(t *testing.T) {
	w := rollingWorld(t, 0)
	ctx := context.Background()
	p, err := w.rt.Rollouts.Policy(ctx, name)
	must(t, err)
	if p.Of != "default" || p.Revision != 0 {
		t.Fatalf("%+v", p)
	}
	_, err = w.rt.Rollouts.SetPolicy(ctx, runtime.PolicyChange{Strategy: name, Policy: half(map[string]any{"stages": []any{}})})
	if p := wantCode(t, err, problem.RolloutPolicyMalformed); p.Pointer != "/stages" {
		t.Errorf("pointer %q", p.Pointer)
	}
	zero := uint64(0)
	p, err = w.rt.Rollouts.SetPolicy(ctx, runtime.PolicyChange{Strategy: name, Policy: patient(), IfRevision: &zero, Actor: "ann"})
	must(t, err)
	if p.Of != "operator" || p.Revision != 1 || p.Actor != "ann" {
		t.Fatalf("%+v", p)
	}
	_, err = w.rt.Rollouts.SetPolicy(ctx, runtime.PolicyChange{Strategy: name, IfRevision: &zero})
	wantCode(t, err, problem.StaleRollout)
	w.restart()
	if ro := w.start(nil); ro.PolicyOf != "operator" || ro.Weight != 20 {
		t.Fatalf("%+v", ro)
	}
	if _, err := w.command(rollout.VerbAbort); err != nil {
		t.Fatal(err)
	}
	p, err = w.rt.Rollouts.SetPolicy(ctx, runtime.PolicyChange{Strategy: name})
	must(t, err)
	if p.Of != "default" || p.Revision != 2 {
		t.Fatalf("%+v", p)
	}
}

func TestARolloutNeedsSomethingToCompareWith(t *testing.T) {
	w := newWorld(t)
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.open()
	ctx := context.Background()
	_, err := w.rt.Rollouts.Start(ctx, runtime.RolloutStart{Strategy: name, Release: "1.0.0"})
	wantCode(t, err, problem.UnknownStrategy)
	_, err = w.rt.Rollouts.Get(ctx, name, 0)
	wantCode(t, err, problem.UnknownStrategy)
	w.hold(flakyRelease(1, 0))
	_, err = w.rt.Rollouts.Start(ctx, runtime.RolloutStart{Strategy: name, Release: "1.0.0", Policy: half(nil)})
	wantCode(t, err, problem.RolloutRefused)
	_, err = w.rt.Rollouts.Get(ctx, name, 0)
	wantCode(t, err, problem.UnknownRollout)
	_, err = w.rt.Switch(ctx, back("1.0.0"))
	must(t, err)
	_, err = w.rt.Rollouts.Start(ctx, runtime.RolloutStart{Strategy: name, Release: "1.0.0", Policy: half(nil)})
	wantCode(t, err, problem.RolloutRefused)
	generation := uint64(7)
	_, err = w.rt.Rollouts.Start(ctx, runtime.RolloutStart{Strategy: name, Release: "1.0.0", IfGeneration: &generation})
	wantCode(t, err, problem.StaleGeneration)
}
