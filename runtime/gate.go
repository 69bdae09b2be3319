package runtime

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// maxGate bounds the places of one gate; a place costs nothing, the number only
// keeps a manifest from asking for absurd ones.
const maxGate = 1 << 16

// gate lets a bounded number of calls in. A place is taken by sending.
type gate chan struct{}

func newGate(places int64) gate { return make(gate, places) }

// enter takes a place. It waits no longer than limit and says how long it did.
func (g gate) enter(ctx context.Context, limit time.Duration) (time.Duration, error) {
	select {
	case g <- struct{}{}:
		return 0, nil
	default:
	}
	start := time.Now()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case g <- struct{}{}:
		return time.Since(start), nil
	case <-timer.C:
		return time.Since(start), problem.New(problem.Overloaded, "all %d places of the release were taken for %s", cap(g), limit).
			Cure("send the request again later, or raise limits.concurrency of the release")
	case <-ctx.Done():
		return time.Since(start), problem.New(problem.Canceled, "the caller went away while it waited for its turn: %w", ctx.Err())
	}
}

func (g gate) leave() { <-g }
