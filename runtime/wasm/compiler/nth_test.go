package compiler

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

// failing is the file system with one operation that fails: number failAt,
// counted from 1.
type failing struct {
	osFiles
	failAt, calls int
	after         bool // do it, then fail
}

func (f *failing) do(op func() error) error {
	if f.calls++; f.calls != f.failAt {
		return op()
	}
	if f.after {
		return errors.Join(op(), syscall.EIO)
	}
	return syscall.ENOSPC
}

func (f *failing) MkdirAll(path string) error {
	return f.do(func() error { return f.osFiles.MkdirAll(path) })
}

func (f *failing) Rename(from, to string) error {
	return f.do(func() error { return f.osFiles.Rename(from, to) })
}

func (f *failing) Remove(path string) error {
	return f.do(func() error { return f.osFiles.Remove(path) })
}

func (f *failing) Create(path string) (o io.WriteCloser, err error) {
	err = f.do(func() error { o, err = f.osFiles.Create(path); return err })
	if err != nil {
		if o != nil {
			_ = o.Close()
		}
		return nil, err
	}
	return failingOutput{o, f}, nil
}

type failingOutput struct {
	io.WriteCloser
	files *failing
}

func (o failingOutput) Write(b []byte) (n int, err error) {
	err = o.files.do(func() error { n, err = o.WriteCloser.Write(b); return err })
	if err != nil && n == 0 {
		n, _ = o.WriteCloser.Write(b[:len(b)/2])
	}
	return n, err
}

func (o failingOutput) Close() error { return o.files.do(o.WriteCloser.Close) }

// TestEveryFailureOfTheDiskLeavesNothingHalf fails the n-th operation until all
// succeed. The module is refused or works, and after a restart it works.
func TestEveryFailureOfTheDiskLeavesNothingHalf(t *testing.T) {
	for _, after := range []bool{false, true} {
		failures := 0
		for n := 1; ; n++ {
			s := newShop(t, "honest")
			f := &failing{failAt: n, after: after}
			e := s.openWith(f)
			m, err := e.Compile(t.Context(), seven(1), plain())
			switch {
			case err == nil:
				answersSeven(t, m)
				must(t, m.Close(t.Context()))
			case problem.CodeOf(err) == problem.StoreFailed:
				failures++
			default:
				t.Fatalf("operation %d: %v", n, err)
			}
			if got := len(s.kept("seals")); err != nil && got != 0 {
				t.Errorf("operation %d failed and %d seals are left", n, got)
			}
			works(t, e, seven(1)) // the disk is well again
			works(t, s.open(), seven(1))
			if code, seals := len(s.kept("code")), len(s.kept("seals")); code != 1 || seals != 1 {
				t.Errorf("operation %d: %d files, %d seals", n, code, seals)
			}
			if left, _ := filepath.Glob(filepath.Join(s.config.Dir, "wazero", "work", "*")); len(left) != 0 {
				t.Errorf("operation %d: %q are left", n, left)
			}
			if f.calls < n {
				break
			}
		}
		if failures < 5 {
			t.Errorf("only %d operations failed", failures)
		}
	}
}

// TestARemovalThatFailsIsHarmless: damaged code stays where it is and is not
// used.
func TestARemovalThatFailsIsHarmless(t *testing.T) {
	for n := 1; n <= 2; n++ {
		s := newShop(t, "honest")
		works(t, s.open(), seven(1))
		path := s.kept("code")[0]
		must(t, os.WriteFile(path, []byte("damaged"), 0o600))
		works(t, s.openWith(&failing{failAt: n}), seven(1))
		if s.children() != 2 {
			t.Errorf("operation %d: %d children", n, s.children())
		}
	}
}
