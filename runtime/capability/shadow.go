package capability

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// A shadow is the tape of a call that leaves no trace. It gives what another call
// got, as far as that asked the same; it does not mind the order. For what that
// one did not ask it goes to the source, which reading does not change, but never
// over the network.
type shadow struct {
	recorder *Recorder // of what comes from the source; may be nil

	mu      sync.Mutex
	answers map[question][][]byte // guarded by mu; the next one first
}

// question is what a call asked.
type question struct {
	kind byte
	text string
}

// about makes a question. A request without a method is a GET.
func about(kind byte, text string) question {
	if kind == tapeHTTP && strings.HasPrefix(text, " ") {
		text = http.MethodGet + text
	}
	return question{kind, text}
}

// Aside makes a context for one call that leaves no trace: its writes and events
// are dropped and no request is sent. It reads the state as it is now, and is
// recorded, so that another release can get the same with [Shadow]. Ask
// Recorder.Refused whether it would have sent something.
func Aside(ctx context.Context) (context.Context, *Recorder) {
	r := &Recorder{text: []byte(journalHead)}
	return context.WithValue(ctx, tapeKey{}, tape(&shadow{recorder: r})), r
}

// Shadow makes a context for one call that leaves no trace, as in [Aside], but
// sees the world of the call whose journal it gets: what that one got is given
// again,
//
//	state         for the same key, before that call's own writes
//	HTTP          for the same method and URL, in order; the last one again and again
//	time, random  one reading after the other
//
// The clock for durations is the call's own: a guest that keeps its memory must
// not see it go back. What the other call did not ask comes from the state and the clock as they are
// now; a request that it did not send is refused with http_denied. An empty
// journal is one of a call that asked nothing.
func Shadow(ctx context.Context, journal []byte) (context.Context, error) {
	s := &shadow{answers: map[question][][]byte{}}
	if len(journal) > 0 {
		rest, ok := strings.CutPrefix(string(journal), journalHead)
		if !ok {
			return ctx, problem.New(problem.ValueDomain, "this is no journal of a call")
		}
		if err := s.read([]byte(rest)); err != nil {
			return ctx, err
		}
	}
	return context.WithValue(ctx, tapeKey{}, tape(s)), nil
}

// read sorts a journal by what was asked.
func (s *shadow) read(rest []byte) error {
	for len(rest) > 0 {
		kind := rest[0]
		text, after, err := part(rest[1:], 0)
		if err != nil {
			return err
		}
		answer, after, err := part(after, 1)
		if err != nil {
			return err
		}
		q := about(kind, string(text))
		s.answers[q] = append(s.answers[q], answer)
		rest = after
	}
	return nil
}

func (s *shadow) pass(kind byte, text string, ask func() ([]byte, error)) ([]byte, error) {
	if answer, ok := s.heard(about(kind, text)); ok {
		return answer, nil
	}
	switch {
	case kind == tapeHTTP:
		if s.recorder != nil {
			s.recorder.refuse()
		}
		return nil, abi.Reject(abi.CodeHTTPDenied, "no request is sent by a release that runs in the shadow of another one")
	case s.recorder != nil:
		return s.recorder.pass(kind, text, ask)
	}
	return ask()
}

// heard returns what the other call got.
func (s *shadow) heard(q question) (answer []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.answers[q]
	if len(list) == 0 || q.kind == tapeMonotonic {
		return nil, false
	}
	if len(list) > 1 || q.kind != tapeHTTP && q.kind != tapeState {
		s.answers[q] = list[1:]
	}
	return list[0], true
}

var _ tape = (*shadow)(nil)
