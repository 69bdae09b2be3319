package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
)

// careful is a strategy with a Validate.
type careful struct{ named }

func newCareful(abi.Host) (abi.Strategy, error) { return careful{"careful"}, nil }

func (careful) Validate(context.Context) error { return nil }

func TestPushTellsADifferenceAndTakesItWhenItIsMeant(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.must("push", w.release(dir, "one", "1.0.0", 1))
	next := w.release(dir, "careful", "2.0.0", 2)
	r := w.command("push", next)
	if r.code == exitOK || !strings.Contains(r.stderr, "\n+ Validate func(context.Context) error\n") || !strings.Contains(r.stderr, "--new-baseline") {
		t.Fatalf("%+v", r)
	}
	w.answers("one")
	w.must("push", next, "--new-baseline", "--reason", "it checks its tables now")
	w.answers("careful")
	if out := w.must("get", "risk", "--json"); !strings.Contains(out, `"new_baseline":true`) && !strings.Contains(out, `"new_baseline": true`) {
		t.Errorf("the journal does not tell: %s", out)
	}
}

func TestTheFaultPolicyOfTheCommandLine(t *testing.T) {
	for _, c := range []struct {
		args string
		want runtime.FaultPolicy
		ok   bool
	}{
		{"", runtime.FaultPolicy{Faults: 10, Share: 0.5, Window: 10 * time.Second}, true},
		{"--withdraw-faults 3 --withdraw-share 1 --withdraw-window 1m", runtime.FaultPolicy{Faults: 3, Share: 1, Window: time.Minute}, true},
		{"--withdraw-faults 0", runtime.FaultPolicy{Faults: -1}, true},
		{"--withdraw-faults -1", runtime.FaultPolicy{}, false},
		{"--withdraw-share 50", runtime.FaultPolicy{}, false},
		{"--withdraw-share 0", runtime.FaultPolicy{}, false},
		{"--withdraw-window 0s", runtime.FaultPolicy{}, false},
	} {
		var o withdrawOptions
		f := new(pflag.FlagSet)
		o.flags(f)
		if err := f.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		if got, err := o.policy(); got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: %+v, %v", c.args, got, err)
		}
	}
}

func TestServeRefusesAFaultPolicyThatMakesNoSense(t *testing.T) {
	r := command(t, t.TempDir(), "serve", "--listen", "127.0.0.1:0", "--withdraw-share", "50")
	if r.code != exitUsage || !strings.Contains(r.stderr, "--withdraw-share") {
		t.Errorf("%+v", r)
	}
}
