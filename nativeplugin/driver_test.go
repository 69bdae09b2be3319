package nativeplugin_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

func replace(s, old, new string) string { return strings.ReplaceAll(s, old, new) }

func TestTwoVersionsWithAChangedHelperRunSideBySide(t *testing.T) {
	v1 := load(t, release(t, "1.0.0", scorer("v1")), "1.0.0", map[string]any{"max": int64(1)})
	v2 := load(t, release(t, "2.0.0", scorer("v2")), "2.0.0", map[string]any{"max": int64(2)})
	// Other tests of this process may have called the same plugins.
	calls1, calls2 := answer(t, v1, nil, "calls").(int64), answer(t, v2, nil, "calls").(int64)
	for range 3 {
		if got := answer(t, v1, map[string]any{"amount": int64(21)}, "score"); got != int64(42) {
			t.Errorf("v1 answers %v", got)
		}
		if got := answer(t, v2, map[string]any{"amount": int64(21)}, "score"); got != int64(211) {
			t.Errorf("v2 answers %v", got)
		}
	}
	if got := answer(t, v1, nil, "rates"); got != "version,v1\n" {
		t.Errorf("v1 embeds %q", got)
	}
	if got := answer(t, v2, nil, "rates"); got != "version,v2\n" {
		t.Errorf("v2 embeds %q", got)
	}
	if a, b := answer(t, v1, nil, "calls"), answer(t, v2, nil, "calls"); a != calls1+5 || b != calls2+5 {
		t.Errorf("the helper's state bleeds between versions: %v and %v calls after %v and %v", a, b, calls1, calls2)
	}
	if a, b := answer(t, v1, nil, "max"), answer(t, v2, nil, "max"); a != int64(1) || b != int64(2) {
		t.Errorf("configs are %v and %v", a, b)
	}
}

func TestRollbackUsesWhatIsOpen(t *testing.T) {
	p := release(t, "1.0.0", scorer("v1"))
	first := load(t, p, "1.0.0", nil)
	before := sharedDriver(t).Status()
	calls := answer(t, first, nil, "calls").(int64)
	if err := first.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	second := load(t, p, "1.0.0", map[string]any{"max": "fresh"})
	if got := sharedDriver(t).Status(); got != before {
		t.Errorf("status went from %+v to %+v", before, got)
	}
	if got := answer(t, second, nil, "calls"); got != calls+1 {
		t.Errorf("the helper counts %v calls after %v: the plugin was opened twice", got, calls)
	}
	if got := answer(t, second, nil, "max"); got != "fresh" {
		t.Errorf("the strategy has the config %v: it was not made again", got)
	}
}

func TestAPanicIsAFaultOfOneCall(t *testing.T) {
	in := load(t, release(t, "1.0.0", scorer("v1")), "1.0.0", nil)
	_, err := in.Execute(context.Background(), map[string]any{"panic": true})
	var f *driver.Fault
	if !errors.As(err, &f) || f.Code != problem.FaultPanic || !strings.Contains(f.Stack, "swapline.release/risk/v1_0_0_") {
		t.Fatalf("got %v", err)
	}
	if got := answer(t, in, map[string]any{"amount": int64(1)}, "score"); got != int64(2) {
		t.Errorf("after a panic it answers %v", got)
	}
}

func TestMethodsAndValidateComeFromTheStrategy(t *testing.T) {
	plainOne := load(t, release(t, "1.0.0", scorer("v1")), "1.0.0", nil)
	if got := strings.Join(plainOne.Methods(), " "); got != "Execute" {
		t.Errorf("methods are %s", got)
	}
	if err := plainOne.Validate(context.Background()); err != nil {
		t.Error(err)
	}
	validator := load(t, release(t, "2.0.0", scorer("v2")), "2.0.0", nil)
	if got := strings.Join(validator.Methods(), " "); got != "Execute Validate" {
		t.Errorf("methods are %s", got)
	}
	if err := validator.Validate(context.Background()); err == nil || !strings.Contains(err.Error(), "not_ready") {
		t.Errorf("validate says %v", err)
	}
}
