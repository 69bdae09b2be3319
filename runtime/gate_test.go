package runtime

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// TestTheQueueIsBounded fills the one place and every place to wait; the next
// call is turned away at once, the waiting ones get in when the place is free.
func TestTheQueueIsBounded(t *testing.T) {
	g := newGate(1)
	if _, err := g.enter(context.Background(), time.Minute); err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup
	for range cap(g.queue) {
		waiting.Go(func() {
			if _, err := g.enter(context.Background(), time.Minute); err != nil {
				t.Errorf("a waiting call: %v", err)
				return
			}
			g.leave()
		})
	}
	for len(g.queue) < cap(g.queue) {
		time.Sleep(time.Millisecond)
	}
	if waited, err := g.enter(context.Background(), time.Minute); problem.CodeOf(err) != problem.Overloaded || waited != 0 {
		t.Errorf("one call too many: %v after %s, want %s at once", err, waited, problem.Overloaded)
	}
	g.leave()
	waiting.Wait()
	if len(g.places) != 0 || len(g.queue) != 0 {
		t.Errorf("%d places and %d waits are still taken", len(g.places), len(g.queue))
	}
}
