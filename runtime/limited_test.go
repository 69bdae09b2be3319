package runtime_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// narrow makes instances that serve one call at a time.
type narrow struct{ driver.Driver }

type single struct{ driver.Instance }

func (single) Concurrency() int { return 1 }

func (n narrow) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	in, err := n.Driver.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	return single{in}, nil
}

// TestCallsWaitForAnInstanceBeforeTheirDeadlineBegins: the second call waits for
// the first, and then has its whole time.
func TestCallsWaitForAnInstanceBeforeTheirDeadlineBegins(t *testing.T) {
	w := newWorld(t)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: narrow{w.mem}}
	w.open()
	w.deploy(behaving(1, tck.Choose))
	busy, stop := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() {
		_, err := w.rt.Execute(busy, name, do(tck.Spin))
		first <- err
	}()
	for w.status().InFlight == 0 {
		time.Sleep(time.Millisecond)
	}
	second := make(chan error, 1)
	go func() {
		r, err := w.rt.Execute(context.Background(), name, do(tck.Echo))
		if err == nil && r.Queued == 0 {
			err = errors.New("it did not wait")
		}
		second <- err
	}()
	select {
	case err := <-second:
		t.Errorf("the second call ended beside the first: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	stop()
	wantCode(t, <-first, problem.Canceled)
	if err := <-second; err != nil {
		t.Error(err)
	}
}
