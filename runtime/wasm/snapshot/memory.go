package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// SmallMemory is the size in bytes up to which a memory is compared as a whole.
const SmallMemory = 64 << 10

// Errors of [Memory.Restore].
var (
	// ErrGrown says that the memory is larger than the image. No engine can
	// make a memory smaller, so the guest is of no further use.
	ErrGrown = errors.New("the memory has grown since the image was made")
	// ErrForeign says that the memory did not start with this image, nor was
	// it frozen to it.
	ErrForeign = errors.New("the memory belongs to another image")
)

// Memory is the linear memory of one guest. One goroutine at a time uses it.
// While it grows it stays where it is, if the system can reserve addresses.
type Memory struct {
	space space
	bytes []byte // present content, at the start of the space
	image *Image // or nil
	page  int    // bytes of a page of the system
	calls int    // restores, up to settling
	own   int    // pages that were the guest's own at the last restore
	idle  int    // how many pages were compared in vain since some were given back
}

// NewMemory reserves a memory of at most so many bytes. With an image it starts
// with what the image holds, otherwise with no bytes.
func NewMemory(most uint64, image *Image) (*Memory, error) {
	if image != nil {
		most = max(most, uint64(len(image.bytes)))
	}
	s, err := reserve(most)
	if err != nil {
		return nil, fmt.Errorf("memory of %d bytes: %w", most, err)
	}
	m := &Memory{space: s, page: os.Getpagesize()}
	if image == nil {
		return m, nil
	}
	if err := m.adopt(image); err != nil {
		return nil, errors.Join(err, m.space.release())
	}
	return m, nil
}

// adopt makes the content that of the image.
func (m *Memory) adopt(i *Image) error {
	if err := i.join(); err != nil {
		return err
	}
	b, err := m.space.attach(i, m.bytes)
	if err != nil {
		return errors.Join(fmt.Errorf("memory from an image: %w", err), i.leave())
	}
	m.bytes, m.image = b, i
	return nil
}

// Reallocate makes the memory n bytes large, but not smaller than it is, and
// returns it; new bytes are zero. It returns nil if there is no room.
func (m *Memory) Reallocate(n uint64) []byte {
	if n > uint64(len(m.bytes)) {
		b := m.space.grow(m.bytes, n)
		if b == nil {
			return nil
		}
		m.bytes = b
	}
	return m.bytes
}

// Bytes returns the content itself. It is valid until the memory grows or is
// freed.
func (m *Memory) Bytes() []byte { return m.bytes }

// Freeze makes an image of the content, which is the image of this memory from
// then on. The caller closes it.
func (m *Memory) Freeze() (*Image, error) {
	if m.image != nil {
		return nil, errors.New("the memory has an image already")
	}
	i, err := NewImage(m.bytes)
	if err != nil {
		return nil, err
	}
	if err := m.adopt(i); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

// Restore makes the content that of the image. It fails with ErrGrown or
// ErrForeign; then the memory is of no further use.
func (m *Memory) Restore(i *Image) error {
	switch {
	case i == nil || m.image != i:
		return ErrForeign
	case len(m.bytes) > len(i.bytes):
		return ErrGrown
	}
	if !m.restoreQuickly() {
		m.mend(0, len(m.bytes))
	}
	return nil
}

// restoreQuickly reports whether it brought back the image without looking at
// all of the memory.
func (m *Memory) restoreQuickly() bool {
	switch {
	case len(m.bytes) <= SmallMemory || !m.image.file.mapped():
		return false
	case !m.image.file.scans():
		return m.space.discard(0, len(m.bytes)) // fails for memory that is locked
	case !m.restoreOwn():
		return false
	case m.calls < settling:
		if m.calls++; m.calls == settling {
			m.settle()
		}
	}
	return true
}

// patience is how often a page may be found unchanged, on average, before it is
// given back: faulting it in again costs as much as 30 comparisons or more.
const patience = 32

// restoreOwn mends the pages that are the guest's own, unless it cannot find
// them.
func (m *Memory) restoreOwn() bool {
	tired := m.idle > patience*m.own
	own, dirty := 0, 0
	for from := 0; from < len(m.bytes); {
		found, next, ok := m.space.scan(&m.image.file, from, len(m.bytes))
		if !ok {
			return false
		}
		for _, r := range found {
			start, end := m.space.offsets(r)
			own += (end - start) / m.page
			if tired {
				dirty += m.mendOrDiscard(start, end)
			} else {
				dirty += m.mend(start, end)
			}
		}
		from = next
	}
	m.own, m.idle = own, m.idle+own-dirty
	if tired {
		m.own, m.idle = dirty, 0
	}
	return true
}

// mendOrDiscard is mend, and gives back the pages that did not differ.
func (m *Memory) mendOrDiscard(start, end int) (dirty int) {
	clean := start // of a range of pages that do not differ
	for at := start; at < end; at += m.page {
		if m.mend(at, at+m.page) > 0 {
			dirty++
			m.space.discard(clean, at)
			clean = at + m.page
		}
	}
	m.space.discard(clean, end)
	return dirty
}

// settling is after how many restores a memory knows what calls write to.
const settling = 16

// settle drops all pages but those that calls write to. A page that is read
// before it is written to brings up to fifteen neighbours with it, and each
// costs time in every scan. Pages made the guest's own at once bring none.
func (m *Memory) settle() {
	found, next, ok := m.space.scan(&m.image.file, 0, len(m.bytes))
	if !ok || next < len(m.bytes) || !m.space.discard(0, len(m.bytes)) {
		return
	}
	for _, r := range found {
		m.space.populate(m.space.offsets(r))
	}
}

// mend copies back the pages from start to end that differ from the image and
// returns how many did.
func (m *Memory) mend(start, end int) (dirty int) {
	for at := start; at < end; at += m.page {
		is, was := m.bytes[at:at+m.page], m.image.bytes[at:at+m.page]
		if !bytes.Equal(is, was) {
			copy(is, was)
			dirty++
		}
	}
	return dirty
}

// Free gives back the memory. It is called once; nothing may use the memory, or
// bytes of it, then.
func (m *Memory) Free() error {
	i := m.image
	m.bytes, m.image = nil, nil
	err := m.space.release()
	if i != nil {
		err = errors.Join(err, i.leave())
	}
	return err
}
