package runtime_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

func TestAShadowSeesWhatTheCallSawAndLeavesNoTrace(t *testing.T) {
	w, s := actors(t, 100)
	if ro := w.start(shadowed(nil)); ro.Phase != rollout.Shadowing || ro.Weight != 0 {
		t.Fatalf("begun: %+v", ro)
	}
	const n = 60
	asked := int64(0)
	for w.shadowCalls() < 30 {
		w.ask(n, small, nil)
		asked += n
		time.Sleep(time.Millisecond)
		if asked > 1000*n {
			t.Fatal("nothing runs in the shadow")
		}
	}
	if _, err := w.command(rollout.VerbAbort); err != nil {
		t.Fatal(err)
	}
	calls, events, hits := s.trace(t)
	if calls != asked || events != asked || hits != 2*asked {
		t.Errorf("%d live calls left %d writes, %d events, %d requests", asked, calls, events, hits)
	}
	// Both count, and both tell what the site said: were it not the live call's
	// world, they would differ.
	got := w.rollout()
	if got.Phase != rollout.Aborted || got.Shadow == nil || got.Shadow.Compared < 30 || got.Shadow.Different != 0 {
		t.Errorf("%s: %+v", got.Phase, got.Shadow)
	}
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

func TestChangedDecisionsInTheShadowAreListed(t *testing.T) {
	w, s := actors(t, 50)
	w.start(shadowed(map[string]any{"for_s": 0.2}))
	for i := 0; !w.rollout().Phase.Ended(); i++ {
		w.ask(50, rising, map[string]any{"plain": true})
		if i > 10_000 {
			t.Fatalf("still %s", w.rollout().Phase)
		}
		time.Sleep(time.Millisecond)
	}
	got := w.rollout()
	if got.Phase != rollout.Blocked || got.Shadow == nil || len(got.Shadow.Differences) != 1 {
		t.Fatalf("%s (%s): %+v", got.Phase, got.Reason, got.Shadow)
	}
	if d := got.Shadow.Differences[0]; d.Pointer != "/limits/0/max" || d.Stable != "100" || d.Candidate != "50" {
		t.Errorf("%+v", d)
	}
	if _, events, hits := s.trace(t); events != 0 || hits != 0 {
		t.Errorf("%d events, %d requests", events, hits)
	}
	if st := w.status(); st.Stable.Version != "1.0.0" {
		t.Errorf("%s serves", st.Stable.Version)
	}
}

func TestAGoodShadowGetsTraffic(t *testing.T) {
	w, _ := actors(t, 100)
	w.start(shadowed(map[string]any{"for_s": 0.2, "max_different": 0.2}))
	for i := 0; w.rollout().Phase == rollout.Shadowing; i++ {
		if _, err := w.rt.Execute(context.Background(), name, map[string]any{"amount": int64(1), "plain": true}); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			time.Sleep(time.Millisecond)
		}
		if i > 10_000_000 {
			t.Fatal("the shadow does not end")
		}
	}
	got := w.rollout()
	if got.Phase != rollout.Running || got.Weight != 50 || got.Shadow == nil || got.Shadow.Different != 0 {
		t.Fatalf("%s at %g: %s, %+v", got.Phase, got.Weight, got.Reason, got.Shadow)
	}
	eventually(t, "the end of the shadow", func() bool {
		var b bytes.Buffer
		must(t, pprof.Lookup("goroutine").WriteTo(&b, 1))
		return w.shadowCalls() == 0 && !strings.Contains(b.String(), "runtime/shadow.")
	})
}

