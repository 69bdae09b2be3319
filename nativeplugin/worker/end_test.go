package worker

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// pair is both ends of a memory in one process.
func pair(tb testing.TB, slots int, processors int32, answer func(message, []byte) message) (host, worker *end) {
	tb.Helper()
	m, err := newMemory(sizeOf(slots))
	if err != nil {
		tb.Fatal(err)
	}
	m.front().slots.Store(uint32(slots))
	m.front().magic.Store(magic)
	f, down, up, err := m.halves()
	if err != nil {
		tb.Fatal(err)
	}
	_, farDown, farUp, _ := m.halves()
	host = &end{asks: down, serves: up, bell: &f.host, far: &f.worker, answer: answer, processors: processors, stray: message{kind: kindFault}}
	worker = &end{asks: farUp, serves: farDown, bell: &f.worker, far: &f.host, answer: answer, processors: processors, stray: message{kind: kindFault}}
	for _, e := range []*end{host, worker} {
		e.start()
	}
	tb.Cleanup(func() {
		host.hangUp()
		worker.hangUp()
		host.settle()
		worker.settle()
		if err := m.close(); err != nil {
			tb.Error(err)
		}
	})
	return host, worker
}

func pose(tb testing.TB, e *end, body string) (message, error) {
	tb.Helper()
	s, err := e.take()
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return e.ask(ctx, s, message{kind: kindExecute, id: e.name(s), body: []byte(body)}, nil)
}

// TestBothEndsAskAndAnswer at the same time, one in the course of the other.
func TestBothEndsAskAndAnswer(t *testing.T) {
	var host, worker *end
	host, worker = pair(t, 4, 2, func(m message, room []byte) message {
		return message{kind: kindOK, body: append(room, m.body...)}
	})
	for _, size := range []int{0, 1, roomSize - 1, roomSize, roomSize + 1, 5 * roomSize, maxMessage} {
		text := strings.Repeat("x", size)
		for _, e := range []*end{host, worker} {
			if m, err := pose(t, e, text); err != nil || m.kind != kindOK || string(m.body) != text {
				t.Fatalf("%d bytes: %d come back, %v", size, len(m.body), err)
			}
		}
	}
	if m, err := pose(t, host, strings.Repeat("x", maxMessage+1)); err != nil || m.kind != kindFault {
		t.Errorf("too long a question: kind %d, %v", m.kind, err)
	}
}

// TestAQuestionThatIsGivenUpFreesItsSlotLater and nothing is mixed up.
func TestAQuestionThatIsGivenUpFreesItsSlotLater(t *testing.T) {
	var gate atomic.Pointer[chan struct{}]
	host, _ := pair(t, 4, 2, func(m message, room []byte) message {
		if m.kind == kindExecute && string(m.body) == "wait" {
			<-*gate.Load()
		}
		return message{kind: kindOK, body: append(room, m.body...)}
	})
	for range 3 {
		open := make(chan struct{})
		gate.Store(&open)
		s, err := host.take()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		_, err = host.ask(ctx, s, message{kind: kindExecute, id: host.name(s), body: []byte("wait")}, nil)
		cancel()
		var f *driver.Fault
		if !errors.As(err, &f) || f.Code != problem.FaultDeadline || host.abandoned.Load() != 1 {
			t.Fatalf("%v, %d abandoned", err, host.abandoned.Load())
		}
		if m, err := pose(t, host, "other"); err != nil || string(m.body) != "other" {
			t.Fatalf("%q, %v", m.body, err)
		}
		close(open)
		for limit := time.Now().Add(time.Minute); host.abandoned.Load() > 0 || host.taken() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatalf("%d abandoned, %d taken", host.abandoned.Load(), host.taken())
			}
		}
	}
}

// TestSlowCallsDelayNobody: all processors are at work for long, and who rests had
// gone to sleep before.
func TestSlowCallsDelayNobody(t *testing.T) {
	release := make(chan struct{})
	host, worker := pair(t, 8, 1, func(m message, _ []byte) message {
		if string(m.body) == "slow" {
			<-release
		}
		return message{kind: kindOK}
	})
	for worker.bell.sleepers.Load() != standing || worker.watching.Load() != 0 {
		time.Sleep(time.Millisecond)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { _, _ = pose(t, host, "slow") })
	}
	for worker.working.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	if _, err := pose(t, host, "quick"); err != nil {
		t.Error(err)
	}
	close(release)
	wg.Wait()
}

