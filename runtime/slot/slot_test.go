package slot_test

import (
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/slot"
)

func TestAnEmptySlotGivesNoLease(t *testing.T) {
	s := slot.New[int](7)
	if _, ok := s.Acquire(); ok {
		t.Fatal("acquired a lease on nothing")
	}
	if g := s.Generation(); g != 7 {
		t.Fatalf("generation is %d, want 7", g)
	}
	old := s.Publish(8, 1)
	if _, had := old.Value(); had || !isClosed(old.Drained()) {
		t.Fatal("the empty version must have no value and be drained at once")
	}
}

func TestDrainedClosesWithTheLastLease(t *testing.T) {
	s := slot.New[string](0)
	s.Publish(1, "first")
	a, b := mustAcquire(t, s), mustAcquire(t, s)
	old := s.Publish(2, "second")
	if v, _ := old.Value(); v != "first" || old.Generation() != 1 || old.InFlight() != 2 {
		t.Fatalf("retired %q generation %d with %d leases", v, old.Generation(), old.InFlight())
	}
	a.Done()
	if isClosed(old.Drained()) {
		t.Fatal("drained while a lease is held")
	}
	if b.Value() != "first" || b.Generation() != 1 {
		t.Fatal("a lease changed its version")
	}
	b.Done()
	if !isClosed(old.Drained()) || old.InFlight() != 0 {
		t.Fatal("not drained after the last lease")
	}
	c := mustAcquire(t, s)
	defer c.Done()
	if c.Value() != "second" || c.Generation() != 2 || s.InFlight() != 1 {
		t.Fatal("a new lease does not see the published version")
	}
}

func TestAWatcherIsToldOfEachPublishAndOfTheEnd(t *testing.T) {
	s := slot.New[int](0)
	for want := uint64(0); want < 5; want++ {
		generation, changed := s.Watch()
		if generation != want || isClosed(changed) {
			t.Fatalf("generation %d, changed %v before publish %d", generation, isClosed(changed), want+1)
		}
		s.Publish(want+1, 0)
		if !isClosed(changed) {
			t.Fatalf("publish %d was not told", want+1)
		}
	}
	_, changed := s.Watch()
	s.Close()
	if !isClosed(changed) {
		t.Fatal("close was not told")
	}
	if _, changed = s.Watch(); changed != nil {
		t.Fatal("a closed slot promises another change")
	}
}

func TestCloseRetiresTheValueAndStaysClosed(t *testing.T) {
	s := slot.New[int](0)
	s.Publish(1, 42)
	lease := mustAcquire(t, s)
	old := s.Close()
	if v, had := old.Value(); v != 42 || !had || isClosed(old.Drained()) {
		t.Fatal("close must retire the current value and wait for its leases")
	}
	if _, ok := s.Acquire(); ok {
		t.Fatal("acquired from a closed slot")
	}
	lease.Done()
	if !isClosed(old.Drained()) {
		t.Fatal("not drained")
	}
	again := s.Close()
	if _, had := again.Value(); had || !isClosed(again.Drained()) {
		t.Fatal("closing twice must be harmless")
	}
	mustPanic(t, "publish after close", func() { s.Publish(2, 1) })
}

func TestMistakesPanic(t *testing.T) {
	s := slot.New[int](3)
	mustPanic(t, "generation that does not rise", func() { s.Publish(3, 1) })
	s.Publish(4, 1)
	lease := mustAcquire(t, s)
	copied := lease
	lease.Done()
	mustPanic(t, "lease ended twice", func() { lease.Done() })
	mustPanic(t, "copied lease ended again", func() { copied.Done() })
}

func TestACopiedLeaseEndedAfterTheDrainPanics(t *testing.T) {
	s := slot.New[int](0)
	s.Publish(1, 1)
	lease := mustAcquire(t, s)
	copied := lease
	s.Publish(2, 2)
	lease.Done()
	mustPanic(t, "lease ended after the drain", func() { copied.Done() })
}

func TestAcquireAndDoneDoNotAllocate(t *testing.T) {
	s := slot.New[*int](0)
	s.Publish(1, new(int))
	n := testing.AllocsPerRun(1000, func() {
		lease, _ := s.Acquire()
		_ = lease.Value()
		lease.Done()
	})
	if n != 0 {
		t.Fatalf("%v allocations per acquire and done", n)
	}
}

func mustAcquire[T any](t *testing.T, s *slot.Slot[T]) slot.Lease[T] {
	t.Helper()
	lease, ok := s.Acquire()
	if !ok {
		t.Fatal("no lease")
	}
	return lease
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		t.Fatalf("%s did not happen", what)
	}
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s did not panic", what)
		}
	}()
	f()
}
