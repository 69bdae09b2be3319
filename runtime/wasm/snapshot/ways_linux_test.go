//go:build !portable

package snapshot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEveryWayBringsBackTheImage takes from an image what older kernels and
// closed sandboxes do not have.
func TestEveryWayBringsBackTheImage(t *testing.T) {
	for name, take := range map[string]func(*Image){
		"nothing":    func(*Image) {},
		"no pagemap": func(i *Image) { closed(t, &i.file.pagemap) },
		"no file":    func(i *Image) { onHeap(t, i) },
		"no answer":  func(i *Image) { closed(t, &i.file.pagemap); i.file.pagemap = i.file.memory },
	} {
		t.Run(name, func(t *testing.T) {
			want := bytes.Repeat([]byte{1, 2, 3, 4}, 256<<10)
			i, err := NewImage(want)
			if err != nil {
				t.Fatal(err)
			}
			take(i)
			m, err := NewMemory(2<<20, i)
			if err != nil {
				t.Fatal(err)
			}
			for round := range 200 {
				for at := round; at < len(m.bytes); at += 1 + 8192*(1+round%7*round%11) {
					m.bytes[at] ^= 0xff
				}
				if err := m.Restore(i); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(m.bytes, want) {
					t.Fatalf("round %d: the memory differs", round)
				}
			}
			if err := m.Free(); err != nil {
				t.Error(err)
			}
			if i.file.pagemap == i.file.memory {
				i.file.pagemap = -1
			}
			if err := i.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLockedMemoryIsRestored: the kernel does not give it back.
func TestLockedMemoryIsRestored(t *testing.T) {
	m, i := fresh(t, 1<<20)
	if err := unix.Mlock(m.bytes); err != nil {
		t.Skip("this process may not lock memory")
	}
	for round := range 3 * patience {
		touch(m, round, 200)
		restore(t, m, i)
		if round == settling {
			closed(t, &i.file.pagemap)
		}
		if !bytes.Equal(m.bytes, i.bytes) {
			t.Fatalf("round %d: the memory differs", round)
		}
	}
}

func closed(t *testing.T, fd *int) {
	if *fd >= 0 {
		if err := unix.Close(*fd); err != nil {
			t.Fatal(err)
		}
	}
	*fd = -1
}

func onHeap(t *testing.T, i *Image) {
	b := bytes.Clone(i.bytes)
	if err := i.drop(); err != nil {
		t.Fatal(err)
	}
	i.bytes = b
}

// TestPagesThatAreNoLongerWrittenToAreGivenBack: what one call did must not
// cost every later call.
func TestPagesThatAreNoLongerWrittenToAreGivenBack(t *testing.T) {
	m, i := fresh(t, 4<<20)
	if !i.file.scans() {
		t.Skip("pages cannot be searched here")
	}
	for range 2 * settling {
		touch(m, 0, 3)
		restore(t, m, i)
	}
	touch(m, 100, 300)
	restore(t, m, i)
	if m.own < 300 {
		t.Errorf("%d pages are the guest's own after a call that wrote to 300", m.own)
	}
	for range 2 * patience {
		touch(m, 0, 3)
		restore(t, m, i)
	}
	if m.own > 3 || m.idle > patience*m.own {
		t.Errorf("%d pages are still the guest's own, idle %d times", m.own, m.idle)
	}
}

// TestNewKernelsAreAsked: falling back to slower ways must not go unseen.
func TestNewKernelsAreAsked(t *testing.T) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor); err != nil {
		t.Fatal(err)
	}
	pagemap, err := os.Open("/proc/self/pagemap")
	if err != nil || major < 6 || major == 6 && minor < 7 {
		t.Skip("Linux 6.7 is the first that can be asked:", err)
	}
	defer pagemap.Close()
	if _, i := fresh(t, 1<<20); !i.file.scans() {
		t.Error("the kernel is not asked which pages are the guest's own")
	}
}

// TestPagesThatWereSwappedOutAreTheGuestsOwn needs a system that swaps.
func TestPagesThatWereSwappedOutAreTheGuestsOwn(t *testing.T) {
	m, i := fresh(t, 1<<20)
	for round := range 20 {
		touch(m, round, 100)
		if err := unix.Madvise(m.bytes, unix.MADV_PAGEOUT); err != nil {
			t.Skip("no pages are swapped out on request:", err)
		}
		restore(t, m, i)
		if !bytes.Equal(m.bytes, i.bytes) {
			t.Fatalf("round %d: the memory differs", round)
		}
	}
}

// TestWritesThatChangeNothingAreSeen: a page that was written to may hold the
// same as before, and another in the next call.
func TestWritesThatChangeNothingAreSeen(t *testing.T) {
	m, i := fresh(t, 1<<20)
	for round := range 100 {
		m.bytes[round*4096] = i.bytes[round*4096]
		restore(t, m, i)
		m.bytes[round*4096+1]++
		restore(t, m, i)
		if !bytes.Equal(m.bytes, i.bytes) {
			t.Fatalf("round %d: the memory differs", round)
		}
	}
}

// TestAThousandMemoriesLeaveNothing counts maps and descriptors of the process.
func TestAThousandMemoriesLeaveNothing(t *testing.T) {
	maps, fds := mapped(t), descriptors(t)
	for n := range 1000 {
		m, err := NewMemory(1<<30, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Reallocate(512 << 10)
		m.bytes[n] = 1
		i, err := m.Freeze()
		if err != nil {
			t.Fatal(err)
		}
		other, err := NewMemory(1<<30, i)
		if err != nil {
			t.Fatal(err)
		}
		touch(other, 0, 100)
		restore(t, other, i)
		other.Reallocate(1 << 20)
		for _, end := range []func() error{m.Free, i.Close, other.Free} {
			if err := end(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := mapped(t); n > maps {
		t.Errorf("%d maps of images, before %d", n, maps)
	}
	if n := descriptors(t); n > fds {
		t.Errorf("%d descriptors, before %d", n, fds)
	}
}

// TestAnImageCannotBeChanged: not even by who has its descriptor.
func TestAnImageCannotBeChanged(t *testing.T) {
	_, i := fresh(t, 1<<20)
	if _, err := unix.Pwrite(i.file.memory, []byte("x"), 0); err == nil {
		t.Error("the file was written to")
	}
	if unix.Ftruncate(i.file.memory, 0) == nil || unix.Ftruncate(i.file.memory, 2<<20) == nil {
		t.Error("the file was resized")
	}
	if b, err := unix.Mmap(i.file.memory, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		t.Errorf("the file was mapped for writing: %d bytes", len(b))
	}
}

// TestAMemoryIsNotReservedBeyondWhatWasmHas is also where 32 bits end.
func TestAMemoryIsNotReservedBeyondWhatWasmHas(t *testing.T) {
	if _, err := NewMemory(1<<60, nil); err == nil {
		t.Error("2^60 bytes were reserved")
	}
}

// TestAMemoryTakesFewMaps: a process has 65,530 on most systems.
func TestAMemoryTakesFewMaps(t *testing.T) {
	_, i := fresh(t, 1<<20)
	lines := count(t, "\n")
	const memories = 100
	for range memories {
		m, err := NewMemory(1<<30, i)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Free() })
		m.Reallocate(2 << 20)
	}
	if n := count(t, "\n") - lines; n > 3*memories+20 {
		t.Errorf("%d memories take %d maps", memories, n)
	}
}

func fresh(t *testing.T, size int) (*Memory, *Image) {
	t.Helper()
	i, err := NewImage(bytes.Repeat([]byte{1, 2, 3, 4}, size/4))
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMemory(uint64(size), i)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Free(); err != nil {
			t.Error(err)
		}
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, i
}

func touch(m *Memory, from, pages int) {
	for p := range pages {
		m.bytes[(from+p)*m.page%len(m.bytes)]++
	}
}

func restore(t *testing.T, m *Memory, i *Image) {
	t.Helper()
	if err := m.Restore(i); err != nil {
		t.Fatal(err)
	}
}

// mapped counts maps of images.
func mapped(t *testing.T) int { return count(t, "swapline-image") }

func count(t *testing.T, what string) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte(what))
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}