// TestQuestionsThatWaitForEachOther come at the same time, when somebody looks for
// one without sleeping.
func TestQuestionsThatWaitForEachOther(t *testing.T) {
	meet := make(chan struct{})
	host, _ := pair(t, 8, 2, func(message, []byte) message {
		select {
		case meet <- struct{}{}:
		case <-meet:
		}
		return message{kind: kindOK}
	})
	for range 2000 {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := pose(t, host, "x"); err != nil {
					t.Error(err)
				}
			})
		}
		if wg.Wait(); t.Failed() {
			close(meet)
			return
		}
	}
}

// TestManyAskManyTimes in both directions, some in the course of others, some
// slow, some whose goroutine ends; at last nobody looks for work any more.
func TestManyAskManyTimes(t *testing.T) {
	var asker atomic.Pointer[end]
	host, worker := pair(t, 64, 2, func(m message, room []byte) message {
		if len(m.body) == 0 {
			return message{kind: kindOK}
		}
		switch m.body[0] % 16 {
		case 0:
			time.Sleep(time.Duration(m.body[0]) * 10 * time.Microsecond)
		case 1:
			runtime.Goexit()
		case 2:
			asker.Load().pause()
			_, err := pose(t, asker.Load(), "x")
			asker.Load().work()
			if err != nil {
				t.Error(err)
			}
		}
		return message{kind: kindOK, body: append(room, m.body...)}
	})
	asker.Store(worker)
	var wg sync.WaitGroup
	for n := range 40 {
		wg.Go(func() {
			for i := range 250 {
				text := string([]byte{byte(n*31 + i), byte(i)})
				m, err := pose(t, host, text)
				if want := text; err != nil || m.kind == kindOK && string(m.body) != want || (m.kind == kindFault) != (text[0]%16 == 1) {
					t.Errorf("asked %q: kind %d, %q, %v", text, m.kind, m.body, err)
				}
			}
		})
	}
	wg.Wait()
	for _, e := range []*end{host, worker} {
		for limit := time.Now().Add(time.Minute); e.watching.Load() != 0 || e.working.Load() != 0 || e.bell.sleepers.Load() != uint32(e.idle.Load()); time.Sleep(time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatalf("watching %d, working %d, %d of %d asleep", e.watching.Load(), e.working.Load(), e.bell.sleepers.Load(), e.idle.Load())
			}
		}
		if n := e.idle.Load(); n < 1 || n > standing+1 || e.bell.working.Load() != 0 {
			t.Errorf("%d wait, %d at work", e.idle.Load(), e.bell.working.Load())
		}
	}
}

// TestWhoWaitsGivesUpWhenTheOtherIsGone also when it is parked.
func TestWhoWaitsGivesUpWhenTheOtherIsGone(t *testing.T) {
	block := make(chan struct{})
	host, _ := pair(t, 8, 2, func(m message, _ []byte) message {
		<-block
		return message{kind: kindOK}
	})
	ended := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := pose(t, host, "")
			ended <- err
		}()
	}
	for host.taken() < 8 {
		time.Sleep(time.Millisecond)
	}
	host.hangUp()
	for range 8 {
		if err := <-ended; !errors.Is(err, errGone) {
			t.Errorf("err = %v", err)
		}
	}
	if _, err := host.take(); !errors.Is(err, errGone) {
		t.Errorf("a later question: %v", err)
	}
	close(block)
}

func TestAllSlotsTakenIsAnError(t *testing.T) {
	host, _ := pair(t, 2, 2, func(message, []byte) message { return message{kind: kindOK} })
	a, _ := host.take()
	b, _ := host.take()
	if _, err := host.take(); !errors.Is(err, errFull) {
		t.Errorf("err = %v", err)
	}
	host.release(a)
	host.release(b)
}

