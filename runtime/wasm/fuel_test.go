package wasm

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/wasm/meter"
)

// TestAGuestLetsOthersRunOnceInATurn at ticks, and between calls of the host,
// which use little fuel and much time. On one processor others run only then.
func TestAGuestLetsOthersRunOnceInATurn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	h := newHost(nil, nil)
	for _, i := range []struct{ module, name string }{{meter.ImportModule, meter.ImportName}, {wasiModule, "args_get"}} {
		call := importOf(t, i.module, i.name)
		if tries := othersRun(t, h, call, time.Hour); tries > 2 { // Go may choose the same goroutine once
			t.Errorf("%s, long after the last turn: others ran after %d calls", i.name, tries)
		}
		most := 0 // Go stops who runs for long, and others run by chance
		for range 10 {
			most = max(most, othersRun(t, h, call, -time.Hour))
		}
		if most <= 2 {
			t.Errorf("%s, within a turn: others ran after %d calls at most", i.name, most)
		}
	}
}

// othersRun calls until another goroutine has run, three times at most, each so
// long after the last turn. It returns the number of calls.
func othersRun(t *testing.T, h *Host, call func(*Host, Memory, []uint64) error, past time.Duration) (calls int) {
	t.Helper()
	var ran atomic.Bool
	go ran.Store(true)
	defer runtime.Gosched()
	for calls < 3 && !ran.Load() {
		calls++
		h.fuel.since = time.Now().Add(-past)
		if err := call(h, nil, make([]uint64, 4)); err != nil {
			t.Fatal(err)
		}
	}
	if !ran.Load() {
		return calls + 1
	}
	return calls
}
