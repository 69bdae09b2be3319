package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

// Errors of the channel itself.
var (
	// errGone says that the other process ended.
	errGone = errors.New("the process ended")
	// errGarbled says that the other process wrote what no version of this
	// package writes.
	errGarbled = errors.New("the worker process does not keep to the protocol")
	// errFull says that all slots carry calls.
	errFull = errors.New("all slots are taken")
)

// How long and in what company a call sleeps at its slot before its goroutine is
// parked, and how many goroutines wait for work.
const (
	napTime  = 100 * time.Microsecond
	crowd    = 2 // questions a processor; with more of them all are parked at once
	standing = 2
	partTime = 100 * time.Millisecond
	// tick is how often somebody looks for questions while all processors are
	// at work, and for quietTicks more.
	tick       = 500 * time.Microsecond
	quietTicks = 8
	// lull bounds every sleep. No ring is known to get lost; should one be, it
	// costs a moment and not a call.
	lull = time.Second
)

// end is one process's side of the memory: it asks in one half and answers what
// is asked in the other.
type end struct {
	asks, serves half
	bell, far    *bell // of this process, of the other one
	// answer makes the answer to a question whose body it must not keep. It may
	// put the body of the answer into room. It runs on many goroutines.
	answer func(question message, room []byte) message
	// stray is what a question is answered whose goroutine ended itself.
	stray      message
	processors int32 // of this process

	// overdue is called when a call that was given up runs for so long more.
	overdue func()
	grace   time.Duration

	buffers   buffers
	sequence  atomic.Uint64
	napping   atomic.Int32
	asking    atomic.Int32 // questions that are under way
	idle      atomic.Int32 // goroutines that wait for a question
	working   atomic.Int32 // goroutines that answer one
	watching  atomic.Int32 // 1: somebody looks every tick
	abandoned atomic.Int32
	hurry     spinner        // for questions
	haste     spinner        // for answers
	running   sync.WaitGroup // goroutines that answer
	users     sync.WaitGroup // slots that are taken
	gone      chan struct{}

	mu struct {
		sync.Mutex
		free []*slot
		gone bool
	}
}

// start begins to answer.
func (e *end) start() {
	e.gone = make(chan struct{})
	e.bell.width.Store(e.processors)
	for i := range e.asks.slots { // the first slots are used most
		e.mu.free = append(e.mu.free, e.asks.slots[len(e.asks.slots)-1-i])
	}
	for range standing {
		e.hire()
	}
}

// hangUp says that the other process is gone. Whoever waits for it gives up.
func (e *end) hangUp() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.gone {
		return
	}
	e.mu.gone = true
	close(e.gone)
	e.bell.rings.Add(1)
	wake(&e.bell.rings, 1<<20)
	for _, s := range e.asks.slots {
		wake(&s.turn, 1)
	}
	for _, s := range e.serves.slots {
		wake(&s.turn, 1)
	}
}

// settle waits until nobody uses the memory, after hangUp.
func (e *end) settle() {
	e.users.Wait()
	e.running.Wait()
}

func (e *end) over() bool {
	select {
	case <-e.gone:
		return true
	default:
		return false
	}
}

// take takes a slot for one question.
func (e *end) take() (*slot, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.mu.free)
	switch {
	case e.mu.gone:
		return nil, errGone
	case n == 0:
		return nil, errFull
	}
	s := e.mu.free[n-1]
	e.mu.free = e.mu.free[:n-1]
	e.users.Add(1)
	return s, nil
}

func (e *end) release(s *slot) {
	s.turn.Store(atRest)
	e.mu.Lock()
	e.mu.free = append(e.mu.free, s)
	e.mu.Unlock()
	e.users.Done()
}

// taken is how many slots carry something.
func (e *end) taken() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asks.slots) - len(e.mu.free)
}

// name makes the id of a question in the slot.
func (e *end) name(s *slot) uint64 { return e.sequence.Add(1)*mostSlots + uint64(s.index) }

// ask sends m in s and returns the answer, whose body is appended to into. It
// releases the slot; if ctx ends before there is an answer it does so when the
// answer is there at last.
func (e *end) ask(ctx context.Context, s *slot, m message, into []byte) (message, error) {
	e.asking.Add(1)
	defer e.asking.Add(-1)
	err := e.send(ctx, s, m)
	var reply message
	if err == nil {
		reply, err = e.receive(ctx, s, m.id, into)
	}
	switch {
	case err == nil, errors.Is(err, errGone), errors.Is(err, errGarbled):
		e.release(s)
	default:
		e.abandoned.Add(1)
		go e.reap(s, m.id)
	}
	return reply, err
}

func (e *end) send(ctx context.Context, s *slot, m message) error {
	m.body = s.write(m)
	s.waiter.Store(looking)
	s.turn.Store(servers)
	e.asks.asked.raise(s.index)
	e.far.ring()
	for len(m.body) > 0 {
		if err := e.await(ctx, s); err != nil {
			return err
		}
		if kind(s.kind.Load()) != kindNext {
			return nil // an answer already
		}
		m.body = s.write(m)
		s.pass()
	}
	return nil
}

// pass gives the slot back to who answers, who sleeps at its turn.
func (s *slot) pass() {
	s.waiter.Store(looking)
	s.turn.Store(servers)
	wake(&s.turn, 1)
}

func (e *end) receive(ctx context.Context, s *slot, id uint64, into []byte) (message, error) {
	for {
		if err := e.await(ctx, s); err != nil {
			return message{}, err
		}
		m, more, err := s.read(into)
		if err != nil || m.id != id {
			return message{}, errGarbled
		}
		if !more {
			return m, nil
		}
		into = m.body
		s.kind.Store(uint32(kindNext))
		s.pass()
	}
}

// await waits for the asker's turn: first asleep at the slot, which is quick,
// then parked, which holds no thread.
func (e *end) await(ctx context.Context, s *slot) error {
	if s.turn.Load() == askers {
		return nil
	}
	if e.haste.spin(e.processors, nil, func() bool { return s.turn.Load() == askers }) {
		return nil
	}
	if e.napping.Add(1) == 1 && e.asking.Load() <= crowd*e.processors {
		s.waiter.Store(sleeping)
		sleep(&s.turn, servers, napTime)
	}
	e.napping.Add(-1)
	for {
		select {
		case <-s.hint:
		default:
		}
		s.waiter.Store(parked)
		if s.turn.Load() == askers {
			return nil
		}
		select {
		case <-s.hint:
		case <-ctx.Done():
			if s.turn.Load() == askers {
				return nil
			}
			return driver.Interrupted(ctx)
		case <-e.gone:
			if s.turn.Load() == askers {
				return nil
			}
			return errGone
		}
	}
}
