package nativeplugin

import (
	"errors"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

// TestADegradedProcessSaysSoOnce, with the first reason, to who asked for it.
func TestADegradedProcessSaysSoOnce(t *testing.T) {
	told := make(chan error, 2)
	d, err := New(Config{Probe: []string{"child"}, Degraded: func(cause error) { told <- cause }})
	must(t, err)
	first, second := errors.New("first"), errors.New("second")
	if err := d.degrade(first); problem.CodeOf(err) != problem.NativeOpen {
		t.Errorf("err = %v", err)
	}
	_ = d.degrade(second)
	if got := <-told; !errors.Is(got, first) {
		t.Errorf("it was told %v", got)
	}
	_ = d.degrade(second) // a second call would have been there before this one
	if len(told) != 0 {
		t.Errorf("it was told again: %v", <-told)
	}
	quiet, err := New(Config{Probe: []string{"child"}})
	must(t, err)
	if err := quiet.degrade(first); err == nil {
		t.Error("no error without anybody to tell")
	}
}
