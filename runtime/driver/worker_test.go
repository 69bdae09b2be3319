package driver

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swapline/swapline/runtime/problem"
)

type function func() (map[string]any, error)

func (f function) Execute(context.Context, map[string]any) (map[string]any, error) { return f() }

func answers() (map[string]any, error) { return map[string]any{}, nil }

func (c *Calls) idle() int {
	c.workers.mu.Lock()
	defer c.workers.mu.Unlock()
	return len(c.workers.idle)
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestCallsOneAfterTheOtherShareAWorker(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var calls Calls
	for range 100 {
		if _, err := calls.Execute(bounded(t), function(answers), nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := calls.idle(); n != 1 {
		t.Errorf("%d workers for calls one after the other", n)
	}
	calls.Close()
	if _, err := calls.Execute(bounded(t), function(answers), nil); err != nil {
		t.Errorf("a call after Close: %v", err)
	}
}

func TestAWorkerThatEndedIsNotUsedAgain(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var calls Calls
	defer calls.Close()
	_, err := calls.Execute(bounded(t), function(func() (map[string]any, error) { runtime.Goexit(); return nil, nil }), nil)
	if f, ok := err.(*Fault); !ok || f.Code != problem.FaultPanic {
		t.Fatalf("Goexit: %v", err)
	}
	if n := calls.idle(); n != 0 {
		t.Fatalf("%d dead workers wait for calls", n)
	}
	if _, err := calls.Execute(bounded(t), function(answers), nil); err != nil {
		t.Error(err)
	}
}

func TestAnAbandonedWorkerEndsWithItsCall(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var calls Calls
	defer calls.Close()
	release := make(chan struct{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := calls.Execute(ctx, function(func() (map[string]any, error) { <-release; return answers() }), nil); err == nil {
		t.Fatal("the call was not given up")
	}
	if n := calls.idle(); n != 0 {
		t.Fatalf("%d workers are idle while one is still busy", n)
	}
	close(release)
}

func TestIdleWorkersAreBoundedAndEndWithClose(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var calls Calls
	var together, all sync.WaitGroup
	together.Add(2 * maxIdle)
	for range 2 * maxIdle {
		all.Go(func() {
			_, err := calls.Execute(bounded(t), function(func() (map[string]any, error) {
				together.Done()
				together.Wait()
				return answers()
			}), nil)
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := calls.idle(); n != maxIdle {
		t.Errorf("%d idle workers, want %d", n, maxIdle)
	}
	calls.Close()
}
