package runtime_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// BenchmarkVerdict tells how long after the verdict the last request began on the
// release that is taken back, with four callers that do nothing else. It is
// negative if nobody began after the verdict was written down.
func BenchmarkVerdict(b *testing.B) {
	worst := time.Duration(math.MinInt64)
	for range b.N {
		w := rollingWorld(b, 20)
		last := lastStart(b, w)
		d, err := w.rt.Rollouts.Decisions(context.Background(), name, 0)
		must(b, err)
		worst = max(worst, last.Sub(d[len(d)-1].At))
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "ms/last-start")
}

// lastStart runs a rollout to its rollback under load and returns when the last
// call of the candidate began.
func lastStart(b *testing.B, w *world) time.Time {
	w.start(half(nil))
	var wg sync.WaitGroup
	var last [4]time.Time
	stop := make(chan struct{})
	for lane := range last {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				resp, _ := w.rt.Execute(context.Background(), name, map[string]any{"customer": fmt.Sprint(lane, n)})
				if resp.Release.Version == "2.0.0" {
					last[lane] = began
				}
			}
		})
	}
	if done := w.ends(); done.Phase != rollout.RolledBack {
		b.Fatalf("ended %s", done.Phase)
	}
	close(stop)
	wg.Wait()
	latest := last[0]
	for _, t := range last[1:] {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// BenchmarkExecuteInARollout is a call beside a candidate that gets a fifth of the
// traffic, by a key in the input; BenchmarkExecute is its twin.
func BenchmarkExecuteInARollout(b *testing.B) {
	w := rollingWorld(b, 0)
	in := map[string]any{"customer": "customer-4711"}
	b.Run("alone", func(b *testing.B) { callsOf(b, w, in) })
	w.start(patient())
	b.Run("rollout", func(b *testing.B) { callsOf(b, w, in) })
}

func callsOf(b *testing.B, w *world, in map[string]any) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.rt.Execute(context.Background(), name, in); err != nil {
			b.Fatal(err)
		}
	}
}

// fewestAllocs is how many allocations a call makes. What is counted is of the whole
// process, so the fewest of many counts is the call's own.
func fewestAllocs(call func()) float64 {
	fewest := math.Inf(1)
	for range 200 {
		fewest = min(fewest, testing.AllocsPerRun(10, call))
	}
	return fewest
}

func TestARolloutAddsNoAllocationToACall(t *testing.T) {
	w := rollingWorld(t, 0)
	in := map[string]any{"customer": "customer-4711"}
	call := func() {
		if _, err := w.rt.Execute(context.Background(), name, in); err != nil {
			t.Fatal(err)
		}
	}
	alone := fewestAllocs(call)
	w.start(patient())
	if beside := fewestAllocs(call); beside > alone {
		t.Errorf("a call allocates %g times alone and %g times in a rollout", alone, beside)
	}
}
