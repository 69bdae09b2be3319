package runtime

import (
	"context"
	"sync"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store"
)

// artifacts keeps a change from dropping a file that another change is about to
// refer to: two strategies may deploy the same bytes at once.
type artifacts struct {
	store   store.Store
	drivers map[manifest.Kind]driver.Driver
	mu      sync.Mutex              // held while dropping, so that hold waits
	users   map[manifest.Digest]int // guarded by mu: changes under way
}

// hold announces that a change uses an artifact; call it before Commit.
func (a *artifacts) hold(digest manifest.Digest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users == nil {
		a.users = map[manifest.Digest]int{}
	}
	a.users[digest]++
}

// release ends a hold. After a failed change the last user drops the artifact;
// the store keeps it if an accepted release refers to it. What a driver needs until
// the process ends is left to the next one, whose store sweeps it away.
func (a *artifacts) release(ctx context.Context, digest manifest.Digest, failed bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.users[digest]--
	if a.users[digest] > 0 {
		return nil
	}
	delete(a.users, digest)
	if !failed || a.kept(digest) {
		return nil
	}
	return a.store.Drop(ctx, digest)
}

// kept reports whether a driver needs an artifact.
func (a *artifacts) kept(digest manifest.Digest) bool {
	for _, d := range a.drivers {
		if k, ok := d.(driver.Keeping); ok && k.Keeps(digest) {
			return true
		}
	}
	return false
}
