package boltstore_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/faultstore"
	"github.com/swapline/swapline/runtime/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store { return inFolder(t, boltstore.Open) })
}

// A faultstore that never fails is a store like the one inside, and one that does not
// wait for the disk is a store like the one that does.
func TestConformanceUnsyncedBehindFaultstore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store {
		reopen := inFolder(t, boltstore.OpenUnsynced)
		return func() store.Store { return faultstore.New(reopen(), 0) }
	})
}

func inFolder(t *testing.T, open func(dir string) (*boltstore.Store, error)) func() store.Store {
	dir := t.TempDir()
	return func() store.Store {
		s, err := open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}
