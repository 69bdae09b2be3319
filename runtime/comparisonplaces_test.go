package runtime_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/compare"
)

// TestOnePlaceIsEnough: each call gives its place back.
func TestOnePlaceIsEnough(t *testing.T) {
	w := started(t)
	b := release(1)
	b.Limits.Concurrency, b.Limits.Timeout = 1, time.Minute
	w.deploy(b)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ask := against("", "")
	ask.Progress = func(p compare.Progress) {
		if p.Stage == "warm-up" {
			cancel()
		}
	}
	report, err := w.rt.Comparisons.Run(ctx, ask)
	must(t, err)
	if a := report.Answers[0]; a.Compared != 3 || a.Different != 0 {
		t.Errorf("%+v", a)
	}
}

// TestCallsThatFindNoPlaceAreFaults: left out, they would make an arm that refuses calls
// look as fast as one that does them.
func TestCallsThatFindNoPlaceAreFaults(t *testing.T) {
	const callers, queue = 400, 256
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var busy atomic.Bool
	var arms atomic.Int64
	// The first of many calls of an arm keeps the place until only those are left that
	// wait for it.
	keep := func() {
		eventually(t, "the end of all that find no place", func() bool {
			return goroutinesIn("(*gate).await") == queue && goroutinesIn("compare.(*run).through.") == queue+1
		})
		if arms.Add(1) == 2 {
			cancel()
		}
	}
	w := made(t, func(abi.Host) (abi.Strategy, error) {
		var first sync.Once
		return function(func(_ context.Context, in map[string]any) (map[string]any, error) {
			if busy.Load() {
				first.Do(keep)
			}
			return in, nil
		}), nil
	})
	b := cooperative(1)
	b.Limits.Concurrency = 1
	w.deploy(b)
	ask := against("", "")
	ask.Plan.Callers = callers
	ask.Progress = func(p compare.Progress) { busy.Store(p.Stage == "throughput") }
	report, err := w.rt.Comparisons.Run(ctx, ask)
	must(t, err)
	if a := report.Arms[0]; a.Faults == 0 || a.Faults >= a.Calls {
		t.Errorf("%d of %d calls found no place", a.Faults, a.Calls)
	}
}

// goroutinesIn counts the goroutines that have a function on their stack.
func goroutinesIn(function string) (n int) {
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // a buffer takes all
	for group := range strings.SplitSeq(b.String(), "\n\n") {
		if !strings.Contains(group, function) {
			continue
		}
		for line := range strings.Lines(group) {
			if count, _, found := strings.Cut(line, " @ "); found {
				of, _ := strconv.Atoi(count)
				n += of
			}
		}
	}
	return n
}
