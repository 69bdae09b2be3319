package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swapline/swapline/runtime"
)

// pipe is a connection whose other end reads when it is told to.
type pipe struct {
	http.ResponseWriter
	mu       sync.Mutex // guards text, flushed and stuck
	text     strings.Builder
	flushed  int // of text
	stuck    bool
	deadline time.Time
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	stuck := p.stuck
	if !stuck {
		p.text.Write(b)
	}
	p.mu.Unlock()
	if stuck {
		time.Sleep(time.Until(p.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	return len(b), nil
}

func (p *pipe) FlushError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flushed = p.text.Len()
	return nil
}

// heard is what has come through.
func (p *pipe) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()[:p.flushed]
}

func (p *pipe) SetWriteDeadline(t time.Time) error { p.deadline = t; return nil }

// tale is a source of events that a test writes.
type tale struct {
	mu   sync.Mutex
	list []runtime.Happening
	lost uint64 // after it, events are
	more chan struct{}
}

func (s *tale) add(list ...runtime.Happening) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, list...)
	close(s.more)
	s.more = make(chan struct{})
}

func (s *tale) since(_ string, after uint64) (list []runtime.Happening, lost bool, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lost = s.lost != 0 && after == s.lost; lost {
		after = 0
	}
	for _, h := range s.list {
		if h.ID > after && len(list) < 2 {
			list = append(list, h)
		}
	}
	return list, lost, s.more
}

// listening runs a listener in a bubble.
type listening struct {
	*pipe
	*tale
	listener
	leave   context.CancelFunc
	stop    chan struct{}
	ended   chan struct{}
	leaving atomic.Bool // the host does
}

func listen(t *testing.T) *listening {
	l := &listening{pipe: &pipe{}, tale: &tale{more: make(chan struct{})}, stop: make(chan struct{}), ended: make(chan struct{})}
	ctx, leave := context.WithCancel(t.Context())
	l.leave = leave
	l.listener = listener{source: l.since, out: l.pipe, control: http.NewResponseController(l.pipe), gone: ctx, stopping: l.stop,
		draining: l.leaving.Load, log: slog.New(slog.DiscardHandler)}
	go func() { defer close(l.ended); l.run() }()
	return l
}

func (l *listening) over() bool {
	synctest.Wait()
	select {
	case <-l.ended:
		return true
	default:
		return false
	}
}

func TestAListenerHearsABeatWhenNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t)
		synctest.Wait()
		if l.heard() != "retry: 1000\n\n" {
			t.Errorf("it began with %q", l.heard())
		}
		time.Sleep(heartbeat)
		synctest.Wait()
		if l.heard() != "retry: 1000\n\n: still here\n\n" {
			t.Errorf("%q", l.heard())
		}
		l.leaving.Store(true)
		time.Sleep(heartbeat)
		if !l.over() {
			t.Error("it listens on to a host that stops")
		}
	})
}

func TestAListenerHearsEventsWithTheirIdsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t)
		at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
		l.add(runtime.Happening{ID: 7, Type: "rollout.stage", Strategy: "risk", At: at, Data: map[string]any{"text": "a\nb"}},
			runtime.Happening{ID: 8, Type: "breaker.opened", Strategy: "fx", At: at, Data: func() {}}, // no JSON
			runtime.Happening{ID: 9, Type: "rollout.promoted", Strategy: "risk", At: at, Data: struct{}{}})
		synctest.Wait()
		want := "retry: 1000\n\n" +
			"id: 7\nevent: rollout.stage\ndata: " + `{"id":7,"type":"rollout.stage","strategy":"risk","at":"2026-11-23T10:00:00Z","data":{"text":"a\nb"}}` + "\n\n" +
			"id: 9\nevent: rollout.promoted\ndata: " + `{"id":9,"type":"rollout.promoted","strategy":"risk","at":"2026-11-23T10:00:00Z","data":{}}` + "\n\n"
		if l.heard() != want {
			t.Errorf("%s", l.heard())
		}
		l.leave()
		if !l.over() {
			t.Error("it goes on without its client")
		}
	})
}

func TestAListenerIsToldOnceWhatItLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{source: (&tale{lost: 5, more: make(chan struct{})}).since, after: 5}
		p := &pipe{}
		l.out, l.control = p, http.NewResponseController(p)
		for range 3 {
			list, lost, _ := l.source("", l.after)
			if !l.pass(list, lost) {
				t.Fatal("it ended")
			}
		}
		if want := "event: lost\ndata: {\"after\":5}\n\n"; p.text.String() != want {
			t.Errorf("%q", p.text.String())
		}
	})
}

// TestASlowListenerIsLetGo: after its patience, and the source was never held up.
func TestASlowListenerIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t)
		synctest.Wait()
		l.pipe.mu.Lock()
		l.stuck = true
		l.pipe.mu.Unlock()
		start := time.Now()
		for id := range uint64(3) {
			l.add(runtime.Happening{ID: id + 1, Type: "rollout.stage", Data: struct{}{}})
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("whoever tells waited for %s", took)
		}
		<-l.ended
		if took := time.Since(start); took != listenerPatience {
			t.Errorf("it was let go after %s", took)
		}
	})
}

func TestEveryEndEndsAListener(t *testing.T) {
	for name, end := range map[string]func(*listening){
		"the server shuts down": func(l *listening) { close(l.stop) },
		"the client leaves":     func(l *listening) { l.leave() },
		"the runtime closes":    func(l *listening) { l.tale.mu.Lock(); close(l.more); l.more = nil; l.tale.mu.Unlock() },
	} {
		synctest.Test(t, func(t *testing.T) {
			l := listen(t)
			if l.over() {
				t.Errorf("%s: it ended before", name)
			}
			end(l)
			if !l.over() {
				t.Errorf("%s, and it listens on", name)
			}
			l.leave()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var g Gate
		l := &listener{gone: t.Context(), moved: g.leaving(), source: (&tale{more: make(chan struct{})}).since}
		p := &pipe{}
		l.out, l.control = p, http.NewResponseController(p)
		ended := make(chan struct{})
		go func() { defer close(ended); l.run() }()
		g.Move(http.NotFoundHandler())
		<-ended
		g.Move(http.NotFoundHandler())
		var later Gate // is asked when it has moved already
		later.Move(http.NotFoundHandler())
		<-later.leaving()
	})
}

// TestAConnectionThatBreaksEndsItsListener: at the n-th word to it, for every n.
func TestAConnectionThatBreaksEndsItsListener(t *testing.T) {
	for n := range 5 { // retry, lost and three events
		source := &tale{lost: 9, more: make(chan struct{}), list: []runtime.Happening{{ID: 1}, {ID: 2}, {ID: 3}}}
		words := 0
		out := writerFunc(func(b []byte) (int, error) {
			if words++; words > n {
				return 0, errors.New("broken")
			}
			return len(b), nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		l := &listener{source: source.since, after: 9, out: out, control: http.NewResponseController(&pipe{}), gone: ctx}
		l.run()
		if words != n+1 || ctx.Err() != nil {
			t.Errorf("%d words after the connection broke at word %d", words, n+1)
		}
		cancel()
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
