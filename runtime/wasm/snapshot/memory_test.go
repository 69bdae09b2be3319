package snapshot_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

func image(t testing.TB, size int) *snapshot.Image {
	t.Helper()
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < size; at += 4096 {
		if r.IntN(3) > 0 {
			b[at+r.IntN(4096)] = byte(r.Uint32())
		}
	}
	i, err := snapshot.NewImage(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

func memory(t testing.TB, i *snapshot.Image, most uint64) *snapshot.Memory {
	t.Helper()
	m, err := snapshot.NewMemory(most, i)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Free(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// TestWhateverIsWrittenRestoreBringsBackTheImage compares all bytes after
// random writes, with many memories on one image at once.
func TestWhateverIsWrittenRestoreBringsBackTheImage(t *testing.T) {
	for _, size := range []int{64 << 10, 128 << 10, 192 << 10, 1 << 20, 5 << 20} {
		i := image(t, size)
		var all sync.WaitGroup
		for seed := range uint64(4) {
			m := memory(t, i, 16<<20)
			all.Go(func() { scribble(t, m, i, rand.New(rand.NewPCG(seed, 1))) })
		}
		all.Wait()
	}
}

func scribble(t *testing.T, m *snapshot.Memory, i *snapshot.Image, r *rand.Rand) {
	for round := range 200 {
		b := m.Bytes()
		writes := r.IntN(20)
		if r.IntN(30) == 0 {
			writes = 2000
		}
		for range writes {
			at := r.IntN(len(b))
			b[at] = byte(r.Uint32())
			if r.IntN(10) == 0 {
				n := copy(b[at:], b[r.IntN(len(b)):])
				_ = n
			}
		}
		if err := m.Restore(i); err != nil {
			t.Error(err)
			return
		}
		if !bytes.Equal(m.Bytes(), i.Bytes()) {
			t.Errorf("round %d: the memory differs from the image", round)
			return
		}
	}
}

func TestAMemoryThatGrewIsNotRestored(t *testing.T) {
	i := image(t, 256<<10)
	m := memory(t, i, 1<<20)
	if b := m.Reallocate(320 << 10); len(b) != 320<<10 || b[len(b)-1] != 0 {
		t.Fatal("the memory did not grow")
	}
	if m.Reallocate(2<<20) != nil {
		t.Error("the memory grew beyond its limit")
	}
	if err := m.Restore(i); !errors.Is(err, snapshot.ErrGrown) {
		t.Error(err)
	}
}
