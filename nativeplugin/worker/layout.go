package worker

import (
	"fmt"
	"math/bits"
	"os"
	"sync/atomic"
	"time"
	"unsafe"
)

// Sizes of the shared memory; see the package comment.
const (
	magic     = 0x53574c31 // "SWL1"
	pageSize  = 4096
	slotSize  = 64 << 10
	roomSize  = slotSize - 64 // for a part of a message
	upSlots   = 64
	mostSlots = 1024
	mapWords  = mostSlots / 64
)

// Whose turn it is in a slot.
const (
	atRest  uint32 = iota
	servers        // who answers has the slot
	askers         // who asks has it
)

// How who asks waits for its turn.
const (
	looking  uint32 = iota // it looks by itself
	sleeping               // wake it at the slot's turn
	parked                 // tell its process by the map of answers
)

// memory is what two processes share. Its file is sealed: neither of them can
// shrink it, which would end the other one at its next access.
type memory struct {
	bytes []byte
	file  *os.File
}

// header is the beginning of a slot. Every field is read once and then checked:
// the other process may write it at any time.
type header struct {
	turn   atomic.Uint32
	waiter atomic.Uint32
	kind   atomic.Uint32
	length atomic.Uint32
	id     atomic.Uint64
	arg    atomic.Int64
	now    atomic.Int64
	_      [24]byte
}

// slot carries one call at a time, forth and back.
type slot struct {
	*header
	room  []byte // shared memory
	index int
	hint  chan struct{} // holds one: the answer may be there
	visit visit         // the call that it carries, in the host
}

// bell wakes the goroutines of a process that wait for work.
type bell struct {
	rings    atomic.Uint32
	sleepers atomic.Uint32
	spinning atomic.Uint32 // not 0: somebody looks without sleeping
	working  atomic.Int32  // those who are at work
	width    atomic.Int32  // how many can be, for all processors to be busy
	_        [44]byte
}

// ring says that there is work. It wakes somebody unless there is somebody who
// will look for it anyway.
func (b *bell) ring() {
	b.rings.Add(1)
	if b.spinning.Load() == 0 && b.working.Load() < b.width.Load() && b.sleepers.Load() != 0 {
		wake(&b.rings, 1)
	}
}

// sleep waits for a ring after those that were seen, at most so long.
func (b *bell) sleep(seen uint32, most time.Duration) {
	b.sleepers.Add(1)
	sleep(&b.rings, seen, most)
	b.sleepers.Add(^uint32(0))
}

// flags are one bit a slot.
type flags [mapWords]atomic.Uint64

func (f *flags) raise(i int) { f[i/64].Or(1 << (i % 64)) }

// take lowers a flag that is up, of the first n.
func (f *flags) take(n int) (int, bool) {
	for w := range (n + 63) / 64 {
		for {
			v := f[w].Load()
			if v == 0 {
				break
			}
			i := bits.TrailingZeros64(v)
			if !f[w].CompareAndSwap(v, v&^(1<<i)) {
				continue
			}
			if w*64+i < n {
				return w*64 + i, true
			}
		}
	}
	return 0, false
}

// any reports whether a flag is up.
func (f *flags) any() bool {
	for w := range f {
		if f[w].Load() != 0 {
			return true
		}
	}
	return false
}

// front is the first page.
type front struct {
	magic, slots            atomic.Uint32
	_                       [56]byte
	host, worker            bell
	downAsked, downAnswered flags
	upAsked, upAnswered     flags
}

// half is one direction: slots in which one process asks and the other answers.
type half struct {
	slots           []*slot
	asked, answered *flags
}

// sizeOf is the size of a memory with so many slots for calls.
func sizeOf(slots int) int { return pageSize + (slots+upSlots)*slotSize }

func (m *memory) front() *front { return (*front)(unsafe.Pointer(&m.bytes[0])) }

// halves finds the parts of a memory; slots is what its first page says.
func (m *memory) halves() (f *front, down, up half, err error) {
	f = m.front()
	n := int(f.slots.Load())
	if f.magic.Load() != magic || n < 1 || n > mostSlots || len(m.bytes) != sizeOf(n) {
		return nil, half{}, half{}, fmt.Errorf("the shared memory has %d bytes and %d slots", len(m.bytes), n)
	}
	down = half{slots: m.slots(pageSize, n), asked: &f.downAsked, answered: &f.downAnswered}
	up = half{slots: m.slots(pageSize+n*slotSize, upSlots), asked: &f.upAsked, answered: &f.upAnswered}
	return f, down, up, nil
}

func (m *memory) slots(from, n int) []*slot {
	list := make([]*slot, n)
	for i := range list {
		b := m.bytes[from+i*slotSize:][:slotSize:slotSize]
		list[i] = &slot{
			header: (*header)(unsafe.Pointer(&b[0])),
			room:   b[slotSize-roomSize : slotSize : slotSize],
			index:  i,
			hint:   make(chan struct{}, 1),
		}
	}
	return list
}

// Compile-time guards of the layout.
var (
	_ [64 - unsafe.Sizeof(header{})]byte
	_ [unsafe.Sizeof(header{}) - 64]byte
	_ [pageSize - unsafe.Sizeof(front{})]byte
)