func TestACandidateThatHangsInTheShadowDelaysNobody(t *testing.T) {
	w, s := actors(t, 100)
	hold := make(chan string)
	s.wait.Store(&hold)
	w.start(shadowed(nil))
	w.ask(500, small, map[string]any{"plain": true}) // it would not come back
	eventually(t, "a call of the candidate", func() bool {
		w.ask(1, small, map[string]any{"plain": true})
		return s.entered.Load() > 0
	})
	w.ask(500, small, map[string]any{"plain": true})
	if n := s.entered.Load(); n > 2 {
		t.Errorf("%d calls hang at the same time", n)
	}
	if _, err := w.command(rollout.VerbAbort); err != nil { // ends those that hang
		t.Fatal(err)
	}
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

// TestAShadowTakesNoMoreTimeThanItsBudget compares times that were measured.
func TestAShadowTakesNoMoreTimeThanItsBudget(t *testing.T) {
	const least, budget, workers = 5 * time.Millisecond, 0.1, 2
	w, s := actors(t, 100)
	s.in = func(map[string]any) { time.Sleep(least) }
	w.start(shadowed(map[string]any{"budget": budget}))
	var live time.Duration
	asked := func() bool {
		live += w.ask(100, small, map[string]any{"plain": true})
		if n, most := s.entered.Load(), float64(live)*budget/float64(least)+workers; float64(n) > most {
			t.Fatalf("%d calls of at least %s beside %s of live calls, want at most %g", n, least, live, most)
		}
		return s.entered.Load() > 0
	}
	for range 20 {
		asked()
	}
	eventually(t, "a call in the shadow", asked)
}

func TestBusinessErrorsAreComparedByTheirCodes(t *testing.T) {
	w, _ := actors(t, 100)
	w.start(shadowed(nil))
	eventually(t, "the comparison", func() bool {
		for range 20 {
			if _, err := w.rt.Execute(context.Background(), name, map[string]any{"reject": true}); err == nil {
				t.Fatal("not rejected")
			}
		}
		got := w.rollout().Shadow
		return got != nil && got.Compared > 20
	})
	if got := w.rollout(); got.Shadow.Different != 0 {
		t.Errorf("%+v", got.Shadow)
	}
}

func TestCallsThatAreGivenUpLeaveRoomForOthers(t *testing.T) {
	w, s := actors(t, 100)
	w.start(shadowed(nil))
	w.ask(1, small, map[string]any{"plain": true}) // there is time to spend
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		if _, err := w.rt.Execute(gone, name, map[string]any{"linger": true}); problem.CodeOf(err) != problem.Canceled {
			t.Fatalf("err = %v", err)
		}
	}
	before := s.entered.Load()
	eventually(t, "a call in the shadow", func() bool {
		w.ask(1, small, map[string]any{"plain": true})
		return s.entered.Load() > before
	})
}

func TestLargeCallsHaveNoShadow(t *testing.T) {
	w, s := actors(t, 100)
	w.start(shadowed(nil))
	large := map[string]any{"plain": true, "pad": strings.Repeat("p", 1<<20)}
	for range 50 {
		if _, err := w.rt.Execute(context.Background(), name, large); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.entered.Load(); n != 0 {
		t.Errorf("%d large calls were copied", n)
	}
	eventually(t, "a call in the shadow", func() bool {
		w.ask(1, small, map[string]any{"plain": true})
		return s.entered.Load() > 0
	})
}

// TestCallersMayUseTheirBuffersAgain makes calls as text in one buffer.
func TestCallersMayUseTheirBuffersAgain(t *testing.T) {
	w, _ := actors(t, 100)
	w.start(shadowed(nil))
	text, dst := make([]byte, 0, 100), make([]byte, 0, 1000)
	i := 0
	eventually(t, "the comparison", func() bool {
		for range 20 {
			i++
			text = fmt.Appendf(text[:0], `{"plain":true,"amount":%d}`, 100+i%2)
			if _, err := w.rt.ExecuteText(context.Background(), name, text, append(dst[:0], "before "...)); err != nil {
				t.Fatal(err)
			}
		}
		got := w.rollout().Shadow
		return got != nil && got.Compared >= 20
	})
	if got := w.rollout().Shadow; got.Different != 0 {
		t.Errorf("%+v", got)
	}
}

// TestShadowsComeAndGoUnderLoad is for the race detector.
func TestShadowsComeAndGoUnderLoad(t *testing.T) {
	w, _ := actors(t, 100)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				in := map[string]any{"amount": int64(i), "plain": true}
				if _, err := w.rt.Execute(context.Background(), name, in); err != nil {
					t.Error(err)
				}
				if i%20 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	record := map[string]any{"record": map[string]any{"mask": []any{"/amount"}}}
	for i := range 6 {
		change := runtime.PolicyChange{Strategy: name}
		if i%2 == 0 {
			change.Policy = half(record)
		}
		if _, err := w.rt.Rollouts.SetPolicy(context.Background(), change); err != nil {
			t.Error(err)
		}
		w.start(shadowed(nil))
		time.Sleep(5 * time.Millisecond)
		if _, err := w.command(rollout.VerbAbort); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

// BenchmarkBeside is what recording and the shadow cost a call.
func BenchmarkBeside(b *testing.B) {
	input := []byte(`{"amount":1,"plain":true,"customer":"c-1234","card":{"number":"4111222233334444"},"lines":[{"sku":"a","n":1},{"sku":"b","n":2}]}`)
	for _, c := range []struct {
		name   string
		record map[string]any
		shadow map[string]any
	}{
		{"nothing", nil, nil},
		{"record_all", map[string]any{"mask": []any{"/card/number"}}, nil},
		{"shadow_all", nil, map[string]any{"budget": 0.25}},
		{"shadow_10_percent", nil, map[string]any{"budget": 0.25, "share": int64(10)}},
		{"shadow_without_budget", nil, map[string]any{"budget": 0.001}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w, _ := actors(b, 100)
			if c.record != nil {
				w.records(c.record)
			}
			if c.shadow != nil {
				w.start(shadowed(c.shadow))
			}
			dst := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.rt.ExecuteText(context.Background(), name, input, dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
