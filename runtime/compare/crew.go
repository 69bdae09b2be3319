package compare

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/problem"
)

// How calls with a limit are looked at: so often within it, in these bounds.
const (
	looksPerLimit = 16
	shortestLook  = time.Millisecond
	longestLook   = 250 * time.Millisecond
)

// graceTime is how long a call that is past its deadline is waited for.
const graceTime = 3 * time.Second

// crew makes calls of one arm. Where nothing but its caller could end a call, each of
// its goroutines can be left behind: from outside somebody looks at which call they
// are. One that is past the subject's Limit has failed, whatever it answers later; its
// context ends. One that is still not back when graceTime has passed after that is
// left where it is, and as it would go on beside everything that is measured, it ends
// the comparison. Looking costs the calls two writes of a word that nobody else writes
// then; going over to another goroutine for each call would cost more than many take.
//
// Time is counted in looks, so that a process that was stopped blames no call for it.
type crew struct {
	arm   *arm
	ctx   context.Context
	end   context.CancelCauseFunc // ends the comparison
	every time.Duration           // from one look to the next
	over  chan struct{}           // closes when nobody works any more

	mu      sync.Mutex
	seats   map[*seat]bool // guarded by mu: of those who work
	working int            // guarded by mu: those, and one until wait is called
}

// crew makes one that calls a. Hire who is to work, then wait; or do what one can do.
func (r *run) crew(ctx context.Context, a *arm) *crew {
	return &crew{arm: a, ctx: ctx, end: r.end, every: min(max(a.Limit/looksPerLimit, shortestLook), longestLook),
		over: make(chan struct{}), seats: map[*seat]bool{}, working: 1}
}

// seat is where calls are made one after the other.
type seat struct {
	crew  *crew
	ctx   context.Context // of the calls
	stop  context.CancelFunc
	tally tally         // of who sits there, or of the crew when that one is gone
	call  uint64        // the last one, shifted by stateBits
	word  atomic.Uint64 // the call and how it is

	// Of who looks.
	seen  uint64 // word
	looks int    // at that one
}

// How a call is: nobody calls, it runs, it is past its limit, it was left behind.
const (
	none = iota
	runs
	isLate
	isLeft
	stateBits = 2
	states    = 1<<stateBits - 1
)

// hire lets f make calls at a seat of its own. What f writes belongs to the crew if a
// call says that it was left behind: f must return then, and touch nothing more.
func (c *crew) hire(f func(s *seat)) {
	s := c.seat()
	go func() {
		returned := false
		defer func() { c.leave(s, returned) }()
		f(s)
		returned = true
	}()
}

func (c *crew) seat() *seat {
	s := &seat{crew: c}
	s.renew()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working++
	c.seats[s] = true
	return s
}

// do lets f make calls, on a goroutine of its own only if it may have to be left
// behind.
func (c *crew) do(f func(s *seat)) {
	if c.arm.Limit > 0 {
		c.hire(f)
		c.wait()
		return
	}
	s := &seat{crew: c, ctx: c.ctx}
	f(s)
	c.arm.add(s.tally)
}

// wait waits until everybody has done his work, or was left behind.
func (c *crew) wait() {
	c.mu.Lock()
	c.doneLocked()
	c.mu.Unlock()
	if c.arm.Limit <= 0 {
		<-c.over
		return
	}
	ticker := time.NewTicker(c.every)
	defer ticker.Stop()
	for {
		select {
		case <-c.over:
			return
		case <-ticker.C:
			c.look()
		}
	}
}

// leave takes in what was counted at a seat, unless it was left behind. Who was ended
// by the strategy has not returned.
func (c *crew) leave(s *seat, returned bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.seats[s] {
		return
	}
	if s.stop != nil {
		s.stop()
	}
	if returned {
		c.clearLocked(s)
		return
	}
	c.loseLocked(s, &left{fmt.Sprintf("a call of %s ended the goroutine of its caller (runtime.Goexit)", c.arm.Arm.Name)})
}

func (c *crew) clearLocked(s *seat) {
	delete(c.seats, s)
	c.arm.add(s.tally)
	c.doneLocked()
}

func (c *crew) doneLocked() {
	if c.working--; c.working == 0 {
		close(c.over)
	}
}

// loseLocked goes on without a seat whose call will not return, as far as the end of
// the comparison.
func (c *crew) loseLocked(s *seat, why error) {
	s.tally.called++
	s.tally.faults++
	c.clearLocked(s)
	c.end(why)
}

// look looks at all calls that run.
func (c *crew) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.seats {
		word := s.word.Load()
		if word>>stateBits != s.seen>>stateBits {
			s.looks = 0
		}
		s.seen = word
		s.looks++
		c.judgeLocked(s, word)
	}
}

func (c *crew) judgeLocked(s *seat, word uint64) {
	call := word &^ states
	switch seen := time.Duration(s.looks-1) * c.every; {
	case word&states == runs && seen > c.arm.Limit:
		stop := s.stop // before: who is late makes another one
		if s.word.CompareAndSwap(word, call|isLate) {
			stop()
		}
	case word&states == isLate && seen > c.arm.Limit+graceTime && s.word.CompareAndSwap(word, call|isLeft):
		c.loseLocked(s, c.arm.lost(c.arm.Limit))
	}
}

// make makes one call. It reports false if it was left behind.
func (s *seat) make(in map[string]any, used *Use) (difference.Answer, bool) {
	a := s.crew.arm
	if a.Limit <= 0 {
		return a.Call(s.ctx, in, used), true
	}
	s.call += 1 << stateBits
	s.word.Store(s.call | runs)
	answer := a.Call(s.ctx, in, used)
	switch {
	case s.word.CompareAndSwap(s.call|runs, s.call):
		return answer, true
	case s.word.CompareAndSwap(s.call|isLate, s.call):
		s.renew()
		used.Skip = ""
		return difference.Answer{Fault: string(problem.FaultDeadline)}, true
	}
	return difference.Answer{}, false
}

// renew makes the context of the next calls, which ends with the first that is late.
func (s *seat) renew() {
	if s.ctx = s.crew.ctx; s.crew.arm.Limit > 0 {
		s.ctx, s.stop = context.WithCancel(s.crew.ctx)
	}
}

// left is why a comparison ends whose call does not.
type left struct{ text string }

func (l *left) Error() string { return l.text }

func (a *arm) lost(after time.Duration) error {
	within := "its deadline"
	if after > 0 {
		within = after.String()
	}
	return &left{fmt.Sprintf("a call of %s has not returned within %s nor in the %v after that: nothing can end a Go function, and it would go on beside all that is measured",
		a.Arm.Name, within, graceTime)}
}

// settle waits for calls that an arm has given up and that still run: what is measured
// beside them is not what it seems. If they do not end, the comparison does.
func (r *run) settle(ctx context.Context) {
	const nap = 10 * time.Millisecond
	for _, a := range r.arms {
		for waited := time.Duration(0); a.Abandoned != nil && a.Abandoned() > 0 && ctx.Err() == nil; waited += nap {
			if waited >= graceTime {
				r.end(a.lost(0))
				return
			}
			time.Sleep(nap)
		}
	}
}
