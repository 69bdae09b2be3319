package slot

import "testing"

// TestAReaderThatComesLateGetsNothing puts a publish between the two steps of
// Acquire, a window that a hammer rarely hits.
func TestAReaderThatComesLateGetsNothing(t *testing.T) {
	for _, held := range []bool{false, true} {
		s := New[int](0)
		s.Publish(1, 1)
		late := s.current.Load() // step L
		var lease Lease[int]
		if held {
			lease, _ = s.Acquire()
		}
		old := s.Publish(2, 2)
		if late.take() { // step A
			t.Fatalf("held=%v: leased a version after it was retired", held)
		}
		if drained(old) == held {
			t.Fatalf("held=%v: drained=%v after a late reader", held, drained(old))
		}
		if held {
			lease.Done()
		}
		if late.take() || !drained(old) || old.InFlight() != 0 {
			t.Fatalf("held=%v: %d leases after the drain", held, old.InFlight())
		}
	}
}

func drained[T any](r *Retired[T]) bool {
	select {
	case <-r.Drained():
		return true
	default:
		return false
	}
}
