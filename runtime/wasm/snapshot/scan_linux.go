//go:build !portable

package snapshot

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// scanRequest is struct pm_scan_arg of the kernel's linux/fs.h.
type scanRequest struct {
	size, flags        uint64
	start, end, walked uint64 // addresses
	found              unsafe.Pointer
	_                  [8 - unsafe.Sizeof(uintptr(0))]byte
	room, most         uint64
	inverted           uint64 // categories that count as their opposite
	all, any, returned uint64
}

// scanRegion is struct page_region: adjacent pages, and their categories.
type scanRegion struct {
	start, end uint64
	_          uint64
}

// Categories of pages.
const (
	pageFile    = 1 << 2 // of a file, here the image
	pagePresent = 1 << 3
	pageSwapped = 1 << 4
)

// pagemapScan is _IOWR('f', 16, struct pm_scan_arg).
const pagemapScan = 3<<30 | unsafe.Sizeof(scanRequest{})<<16 | 'f'<<8 | 16

// scan finds pages between the offsets that are the guest's own: in memory or
// swapped out, and not of the file. It returns the offset to go on from, and
// whether the kernel answered. What was found is valid until the next call.
func (s *space) scan(f *file, from, to int) (found []scanRegion, next int, ok bool) {
	base := uint64(uintptr(s.base))
	s.request = scanRequest{
		size: uint64(unsafe.Sizeof(s.request)), start: base + uint64(from), end: base + uint64(to),
		found: unsafe.Pointer(&s.found), room: uint64(len(s.found)),
		inverted: pageFile, all: pageFile, any: pagePresent | pageSwapped, returned: pageFile,
	}
	n, _, code := unix.Syscall(unix.SYS_IOCTL, uintptr(f.pagemap), pagemapScan, uintptr(unsafe.Pointer(&s.request)))
	if code != 0 {
		return nil, 0, false
	}
	return s.found[:n], int(s.request.walked - base), true
}

// offsets are those of a region in the space.
func (s *space) offsets(r scanRegion) (start, end int) {
	base := uint64(uintptr(s.base))
	return int(r.start - base), int(r.end - base)
}
