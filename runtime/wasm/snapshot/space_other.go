//go:build !linux || portable

package snapshot

import "errors"

// file is nothing here: images are kept on the heap.
type file struct{}

func (*file) mapped() bool { return false }
func (*file) scans() bool  { return false }

func (i *Image) fill(b []byte) error {
	i.bytes = append([]byte(nil), b...)
	return nil
}

func (i *Image) drop() error {
	i.bytes = nil
	return nil
}

// space is memory of the heap.
type space struct{ max uint64 }

// scanRegion is nothing here.
type scanRegion struct{}

func reserve(most uint64) (space, error) { return space{most}, nil }

// grow moves the memory if it has to.
func (s *space) grow(old []byte, n uint64) []byte {
	if n > s.max {
		return nil
	}
	if n <= uint64(cap(old)) {
		return old[:n]
	}
	b := make([]byte, n, min(s.max, n+n/4))
	copy(b, old)
	return b
}

func (s *space) attach(i *Image, old []byte) ([]byte, error) {
	b := old
	if len(b) < len(i.bytes) {
		if b = s.grow(old, uint64(len(i.bytes))); b == nil {
			return nil, errors.ErrUnsupported
		}
	}
	copy(b, i.bytes)
	return b, nil
}

// Those that follow are not called: no image is mapped.
func (*space) scan(*file, int, int) ([]scanRegion, int, bool) { return nil, 0, false }
func (*space) offsets(scanRegion) (start, end int)            { return 0, 0 }
func (*space) discard(int, int) bool                          { return false }
func (*space) populate(int, int)                              {}
func (*space) release() error                                 { return nil }
