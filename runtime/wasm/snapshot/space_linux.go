//go:build !portable

package snapshot

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// space is a range of reserved addresses. It takes three maps of the process's
// at most: what came from the image, what the guest added, what is left.
type space struct {
	base    unsafe.Pointer
	size    uintptr
	request scanRequest
	found   [64]scanRegion
}

// reserve takes addresses, no memory.
func reserve(most uint64) (space, error) {
	if most == 0 {
		return space{}, nil
	}
	if most > 1<<33 {
		return space{}, unix.ENOMEM
	}
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(most), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return space{}, err
	}
	s := space{base: p, size: uintptr(most)}
	// A huge page would make the guest own 2 MiB for a byte. A kernel that
	// knows none answers EINVAL.
	if err := unix.Madvise(s.bytes(most), unix.MADV_NOHUGEPAGE); err != nil && !errors.Is(err, unix.EINVAL) {
		return space{}, errors.Join(err, s.release())
	}
	return s, nil
}

func (s *space) bytes(n uint64) []byte { return unsafe.Slice((*byte)(s.base), n) }

// grow makes n bytes usable, of which old are.
func (s *space) grow(old []byte, n uint64) []byte {
	if n > uint64(s.size) {
		return nil
	}
	b := s.bytes(n)
	if unix.Mprotect(b[len(old):], unix.PROT_READ|unix.PROT_WRITE) != nil {
		return nil
	}
	return b[:n:n]
}

// attach makes the image the content of the space.
func (s *space) attach(i *Image, old []byte) ([]byte, error) {
	n := len(i.bytes)
	if n == 0 {
		return old, nil
	}
	if !i.file.mapped() {
		b := old
		if len(b) < n {
			b = s.grow(old, uint64(n))
		}
		if b == nil {
			return nil, unix.ENOMEM
		}
		copy(b, i.bytes)
		return b, nil
	}
	_, err := unix.MmapPtr(i.file.memory, 0, s.base, uintptr(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	if err != nil {
		return nil, err
	}
	return s.bytes(uint64(n))[:n:n], unix.Madvise(s.bytes(uint64(n)), unix.MADV_NOHUGEPAGE)
}

// discard makes the range what the image holds by giving back its pages, and
// reports whether it could.
func (s *space) discard(start, end int) bool {
	return start == end || unix.Madvise(s.bytes(uint64(end))[start:], unix.MADV_DONTNEED) == nil
}

// populate makes the pages of the range the guest's own. It is a favour: the
// guest's writes do it too.
func (s *space) populate(start, end int) {
	_ = unix.Madvise(s.bytes(uint64(end))[start:], unix.MADV_POPULATE_WRITE)
}

// release gives back the addresses.
func (s *space) release() error {
	if s.base == nil {
		return nil
	}
	p := s.base
	s.base = nil
	return unix.MunmapPtr(p, s.size)
}
