package runtime

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// maxGate bounds the places of one gate; a place costs nothing, the number only
// keeps a manifest from asking for absurd ones.
const maxGate = 1 << 16

// As many calls as leastQueue, or waitersPerPlace for each place if that is more,
// may wait at a gate. Each holds its input meanwhile, so more would be memory
// spent on calls that mostly time out.
const (
	leastQueue      = 256
	waitersPerPlace = 4
)

// gate lets a bounded number of calls in and a bounded number wait.
type gate struct {
	places chan struct{} // a place is taken by sending
	queue  chan struct{} // and so is a place to wait
}

func newGate(places int64) gate {
	return gate{make(chan struct{}, places), make(chan struct{}, max(leastQueue, waitersPerPlace*places))}
}

// enter takes a place. It waits no longer than limit and says how long it did.
func (g gate) enter(ctx context.Context, limit time.Duration) (time.Duration, error) {
	select {
	case g.places <- struct{}{}:
		return 0, nil
	default:
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return 0, problem.New(problem.Overloaded, "all %d places of the release are taken and %d calls wait already", cap(g.places), cap(g.queue)).
			Cure("send fewer requests, or raise limits.concurrency of the release")
	}
	start := time.Now()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case g.places <- struct{}{}:
		return time.Since(start), nil
	case <-timer.C:
		return time.Since(start), problem.New(problem.Overloaded, "all %d places of the release were taken for %s", cap(g.places), limit).
			Cure("send the request again later, or raise limits.concurrency of the release")
	case <-ctx.Done():
		return time.Since(start), problem.New(problem.Canceled, "the caller went away while it waited for its turn: %w", ctx.Err())
	}
}

func (g gate) leave() { <-g.places }
