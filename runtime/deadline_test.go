package runtime

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestADeadlineEndsWithItsTimeOrItsParent(t *testing.T) {
	parent, cancel := context.WithCancelCause(context.Background())
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for _, waits := range []bool{false, true} {
		d := before(context.Background(), past)
		if waits {
			<-d.Done()
		}
		if d.Err() != context.DeadlineExceeded {
			t.Errorf("waits %t: after its time it says %v", waits, d.Err())
		}
		d.over()
		d = before(parent, future)
		if waits {
			_ = d.Done()
		}
		if at, ok := d.Deadline(); !ok || !at.Equal(future) || d.Err() != nil {
			t.Errorf("waits %t: before its time it says %v, %v", waits, at, d.Err())
		}
		d.over()
		if d.Err() != context.Canceled || waits != closed(d) {
			t.Errorf("waits %t: after its end it says %v", waits, d.Err())
		}
	}
	gone := errors.New("gone")
	waiting, asking := before(parent, future), before(parent, future)
	defer waiting.over()
	defer asking.over()
	done := waiting.Done()
	cancel(gone)
	<-done
	if waiting.Err() != context.Canceled || asking.Err() != context.Canceled || context.Cause(asking) != gone {
		t.Errorf("after its parent's end: %v, %v, cause %v", waiting.Err(), asking.Err(), context.Cause(asking))
	}
}

// before makes a deadline of a call that began now and ends at the given time.
func before(ctx context.Context, at time.Time) *deadline {
	now := time.Now()
	d := &deadline{clock: &clock{now.Add(-time.Minute)}, base: context.Background()}
	place := new(atomic.Uint64)
	place.Store(1)
	d.begin(ctx, place, 1, time.Minute, at.Sub(now))
	return d
}

// over ends the call.
func (d *deadline) over() {
	word := d.word.Load()
	d.place.Store(0)
	d.end(word)
}

// closed reports whether Done was made and is closed; it makes none.
func closed(d *deadline) bool { return d.timed != nil && d.timed.Err() != nil }

func TestADeadlineIsTheEarlierOfTwo(t *testing.T) {
	soon, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	want, _ := soon.Deadline()
	d := before(soon, time.Now().Add(time.Hour))
	defer d.over()
	if got, _ := d.Deadline(); !got.Equal(want) {
		t.Errorf("deadline %v, want the parent's %v", got, want)
	}
}

func TestADeadlineThatEndedBeforeSomebodyWaitsIsClosed(t *testing.T) {
	d := before(context.Background(), time.Now().Add(time.Hour))
	d.over()
	<-d.Done()
}

// TestContextsDeriveFromADeadline also finds goroutines left behind: the tests
// of this package end with a check for them.
func TestContextsDeriveFromADeadline(t *testing.T) {
	type key struct{}
	d := before(context.WithValue(context.Background(), key{}, 7), time.Now().Add(time.Hour))
	child, cancel := context.WithCancel(d)
	defer cancel()
	fired := make(chan struct{})
	stop := context.AfterFunc(d, func() { t.Error("stopped, but called") })
	context.AfterFunc(d, func() { close(fired) })
	if child.Value(key{}) != 7 || !stop() {
		t.Error("a derived context lacks what its parent has")
	}
	d.over()
	<-child.Done()
	<-fired
}

func TestADeadlineIsSafeForConcurrentUse(t *testing.T) {
	for range 100 {
		d := before(context.Background(), time.Now().Add(time.Hour))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { <-d.Done() })
			wg.Go(func() { _ = d.Err() })
		}
		wg.Go(d.over)
		wg.Wait()
	}
}

// TestADeadlineKnowsWhoseTimeIsOver before the parent's timer has fired.
func TestADeadlineKnowsWhoseTimeIsOver(t *testing.T) {
	now := time.Now()
	late := before(unaware{context.Background(), now.Add(-time.Second)}, now)
	if late.Err() != context.DeadlineExceeded || late.parent() != context.DeadlineExceeded {
		t.Errorf("the parent's time is over: %v, parent %v", late.Err(), late.parent())
	}
	own := before(unaware{context.Background(), now.Add(time.Hour)}, now)
	if own.Err() != context.DeadlineExceeded || own.parent() != nil {
		t.Errorf("its own time is over: %v, parent %v", own.Err(), own.parent())
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if d := before(gone, now.Add(time.Hour)); d.Err() != context.Canceled || d.parent() != context.Canceled {
		t.Errorf("the parent is gone: %v, parent %v", d.Err(), d.parent())
	}
}

// unaware has a deadline that its Err never knows of.
type unaware struct {
	context.Context
	at time.Time
}

func (u unaware) Deadline() (time.Time, bool) { return u.at, true }

// again makes a deadline that one call after another at its place uses.
type again struct {
	d     *deadline
	place atomic.Uint64
	calls uint64
}

func (a *again) begin(outer context.Context) {
	a.calls++
	word := a.calls<<leftShift | takenMark
	a.place.Store(word)
	a.d.begin(outer, &a.place, word, time.Minute, time.Hour)
}

func (a *again) end() {
	word := a.place.Swap(a.calls << leftShift)
	a.d.end(word)
}

func newAgain() *again {
	return &again{d: &deadline{clock: &clock{time.Now().Add(-time.Minute)}, base: context.Background(), reuse: true}}
}

type requestKey struct{}

// TestWhoKeepsAContextFindsItEnded: a strategy that breaks its promise sees an end
// between two calls, and during the next one that call's context.
func TestWhoKeepsAContextFindsItEnded(t *testing.T) {
	a := newAgain()
	a.begin(context.WithValue(context.Background(), requestKey{}, "first"))
	if a.d.Err() != nil || a.d.Value(requestKey{}) != "first" {
		t.Errorf("during its call: %v, %v", a.d.Err(), a.d.Value(requestKey{}))
	}
	a.end()
	if a.d.Err() != context.Canceled || a.d.Value(requestKey{}) != nil || a.d.waited.Load() {
		t.Errorf("afterwards: %v, %v", a.d.Err(), a.d.Value(requestKey{}))
	}
	<-a.d.Done()
	if a.d.waited.Load() {
		t.Error("who came too late spoils the context of the next call")
	}
	a.begin(context.WithValue(context.Background(), requestKey{}, "second"))
	if a.d.Err() != nil || a.d.Value(requestKey{}) != "second" {
		t.Errorf("during the next call: %v, %v", a.d.Err(), a.d.Value(requestKey{}))
	}
	done := a.d.Done()
	a.end()
	<-done
	if !a.d.waited.Load() {
		t.Error("a context that somebody waited for would be used again")
	}
}

// TestWhoEndsACallLateEndsNoOther: between the leaving of the place and the end
// somebody may wait for the call that is over, or for the next one there.
func TestWhoEndsACallLateEndsNoOther(t *testing.T) {
	a := newAgain()
	a.begin(context.Background())
	first := a.place.Swap(a.calls << leftShift)
	<-a.d.Done()
	a.begin(context.Background())
	done := a.d.Done()
	a.d.end(first)
	if a.d.Err() != nil {
		t.Error("the next call has ended with the one before")
	}
	a.end()
	<-done
}
