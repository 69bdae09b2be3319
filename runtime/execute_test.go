package runtime_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// choosing is a world whose strategy does what its input says.
func choosing(t *testing.T, change func(*build)) *world {
	w := started(t)
	b := behaving(1, tck.Choose)
	if change != nil {
		change(&b)
	}
	w.deployHasty(b)
	return w
}

// deployHasty is deploy of a release whose time may be too short for its golden case
// where the machine does other things.
func (w *world) deployHasty(b build) {
	w.t.Helper()
	eventually(w.t, "a deployment in time", func() bool {
		_, err := w.rt.Deploy(context.Background(), w.upload(b))
		if problem.CodeOf(err) == problem.GoldenCaseFailed {
			return false
		}
		must(w.t, err)
		return true
	})
}

func (w *world) execute(in map[string]any) (runtime.Response, error) {
	return w.rt.Execute(context.Background(), name, in)
}

func TestFaultsCarryACodeAndTellCallersNothingMore(t *testing.T) {
	w := choosing(t, nil)
	for i, c := range []struct {
		behaviour string
		code      problem.Code
	}{{tck.Panic, problem.FaultPanic}, {tck.Goexit, problem.FaultPanic}, {tck.Domain, problem.FaultABI}, {tck.NaN, problem.FaultABI}} {
		resp, err := w.execute(do(c.behaviour))
		p := wantCode(t, err, c.code)
		if strings.Contains(p.Error(), "conformance strategy") || resp.Release.Version != "1.0.0" || resp.Generation != 1 {
			t.Fatalf("caller sees %v of %+v", p, resp.Release)
		}
		if _, err := w.execute(do(tck.Echo)); err != nil {
			t.Fatalf("after a fault: %v", err)
		}
		if st := w.status(); st.Faults != int64(i+1) || st.BusinessErrors != 0 {
			t.Fatalf("%d faults, %d business errors", st.Faults, st.BusinessErrors)
		}
	}
}

func TestBusinessErrorsAreAnswers(t *testing.T) {
	w := choosing(t, nil)
	resp, err := w.execute(do(tck.Reject))
	var b *abi.Error
	if !errors.As(err, &b) || b.Code != tck.RejectedCode || b.Details["limit"] != int64(100) || resp.Generation != 1 {
		t.Fatalf("%v", err)
	}
	if st := w.status(); st.Faults != 0 || st.BusinessErrors != 1 || st.Requests != 1 {
		t.Fatalf("status %+v", st)
	}
}

func TestTheReleasesDeadlineIsItsFault(t *testing.T) {
	w := choosing(t, func(b *build) { b.Limits.Timeout = 500 * time.Millisecond })
	_, err := w.execute(do(tck.Spin))
	wantCode(t, err, problem.FaultDeadline)
	if st := w.status(); st.Faults != 1 {
		t.Fatalf("%d faults", st.Faults)
	}
}

func TestTheCallersDeadlineIsNobodysFault(t *testing.T) {
	w := choosing(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := w.rt.Execute(ctx, name, do(tck.Spin))
	wantCode(t, err, problem.Canceled)
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err = w.rt.Execute(ctx, name, do(tck.Spin))
	wantCode(t, err, problem.Canceled)
	if st := w.status(); st.Faults != 0 {
		t.Fatalf("%d faults", st.Faults)
	}
}

// TestACallersTimerMayBeLate: what counts is whose time is over, not who was told.
func TestACallersTimerMayBeLate(t *testing.T) {
	w := choosing(t, nil)
	_, err := w.rt.Execute(unaware{context.Background(), time.Now().Add(20 * time.Millisecond)}, name, do(tck.Spin))
	wantCode(t, err, problem.Canceled)
	if st := w.status(); st.Faults != 0 {
		t.Fatalf("%d faults", st.Faults)
	}
}

// unaware has a deadline that its Err never knows of.
type unaware struct {
	context.Context
	at time.Time
}

func (u unaware) Deadline() (time.Time, bool) { return u.at, true }

func TestMoreCallsThanPlacesWaitAndThenAreTurnedAway(t *testing.T) {
	w := choosing(t, func(b *build) { b.Limits.Timeout, b.Limits.Concurrency = 100*time.Millisecond, 1 })
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[problem.Code]int{} // guarded by mu
	for range 16 {
		wg.Go(func() {
			resp, err := w.rt.Execute(ctx, name, do(tck.Spin))
			mu.Lock()
			defer mu.Unlock()
			codes[problem.CodeOf(err)]++
			if problem.CodeOf(err) == problem.Overloaded && resp.Queued < 100*time.Millisecond {
				t.Errorf("turned away after %s", resp.Queued)
			}
		})
	}
	wg.Wait()
	cancel()
	if codes[problem.Overloaded] == 0 || codes[problem.FaultDeadline] == 0 || len(codes) != 2 {
		t.Fatalf("codes %v", codes)
	}
	if _, err := w.execute(do(tck.Echo)); problem.CodeOf(err) == problem.Overloaded {
		t.Fatalf("a place was not given back: %v", err)
	}
}

func TestInputOutsideOfTheDomainIsRefused(t *testing.T) {
	w := choosing(t, nil)
	deep := map[string]any{}
	for range 10_000 {
		deep = map[string]any{"d": deep}
	}
	for _, c := range []struct {
		in   map[string]any
		code problem.Code
	}{
		{map[string]any{"x": make(chan int)}, problem.ValueDomain},
		{map[string]any{"x": uint64(1 << 63)}, problem.IntegerRange},
		{deep, problem.ValueTooDeep},
	} {
		_, err := w.execute(c.in)
		wantCode(t, err, c.code)
	}
	if st := w.status(); st.Requests != 0 {
		t.Fatal("a refused input reached the release")
	}
}

func TestATextThatIsNoInputIsRefused(t *testing.T) {
	w := choosing(t, nil)
	for text, code := range map[string]problem.Code{
		`{"x":`:         problem.BadJSON,
		`[1]`:           problem.ValueDomain,
		`{"x":1,"x":2}`: problem.DuplicateKey,
		`{"x":"` + strings.Repeat("x", 5<<20) + `"}`: problem.ValueTooLarge,
	} {
		resp, err := w.rt.ExecuteText(context.Background(), name, []byte(text), []byte("as before"))
		wantCode(t, err, code)
		if string(resp.Text) != "as before" {
			t.Errorf("the text became %s", resp.Text)
		}
	}
	if st := w.status(); st.Requests != 0 || st.Faults != 0 {
		t.Fatalf("a refused input reached the release: %+v", st)
	}
}

func TestAnswersShareNoMemoryWithTheInput(t *testing.T) {
	w := choosing(t, nil)
	in := map[string]any{"behaviour": tck.Echo, "list": []any{int64(1)}}
	resp, err := w.execute(in)
	must(t, err)
	resp.Output["list"].([]any)[0] = "changed"
	if !wire.Equal(in, map[string]any{"behaviour": tck.Echo, "list": []any{int64(1)}}) {
		t.Fatal("the caller's input changed")
	}
}

func TestUnknownStrategiesAreNamed(t *testing.T) {
	w := started(t)
	_, err := w.rt.Execute(context.Background(), "nobody", nil)
	if p := wantCode(t, err, problem.UnknownStrategy); !strings.Contains(p.Message, `"nobody"`) {
		t.Fatal(p)
	}
}
