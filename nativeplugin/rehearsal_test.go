package nativeplugin

import (
	"testing"
	"time"
)

func TestNoMoreOfAChildIsBelievedThanTheClockHereSays(t *testing.T) {
	for said, want := range map[time.Duration]time.Duration{-1: 0, 0: 0, time.Millisecond: time.Millisecond, time.Hour: time.Second} {
		e := &examination{took: time.Second, verdict: &verdict{Opened: said}}
		if got := e.opening(); got != want {
			t.Errorf("%s became %s", said, got)
		}
	}
	if got := (&examination{took: time.Second}).opening(); got != 0 {
		t.Errorf("no verdict, and %s", got)
	}
}
