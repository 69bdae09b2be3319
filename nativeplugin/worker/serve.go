package worker

// hire starts one more goroutine that answers.
func (e *end) hire() {
	e.idle.Add(1)
	e.running.Add(1)
	go e.serve()
}

// serve answers questions until the other process is gone or others are there to
// do it. A question is answered on the goroutine that was woken for it; before,
// it makes sure that another one waits for the next.
func (e *end) serve() {
	var busy *slot
	defer func() {
		if busy != nil { // the strategy ended its goroutine
			e.reply(busy, e.stray)
			e.pause()
			if e.idle.Load() < standing {
				e.hire()
			}
		}
		e.running.Done()
	}()
	for quiet := 0; ; quiet++ {
		seen := e.bell.rings.Load()
		if e.over() {
			return
		}
		e.deliver()
		i, ok := e.serves.asked.take(len(e.serves.slots))
		if !ok {
			e.rest(seen, quiet)
			continue
		}
		quiet = 0
		e.enter()
		busy = e.serves.slots[i]
		e.answerIn(busy)
		busy = nil
		e.pause()
		if e.idle.Add(1) > standing {
			e.idle.Add(-1)
			return
		}
	}
}

// deliver tells those who are parked that their answers are there. The other
// process may raise flags without end.
func (e *end) deliver() {
	for range e.asks.slots {
		i, ok := e.asks.answered.take(len(e.asks.slots))
		if !ok {
			return
		}
		select {
		case e.asks.slots[i].hint <- struct{}{}:
		default:
		}
	}
}

// enter makes sure that somebody looks for the next question while this one is
// answered.
func (e *end) enter() {
	if e.idle.Add(-1) == 0 {
		e.hire()
	}
	e.work()
	// Questions that came while this goroutine looked have woken nobody.
	if e.working.Load() < e.processors && e.serves.asked.any() {
		e.nudge()
	}
}

// nudge has somebody who rests look again.
func (e *end) nudge() {
	e.bell.rings.Add(1)
	wake(&e.bell.rings, 1)
}

// work counts one more who is at work. While there are as many as processors,
// questions wake nobody: who is through takes the next one. In case none is
// through soon, one of those who rest looks every tick; it is told to by a ring, or
// it might go to sleep for good just now.
func (e *end) work() {
	e.bell.working.Add(1)
	if e.working.Add(1) >= e.processors && e.watching.Load() == 0 {
		e.nudge()
	}
}

// pause counts one less.
func (e *end) pause() {
	e.working.Add(-1)
	e.bell.working.Add(-1)
}

// rest waits for work.
func (e *end) rest(seen uint32, quiet int) {
	if quiet == 0 && e.hurry.spin(e.processors, &e.bell.spinning, func() bool { return e.bell.rings.Load() != seen }) {
		return
	}
	if quiet > quietTicks && e.working.Load() == 0 {
		e.bell.sleep(seen, lull)
		return
	}
	if e.watching.CompareAndSwap(0, 1) {
		e.bell.sleep(seen, tick)
		e.watching.Store(0)
		return
	}
	e.bell.sleep(seen, lull)
}

// answerIn takes the question out of the slot and puts the answer in. A slot in
// which nothing is asked is left alone.
func (e *end) answerIn(s *slot) {
	if s.turn.Load() != servers {
		return
	}
	buffer := e.buffers.get()
	m, more, err := s.read((*buffer)[:0])
	for more && err == nil {
		s.kind.Store(uint32(kindNext))
		if !e.turnBack(s) {
			return
		}
		if m, more, err = s.read(m.body); m.kind == kindAbort {
			err = errGarbled
		}
	}
	id := s.id.Load()
	if err != nil {
		e.reply(s, message{kind: kindFault, id: id})
		return
	}
	answer := e.answer(m, s.room[:0])
	e.buffers.keep(buffer, m.body)
	answer.id = m.id
	e.reply(s, answer)
}

// turnBack gives the slot to who asks and waits until it comes back.
func (e *end) turnBack(s *slot) bool {
	e.hand(s)
	for s.turn.Load() != servers {
		if e.over() {
			return false
		}
		sleep(&s.turn, askers, partTime)
	}
	return true
}

// reply puts the answer into the slot.
func (e *end) reply(s *slot, m message) {
	if m.id == 0 {
		m.id = s.id.Load()
	}
	for m.body = s.write(m); len(m.body) > 0; m.body = s.write(m) {
		if !e.turnBack(s) {
			return
		}
	}
	e.hand(s)
}

// hand gives the slot to who asks.
func (e *end) hand(s *slot) {
	s.turn.Store(askers)
	switch s.waiter.Swap(looking) {
	case sleeping:
		wake(&s.turn, 1)
	case parked:
		e.serves.answered.raise(s.index)
		e.far.ring()
	}
}
