package compiler

import (
	"os"
	"testing"
	"time"
)

// TestTheLeastRecentlyUsedGoes, and never what is open.
func TestTheLeastRecentlyUsedGoes(t *testing.T) {
	s := newShop(t, "honest")
	e := s.open()
	for i := range 4 {
		works(t, e, seven(i))
	}
	size := int64(0)
	for _, path := range s.kept("code") {
		info, err := os.Stat(path)
		must(t, err)
		size += info.Size()
	}
	for i, hours := range []time.Duration{8, 2, 3, 4} { // ago
		at := time.Now().Add(-hours * time.Hour)
		must(t, os.Chtimes(e.store.seal(keyOf(sources()[0], seven(i))), at, at))
	}
	s.config.CacheBytes = size/4*3 + 3 // room for three
	e = s.open()
	works(t, e, seven(0)) // now it was used last
	open, err := e.Compile(t.Context(), seven(1), plain())
	must(t, err)
	at := time.Now().Add(-9 * time.Hour)
	must(t, os.Chtimes(e.store.seal(keyOf(sources()[0], seven(1))), at, at)) // oldest, and open
	works(t, e, seven(4))
	for i, kept := range []bool{true, true, false, false, true} {
		if got := e.store.intact(keyOf(sources()[0], seven(i))); got != kept {
			t.Errorf("module %d is kept: %t, want %t", i, got, kept)
		}
	}
	if n := len(s.kept("code")); n != 3 {
		t.Errorf("%d files, want 3", n)
	}
	answersSeven(t, open)
	must(t, open.Close(t.Context()))
	must(t, os.Chtimes(e.store.seal(keyOf(sources()[0], seven(1))), at, at))
	works(t, e, seven(5))
	if e.store.intact(keyOf(sources()[0], seven(1))) {
		t.Error("a closed module that nobody used for longest is kept")
	}
	if n := len(e.store.uses); n != 0 {
		t.Errorf("%d modules are held although all are closed", n)
	}
}

// TestACacheThatIsTooSmallStillWorks for what is open.
func TestACacheThatIsTooSmallStillWorks(t *testing.T) {
	s := newShop(t, "honest")
	s.config.CacheBytes = 1
	e := s.open()
	works(t, e, seven(1))
	works(t, e, seven(2))
	if n := len(s.kept("code")); n != 1 {
		t.Errorf("%d files, want the last one", n)
	}
}
