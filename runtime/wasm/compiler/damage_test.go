package compiler

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDamagedCodeIsNeverRun flips bits of the machine code and of what is around
// it, cuts it, and lets it grow. Each time it is compiled again.
func TestDamagedCodeIsNeverRun(t *testing.T) {
	s := newShop(t, "honest")
	works(t, s.open(), seven(1))
	path := s.kept("code")[0]
	good, err := os.ReadFile(path)
	must(t, err)
	damages := map[string][]byte{"empty": {}, "longer": append(slices.Clone(good), 0)}
	for at := 0; at < len(good); at += max(len(good)/30, 1) {
		damages["flip"+string(rune(at))] = flipped(good, at)
		damages["cut"+string(rune(at))] = good[:at]
	}
	children := s.children()
	for name, bad := range damages {
		must(t, os.WriteFile(path, bad, 0o600))
		e := s.open()
		works(t, e, seven(1))
		if children++; s.children() != children {
			t.Fatalf("%s: %d children, want %d", name, s.children(), children)
		}
		if now, err := os.ReadFile(path); err != nil || !slices.Equal(now, good) {
			t.Fatalf("%s: the file is not what it was: %v", name, err)
		}
	}
}

func flipped(b []byte, at int) []byte {
	c := slices.Clone(b)
	c[at] ^= 1 << (at % 8)
	return c
}

// TestADamagedSealIsNoSeal flips every byte of it. The names of members may be
// written in other letters.
func TestADamagedSealIsNoSeal(t *testing.T) {
	s := newShop(t, "honest")
	e := s.open()
	works(t, e, seven(1))
	path, code := s.kept("seals")[0], s.kept("code")[0]
	good, err := os.ReadFile(path)
	must(t, err)
	content, err := os.ReadFile(code)
	must(t, err)
	for at := range good {
		must(t, os.WriteFile(code, content, 0o600))
		must(t, os.WriteFile(path, flipped(good, at), 0o600))
		if e.store.intact(keyOf(sources()[0], seven(1))) && !strings.EqualFold(string(good), string(flipped(good, at))) {
			t.Errorf("the seal is believed with another byte %d: %s", at, flipped(good, at))
		}
	}
	works(t, e, seven(1))
}

// TestWhatIsMissingIsMadeAgain: the seal, the file, the folder.
func TestWhatIsMissingIsMadeAgain(t *testing.T) {
	s := newShop(t, "honest")
	e := s.open()
	for i, gone := range []func(){
		func() {},
		func() { must(t, os.Remove(s.kept("seals")[0])) },
		func() { must(t, os.Remove(s.kept("code")[0])) },
		func() { must(t, os.RemoveAll(filepath.Dir(s.kept("code")[0]))) },
		func() {
			path := s.kept("code")[0]
			must(t, os.Rename(path, path+".real"))
			must(t, os.Symlink(path+".real", path))
		},
	} {
		if i > 0 {
			gone()
		}
		works(t, e, seven(1))
		if n := s.children(); n != i+1 {
			t.Errorf("%d: %d children", i, n)
		}
	}
}

// TestWhatNoSealNamesIsRemovedAtTheStart, as a host leaves it that was killed.
func TestWhatNoSealNamesIsRemovedAtTheStart(t *testing.T) {
	s := newShop(t, "honest")
	works(t, s.open(), seven(1))
	orphan := s.kept("code")[0] + "0"
	work := filepath.Join(s.config.Dir, "wazero", "work", "child")
	junk := filepath.Join(s.config.Dir, "wazero", "seals", "junk")
	must(t, os.MkdirAll(work, 0o700))
	for _, path := range []string{orphan, filepath.Join(work, "half"), junk} {
		must(t, os.WriteFile(path, []byte("x"), 0o600))
	}
	works(t, s.open(), seven(1))
	if got := s.kept(""); len(got) != 2 || s.children() != 1 {
		t.Errorf("%q are left, %d children", got, s.children())
	}
}