func TestAMemoryOfAnotherFormIsRefused(t *testing.T) {
	m, err := newMemory(sizeOf(2))
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	for _, n := range []uint32{0, 1, 3, mostSlots, 1 << 31} {
		m.front().magic.Store(magic)
		m.front().slots.Store(n)
		if _, _, _, err := m.halves(); err == nil {
			t.Errorf("%d slots are taken", n)
		}
	}
	m.front().slots.Store(2)
	m.front().magic.Store(1)
	if _, _, _, err := m.halves(); err == nil {
		t.Error("another beginning is taken")
	}
	if err := m.file.Truncate(0); err == nil {
		t.Error("the memory can be shrunk under its users")
	}
}

func TestASpinnerStopsWhereLookingDoesNotPay(t *testing.T) {
	var s spinner
	if s.spin(1, nil, func() bool { return true }) {
		t.Error("it looks on one processor")
	}
	looked := 0
	for range 10 * spinProbe {
		s.spin(2, nil, func() bool { looked++; return true })
	}
	if looked < 8*spinProbe {
		t.Errorf("it looked %d times although that succeeds", looked)
	}
	runs, last := 0, 0
	for range 10 * spinProbe {
		looked = 0
		s.spin(2, nil, func() bool { looked++; return false })
		if looked > 0 {
			runs++
			last++
		}
	}
	if runs > spinScore+12 {
		t.Errorf("it looked %d times although that fails", runs)
	}
}

func TestDelaysDoubleUpToABound(t *testing.T) {
	var s series
	for n, want := range []time.Duration{100, 200, 400, 800, 1600, 3200, 6400} {
		low, high := s, s
		got, again := s.next(0, 0.5)
		if got != want*time.Millisecond || !again {
			t.Errorf("end %d: %s, %t", n+1, got, again)
		}
		least, _ := low.next(0, 0)
		most, _ := high.next(0, 0.999999)
		if least != got*8/10 || most <= got*119/100 || most > got*12/10 {
			t.Errorf("end %d: from %s to %s", n+1, least, most)
		}
	}
	if _, again := s.next(0, 0); again {
		t.Error("it starts for ever")
	}
	if d, again := s.next(healthy, 0.5); !again || d != firstDelay {
		t.Errorf("after a long life: %s, %t", d, again)
	}
}

func TestTheReportIsFoundInTheOutput(t *testing.T) {
	long := strings.Repeat("chatter\n", keptOutput)
	for name, c := range map[string]struct {
		writes []string
		want   string
	}{
		"nothing":              {nil, ""},
		"chatter":              {[]string{"a\n", "b\n"}, ": a | b"},
		"the end of chatter":   {[]string{"1\n2\n3\n4\n5\n6\n7\n8\n"}, ": 3 | 4 | 5 | 6 | 7 | 8"},
		"a panic":              {[]string{long, "pan", "ic: oh\n\ngoroutine 1 [running]:\n", "main.main()\n"}, ": panic: oh | goroutine 1 [running]: | main.main()"},
		"words in a line":      {[]string{"no panic: here\n"}, ": no panic: here"},
		"the first of two":     {[]string{"fatal error: x\npanic: y\n"}, ": fatal error: x | panic: y"},
		"not text":             {[]string{"panic: \xff\xfe\n"}, ": panic: ?"},
		"a report and chatter": {[]string{"SIGSEGV: x\n", long}, ": SIGSEGV: x | chatter | chatter | chatter | chatter | chatter"},
		"an endless line":      {[]string{"panic: " + strings.Repeat("é", 5000)}, ": panic: " + strings.Repeat("é", (quotedBytes-7)/2)},
	} {
		var o output
		for _, w := range c.writes {
			if n, err := o.Write([]byte(w)); n != len(w) || err != nil {
				t.Fatal(n, err)
			}
		}
		if got := o.quote(); got != c.want {
			t.Errorf("%s: %.200q, want %q", name, got, c.want)
		}
		if cap(o.kept) > 4*keptOutput+len(long) {
			t.Errorf("%s: %d bytes are kept", name, cap(o.kept))
		}
	}
}

// hasty is a clock with which everything that is planned is due.
type hasty struct{ realClock }

func (hasty) AfterFunc(_ time.Duration, f func()) func() bool {
	go f()
	return func() bool { return false }
}

