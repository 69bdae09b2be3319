package boltstate

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/problem"
)

func value(t testing.TB, v any) []byte {
	t.Helper()
	b, err := wire.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAGroupSharesOneTransaction: each batch is judged after the ones before it,
// and a refused one takes nothing from the others.
func TestAGroupSharesOneTransaction(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.db.NoSync || s.db.NoGrowSync {
		t.Error("commits are not synced") // killing a process does not show this
	}
	batch := func(key string, reads map[string]uint64) *commit {
		return &commit{space: "risk", batch: capability.Batch{Writes: map[string][]byte{key: value(t, key)}, Reads: reads, Keys: 2, Bytes: 1000}}
	}
	group := []*commit{
		batch("a", map[string]uint64{"a": 0}),
		batch("b", map[string]uint64{"a": 0}), // a is there meanwhile
		batch("c", map[string]uint64{"b": 0}), // b was refused
		batch("d", nil),                       // a third key
	}
	if err := s.store(group); err != nil {
		t.Fatal(err)
	}
	want := []problem.Code{"", problem.StateConflict, "", problem.StateFull}
	for i, c := range group {
		if problem.CodeOf(c.err) != want[i] {
			t.Errorf("batch %d: %v, want %q", i, c.err, want[i])
		}
	}
	for key, version := range map[string]uint64{"a": 1, "b": 0, "c": 2, "d": 0} {
		if e, err := s.Get(context.Background(), "risk", key); err != nil || e.Version != version {
			t.Errorf("%s: %+v, %v, want version %d", key, e, err, version)
		}
	}
}

func TestADamagedEntryIsReported(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := entryOf([]byte("short")); problem.CodeOf(err) != problem.StoreCorrupt {
		t.Errorf("a short entry: %v", err)
	}
	if _, err := usageOf([]byte("short")); problem.CodeOf(err) != problem.StoreCorrupt {
		t.Errorf("a short usage: %v", err)
	}
	if err := s.guard(func() error { panic("page 7 is no page") }); problem.CodeOf(err) != problem.StoreCorrupt {
		t.Errorf("a panic: %v", err)
	}
	if _, err := s.Get(context.Background(), "risk", "k"); problem.CodeOf(err) != problem.StoreCorrupt {
		t.Errorf("after a panic: %v", err)
	}
	if err := s.Commit("risk", capability.Batch{Writes: map[string][]byte{"k": value(t, 1)}}); problem.CodeOf(err) != problem.StoreCorrupt {
		t.Errorf("after a panic: %v", err)
	}
	s.broken.Store(nil) // so that Close lets go of the file
}

// TestNothingAcknowledgedIsLost kills a child that counts, and looks at what it
// said last.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	if path := os.Getenv("BOLTSTATE_CHILD"); path != "" {
		count(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "s.db")
	last := 0
	for round := range 5 {
		c := exec.Command(os.Args[0], "-test.run=^TestNothingAcknowledgedIsLost$")
		c.Env = append(os.Environ(), "BOLTSTATE_CHILD="+path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for said := 0; said < 10+7*round && lines.Scan(); said++ {
			if n, ok := strings.CutPrefix(lines.Text(), "stored "); ok {
				last, _ = strconv.Atoi(n)
			}
		}
		_ = c.Process.Kill()
		for lines.Scan() {
			if n, ok := strings.CutPrefix(lines.Text(), "stored "); ok {
				last, _ = strconv.Atoi(n)
			}
		}
		_ = c.Wait()
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Get(context.Background(), "risk", "n")
		if err != nil || last == 0 || e.Version < uint64(last) || e.Version > uint64(last)+1 {
			t.Errorf("round %d: stored version %d, %v; %d was acknowledged", round, e.Version, err, last)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// count stores numbers until it is killed.
func count(t *testing.T, path string) {
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Get(context.Background(), "risk", "n")
	if err != nil {
		t.Fatal(err)
	}
	for n := e.Version + 1; n < 100_000; n++ {
		b := capability.Batch{Writes: map[string][]byte{"n": value(t, int64(n))}, Reads: map[string]uint64{"n": n - 1}, Keys: 10, Bytes: 1000}
		if err := s.Commit("risk", b); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("stored %d\n", n)
	}
}

// BenchmarkCommit compares calls one after the other with calls at the same time,
// which share syncs.
func BenchmarkCommit(b *testing.B) {
	for _, parallel := range []int{1, 64} {
		b.Run(fmt.Sprint("parallel=", parallel), func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "s.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			v := value(b, int64(1))
			b.SetParallelism(parallel)
			run := func() error {
				return s.Commit("risk", capability.Batch{Writes: map[string][]byte{"n": v}, Keys: 10, Bytes: 1000})
			}
			if parallel == 1 {
				for b.Loop() {
					if err := run(); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := run(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
