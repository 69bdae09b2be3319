package worker

import (
	"context"
	"time"
)

// reap waits for the answer that nobody wants any more.
func (e *end) reap(s *slot, id uint64) {
	defer func() {
		e.abandoned.Add(-1)
		e.release(s)
	}()
	if e.overdue != nil {
		watch := time.AfterFunc(e.grace, e.overdue)
		defer watch.Stop()
	}
	e.cancel(id)
	ctx := context.Background()
	m, err := e.receive(ctx, s, id, nil)
	if err == nil && m.kind == kindNext {
		s.kind.Store(uint32(kindAbort))
		s.length.Store(0)
		s.pass()
		_, _ = e.receive(ctx, s, id, nil)
	}
}

// cancel tells the other process that nobody waits for a question.
func (e *end) cancel(id uint64) {
	s, err := e.take()
	if err != nil {
		return
	}
	ctx, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	m := message{kind: kindCancel, id: e.name(s), arg: int64(id)}
	if e.send(ctx, s, m) == nil {
		if _, err = e.receive(ctx, s, m.id, nil); err == nil {
			e.release(s)
			return
		}
	}
	go func() { // a process that does not take this in a second is about to be ended
		_, _ = e.receive(context.Background(), s, m.id, nil)
		e.release(s)
	}()
}
