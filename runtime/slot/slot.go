// Package slot holds what is live: one immutable value behind one atomic
// pointer, replaced as a whole while it is in use.
//
// A [Slot] publishes versions. Each has a generation, a number that rises with
// every publish. A reader takes a [Lease] on the current version, uses its
// value, and ends the lease with Done. A publisher swaps in the next version
// and gets back the old one as [Retired], whose Drained channel closes when the
// last lease on it has ended; then, and not before, the old value may be closed.
//
//	s := slot.New[*Route](0)
//	s.Publish(1, first)
//	lease, ok := s.Acquire()       // first, generation 1
//	old := s.Publish(2, second)    // who acquires from now on gets second
//	lease.Done()
//	<-old.Drained()
//	first.Close()
//
// # Why it is correct
//
// Each version counts its leases in one word; its top part holds the mark
// "retired". Acquire does three steps:
//
//	L  load the current version v
//	A  add one to v's word; the answer tells whether v is retired
//	U  if it is: take the one back and start again at L
//
// Publish does, one publisher at a time:
//
//	S  swap the new version in
//	R  add the retired mark to the old version's word
//
// No use after close. A lease exists only if its A came before R, since A and
// R hit the same word and are ordered. So at R the word counts every lease that
// will ever exist on that version and has not ended. Drained closes when the
// word is the mark alone. A reader that comes late (A after R) raises the word
// for a moment, which only delays the close, and never looks at the value.
//
// Linearizable. Acquire takes effect at the last L it did: the version was
// current at that moment. If Acquire begins after a Publish has returned, L
// comes after S and reads that version or a later one. A reader between S and
// R may still get the old version, by an L before S; that Acquire began before
// Publish ended, so the order "Acquire, then Publish" is legal for it.
//
// Lock-free. U happens only when R, and so S, has happened since L: some
// publisher made progress. Without publishes Acquire is one load and one add,
// Done is one add; neither allocates or waits.
//
// No ABA. A word is never re-used: versions are garbage collected, not pooled,
// and a reader that still holds the pointer keeps its version's word alive.
//
// Watching needs no lock either: every version carries a channel that closes
// when its successor is in place.
package slot

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// retiredMark is added to a version's word once. Below it is room for 2^62
// leases.
const retiredMark = int64(1) << 62

// Slot is safe for concurrent use. Make it with [New].
type Slot[T any] struct {
	current atomic.Pointer[version[T]]
	mu      sync.Mutex // serialises Publish and Close, never taken by readers
}

// version is immutable but for its word.
type version[T any] struct {
	generation uint64
	value      T
	empty      bool          // no value: before the first publish, after Close
	word       atomic.Int64  // leases, plus retiredMark
	drained    chan struct{} // closed by whoever finds the word at the mark alone
	once       sync.Once     // guards the close of drained
	next       chan struct{} // closed when a successor is current; nil after Close
}

// New makes a slot without a value whose first publish must have a generation
// above the given one.
func New[T any](generation uint64) *Slot[T] {
	s := &Slot[T]{}
	s.current.Store(&version[T]{generation: generation, empty: true, drained: make(chan struct{}), next: make(chan struct{})})
	return s
}

// Acquire takes a lease on the current version. It reports false if there is
// none: nothing was published yet, or the slot is closed.
func (s *Slot[T]) Acquire() (Lease[T], bool) {
	for {
		v := s.current.Load()
		if v.empty {
			return Lease[T]{}, false
		}
		if v.take() {
			return Lease[T]{version: v}, true
		}
	}
}

// Publish makes value current. It panics if generation does not rise or the
// slot is closed, since either is a mistake in the caller that would serve
// requests wrongly. The result is the version that was replaced.
func (s *Slot[T]) Publish(generation uint64, value T) *Retired[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.current.Load()
	if old.next == nil {
		panic("slot: publish after close")
	}
	if generation <= old.generation {
		panic(fmt.Sprintf("slot: generation %d does not follow %d", generation, old.generation))
	}
	return s.replaceLocked(&version[T]{generation: generation, value: value, drained: make(chan struct{}), next: make(chan struct{})})
}

// Close retires the current version without a successor. Acquire reports false
// from then on and watchers are told once. Closing again returns an empty
// version, already drained.
func (s *Slot[T]) Close() *Retired[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replaceLocked(&version[T]{generation: s.current.Load().generation, empty: true, drained: make(chan struct{})})
}

func (s *Slot[T]) replaceLocked(next *version[T]) *Retired[T] {
	old := s.current.Swap(next)
	if old.next != nil {
		close(old.next)
	}
	if old.word.Add(retiredMark) == retiredMark {
		old.finish()
	}
	return &Retired[T]{version: old}
}

// Generation is the generation of the current version.
func (s *Slot[T]) Generation() uint64 { return s.current.Load().generation }

// Watch returns the current generation and a channel that closes when it is
// replaced or the slot closes. After Close the channel is nil. A watcher that
// takes the generation first, then waits, misses nothing:
//
//	generation, changed := s.Watch()
//	use(generation)
//	<-changed
func (s *Slot[T]) Watch() (generation uint64, changed <-chan struct{}) {
	v := s.current.Load()
	return v.generation, v.next
}

// InFlight is the number of leases on the current version.
func (s *Slot[T]) InFlight() int64 { return s.current.Load().leases() }

func (v *version[T]) leases() int64 { return v.word.Load() &^ retiredMark }

// take counts one lease unless v is retired: steps A and U of the package
// comment.
func (v *version[T]) take() bool {
	if v.word.Add(1) < retiredMark {
		return true
	}
	v.drop()
	return false
}

// drop ends one lease, or takes back the one of a reader that came late.
func (v *version[T]) drop() {
	switch n := v.word.Add(-1); {
	case n == retiredMark:
		v.finish()
	case n < 0 || n == retiredMark-1:
		panic("slot: more leases ended than were taken")
	}
}

func (v *version[T]) finish() { v.once.Do(func() { close(v.drained) }) }

// Lease is one request's hold on one version. It is a value to keep the request
// path free of allocations: pass a pointer to it, do not copy it.
type Lease[T any] struct{ version *version[T] }

// Value is the leased value. It must not be used after Done.
func (l *Lease[T]) Value() T { return l.version.value }

// Generation is the generation under which the value was published.
func (l *Lease[T]) Generation() uint64 { return l.version.generation }

// Done ends the lease. It must be called exactly once; a second call panics.
func (l *Lease[T]) Done() {
	v := l.version
	if v == nil {
		panic("slot: lease ended twice")
	}
	l.version = nil
	v.drop()
}

// Retired is a version that was replaced. It is safe for concurrent use.
type Retired[T any] struct{ version *version[T] }

// Value returns the replaced value, and false if there was none. Until Drained
// is closed it is still in use.
func (r *Retired[T]) Value() (T, bool) { return r.version.value, !r.version.empty }

// Generation is the generation of the replaced version.
func (r *Retired[T]) Generation() uint64 { return r.version.generation }

// Drained is closed when the last lease has ended.
func (r *Retired[T]) Drained() <-chan struct{} { return r.version.drained }

// InFlight is the number of leases that have not ended. A reader that came late
// may be counted for an instant.
func (r *Retired[T]) InFlight() int64 { return r.version.leases() }
