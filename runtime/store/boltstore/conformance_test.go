package boltstore_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/faultstore"
	"github.com/swapline/swapline/runtime/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, inFolder)
}

// A faultstore that never fails is a store like the one inside.
func TestConformanceBehindFaultstore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store {
		reopen := inFolder(t)
		return func() store.Store { return faultstore.New(reopen(), 0) }
	})
}

func inFolder(t *testing.T) func() store.Store {
	dir := t.TempDir()
	return func() store.Store {
		s, err := boltstore.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}
