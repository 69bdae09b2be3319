package snapshot_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

const page = 64 << 10

func image(t testing.TB, b []byte) *snapshot.Image {
	t.Helper()
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

// content is some pages of numbers, a third of them zeros.
func content(size int) []byte {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < size; at += 4096 {
		if r.IntN(3) > 0 {
			b[at+r.IntN(4096)] = byte(r.Uint32())
		}
	}
	return b
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
	for _, size := range []int{page, 2 * page, 3 * page, 16 * page, 80 * page} {
		i := image(t, content(size))
		var all sync.WaitGroup
		for seed := range uint64(4) {
			m := memory(t, i, 16<<20)
			all.Go(func() { scribble(t, m, i, rand.New(rand.NewPCG(seed, 1))) })
		}
		all.Wait()
	}
}

// scribble alternates calls that write to the same few pages with calls that
// write to some pages and such that write to all.
func scribble(t *testing.T, m *snapshot.Memory, i *snapshot.Image, r *rand.Rand) {
	b := m.Bytes()
	if !bytes.Equal(b, i.Bytes()) {
		t.Error("the memory does not start with the image")
	}
	for round := range 300 {
		switch {
		case r.IntN(40) == 0:
			for at := r.IntN(4096); at < len(b); at += 1 + r.IntN(4096) {
				b[at]++
			}
		case round < 100 || r.IntN(3) == 0:
			for range r.IntN(20) {
				at := r.IntN(len(b))
				copy(b[at:], "123456789"[:r.IntN(10)])
				b[at] = byte(r.Uint32())
			}
		default:
			b[r.IntN(100)], b[len(b)-1-r.IntN(100)] = 1, byte(round)
		}
		if err := m.Restore(i); err != nil {
			t.Errorf("round %d: %v", round, err)
			return
		}
		if !bytes.Equal(b, i.Bytes()) {
			t.Errorf("round %d: the memory differs from the image", round)
			return
		}
	}
}

// TestAMemoryThatIsFrozenGoesOn: its bytes stay where they are, and from then
// on it is restored to what they were.
func TestAMemoryThatIsFrozenGoesOn(t *testing.T) {
	for _, size := range []uint64{page, 8 * page} {
		m := memory(t, nil, 16*page)
		b := m.Reallocate(size)
		copy(b, content(int(size)))
		b[size-1] = 7
		want := bytes.Clone(b)
		i, err := m.Freeze()
		if err != nil {
			t.Fatal(err)
		}
		scribble(t, m, i, rand.New(rand.NewPCG(3, 3)))
		if !bytes.Equal(m.Bytes(), want) || !bytes.Equal(memory(t, i, size).Bytes(), want) {
			t.Error("the image is not what the memory was")
		}
		if _, err := m.Freeze(); err == nil {
			t.Error("a memory was frozen twice")
		}
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAMemoryThatGrewIsNotRestored(t *testing.T) {
	i := image(t, content(4*page))
	m := memory(t, i, 16*page)
	if b := m.Reallocate(3 * page); len(b) != 4*page {
		t.Errorf("the memory has %d bytes", len(b))
	}
	m.Bytes()[0] = 9
	b := m.Reallocate(5 * page)
	if len(b) != 5*page || b[0] != 9 || !bytes.Equal(b[4*page:], make([]byte, page)) {
		t.Error("the memory did not grow by zeros")
	}
	b[5*page-1] = 1
	if m.Reallocate(17*page) != nil {
		t.Error("the memory grew beyond its limit")
	}
	if err := m.Restore(i); !errors.Is(err, snapshot.ErrGrown) {
		t.Error(err)
	}
}

func TestAMemoryKnowsItsImage(t *testing.T) {
	one, other := image(t, content(page)), image(t, content(page))
	for _, i := range []*snapshot.Image{nil, other} {
		if err := memory(t, one, page).Restore(i); !errors.Is(err, snapshot.ErrForeign) {
			t.Errorf("restored a foreign image: %v", err)
		}
	}
	if err := memory(t, nil, page).Restore(one); !errors.Is(err, snapshot.ErrForeign) {
		t.Error(err)
	}
}

// TestAnImageLivesAsLongAsItsMemories: its owner may close it while a guest is
// still busy.
func TestAnImageLivesAsLongAsItsMemories(t *testing.T) {
	i, err := snapshot.NewImage(content(4 * page))
	if err != nil {
		t.Fatal(err)
	}
	m := memory(t, i, 4*page)
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	scribble(t, m, i, rand.New(rand.NewPCG(5, 5)))
	gone, err := snapshot.NewImage(content(page))
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.NewMemory(page, gone); err == nil {
		t.Error("a memory was made from an image that is gone")
	}
}

func TestOddSizesAreRefused(t *testing.T) {
	if _, err := snapshot.NewImage(make([]byte, 100)); err == nil {
		t.Error("an image of 100 bytes was made")
	}
	m := memory(t, image(t, nil), 0)
	if m.Reallocate(1) != nil || len(m.Bytes()) != 0 {
		t.Error("a memory without room has bytes")
	}
}

func TestRestoreAllocatesNothing(t *testing.T) {
	for _, size := range []int{page, 20 * page} {
		i := image(t, content(size))
		m := memory(t, i, uint64(size))
		n := testing.AllocsPerRun(200, func() {
			m.Bytes()[5]++
			if err := m.Restore(i); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}