// TestACallThatNeverBeganMovesOn to the process that is started after one which
// ended just now.
func TestACallThatNeverBeganMovesOn(t *testing.T) {
	old, _ := pair(t, 1, 2, nil)
	next, _ := pair(t, 1, 2, nil)
	fresh := &process{end: next, died: make(chan struct{})}
	c := Config{Clock: hasty{}}.orDefaults()
	i := &Instance{keeper: newKeeper(c, slog.New(slog.DiscardHandler), func(context.Context) (*process, error) { return fresh, nil })}
	stale := &process{end: old, died: make(chan struct{}), how: "signal: killed"}
	i.keeper.mu.Lock()
	i.keeper.serveLocked(stale)
	i.keeper.mu.Unlock()
	old.hangUp() // and nobody has heard of it yet
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, s, err := i.enter(ctx)
	if err != nil || p != fresh {
		t.Fatalf("%v, %v", p, err)
	}
	next.release(s)
	close(stale.died)
	close(fresh.died)
}

func TestACallThatIsOverAsksNothing(t *testing.T) {
	_, e := pair(t, 1, 2, func(message, []byte) message {
		t.Error("the host is asked")
		return message{kind: kindOK}
	})
	c := &callContext{Context: context.Background(), id: 5}
	c.over.Store(true)
	r := &remote{servant: &servant{end: e}}
	var b *abi.Error
	if err := r.Put(context.WithValue(c, hasty{}, nil), "k", 1); !errors.As(err, &b) || b.Code != abi.CodeNotInCall {
		t.Errorf("err = %v", err)
	}
}

// FuzzAnswer gives the host whatever a worker may answer.
func FuzzAnswer(f *testing.F) {
	f.Add(uint32(kindOK), []byte{0xa0})
	f.Add(uint32(kindRejected), failed(context.Background(), abi.Reject("no", "not today")).body)
	f.Add(uint32(kindFault), ended().body)
	f.Add(uint32(kindFault), faulty(problem.Internal, "who is to blame", "").body)
	f.Add(uint32(77), []byte("x"))
	f.Fuzz(func(t *testing.T, k uint32, body []byte) {
		m := message{kind: kind(k), body: body}
		err := outcome(context.Background(), m)
		var fault *driver.Fault
		var business *abi.Error
		if err != nil && !errors.As(err, &fault) && !errors.As(err, &business) {
			t.Errorf("%T %v", err, err)
		}
		if fault != nil && fault.Code != problem.FaultPanic && fault.Code != problem.FaultABI && fault.Code != problem.FaultDeadline {
			t.Errorf("a worker chose the code %s", fault.Code)
		}
		if s, err := made(m); err == nil && (len(s.methods) == 0 || len(s.methods) > maxNames) || err != nil && problem.CodeOf(err) == "" {
			t.Errorf("%v, %v", s, err)
		}
		i := &Instance{host: nothing{}}
		i.logLine(body)
		for _, k := range []kind{kindEmit, kindState, kindHTTP, kind(k)} {
			if reply, ok := i.reply(&process{}, message{kind: k, body: body}).([]any); !ok || len(reply) != 2 {
				t.Errorf("reply %v", reply)
			}
		}
	})
}

type nothing struct{ abi.Host }

func (nothing) Log(abi.Level, string, map[string]any) {}

// FuzzSlot gives the host whatever a worker may leave in a slot.
func FuzzSlot(f *testing.F) {
	f.Add(uint32(kindOK), uint32(3), uint64(1), uint32(askers))
	f.Add(uint32(kindOK|kindMore), uint32(roomSize), uint64(0), uint32(askers))
	f.Add(uint32(kindOK), uint32(roomSize+1), uint64(5), uint32(askers))
	f.Add(uint32(kindOK), uint32(roomSize), uint64(5), uint32(askers))
	f.Add(uint32(0), uint32(1<<31), uint64(1)<<63, uint32(9))
	m, err := newMemory(sizeOf(1))
	if err != nil {
		f.Fatal(err)
	}
	s := m.slots(pageSize, 1)[0]
	f.Fuzz(func(t *testing.T, k, length uint32, id uint64, turn uint32) {
		e := &end{gone: make(chan struct{})}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.kind.Store(k)
		s.length.Store(length)
		s.id.Store(id)
		s.turn.Store(turn)
		got, err := e.receive(ctx, s, 5, nil)
		if err == nil && (got.id != 5 || len(got.body) > roomSize) {
			t.Errorf("%d bytes of %d are taken", len(got.body), got.id)
		}
	})
}
