package boltstore

import (
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// meddling does something else at the moment in which an artifact is removed.
type meddling struct {
	osFiles
	meddle func()
}

func (m *meddling) Remove(path string) error {
	if m.meddle != nil {
		m.meddle()
	}
	return m.osFiles.Remove(path)
}

// A release that is put while its artifact is being dropped is either refused or
// keeps the artifact.
func TestPutWhileDropRemoves(t *testing.T) {
	fs := &meddling{}
	s := mustOpen(t, t.TempDir(), fs)
	a, err := commit(s, "accepted 1")
	must(t, err)
	r := activation(a, 1).Release
	put := make(chan error, 1)
	fs.meddle = func() {
		go func() { put <- s.Put(t.Context(), r) }()
		time.Sleep(200 * time.Millisecond) // long enough for a Put that does not wait for the lock
	}
	must(t, s.Drop(t.Context(), a.Digest))
	if err := <-put; problem.CodeOf(err) != problem.ArtifactMissing {
		t.Fatalf("the release was put (%v) and its artifact dropped", err)
	}
}

var _ files = (*meddling)(nil)
