package compiler

import (
	"bytes"
	"context"
	"slices"
	"testing"
)

// TestAFreshCompilationTakesNothingFromTheCache, and leaves nothing there.
func TestAFreshCompilationTakesNothingFromTheCache(t *testing.T) {
	s := newShop(t, "honest")
	e := s.open()
	works(t, e, seven(1))
	code, seals := s.kept("code"), s.kept("seals")
	fresh := plain()
	fresh.Fresh = true
	for i := range 2 {
		m, err := e.Compile(context.Background(), seven(1), fresh)
		must(t, err)
		if n := s.children(); n != 2+i {
			t.Errorf("%d children, want %d", n, 2+i)
		}
		if !slices.Equal(s.kept("code"), code) || !slices.Equal(s.kept("seals"), seals) {
			t.Errorf("the cache has %q", s.kept("code"))
		}
		answersSeven(t, m)
		must(t, m.Close(context.Background()))
	}
	works(t, e, seven(1)) // from the cache, as before
	if n := s.children(); n != 3 {
		t.Errorf("%d children, want 3", n)
	}
	if _, err := e.Compile(context.Background(), []byte("no module"), fresh); err == nil {
		t.Error("what is no module was compiled")
	}
	if !slices.Equal(s.kept("seals"), seals) || s.unswept() != 0 {
		t.Errorf("the cache has %q", s.kept("seals"))
	}
}

func TestAnUnheardOfModuleIsTheSameAndUnlikeAnyOther(t *testing.T) {
	module := seven(1)
	a, b := unheardOf(module), unheardOf(module)
	if !bytes.HasPrefix(a, module) || bytes.Equal(a, b) {
		t.Errorf("%q and %q", a, b)
	}
}
