package capability

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// A journal is what one call got from outside, in order:
//
//	"SWJ1", then entries: kind (1 byte), length of the question (uvarint), the
//	question, length of the answer plus 1 (uvarint; 0: no answer), the answer
//
//	kind  question          answer
//	'w'                     wall clock: change since the last, nanoseconds, varint
//	'm'                     clock for durations, the same way
//	'r'                     random bytes
//	's'   key               the stored value, or none
//	'h'   method and URL    the reply of the calling convention
const (
	journalHead   = "SWJ1"
	tapeWall      = 'w'
	tapeMonotonic = 'm'
	tapeRandom    = 'r'
	tapeState     = 's'
	tapeHTTP      = 'h'
)

// maxJournal bounds a journal in bytes.
const maxJournal = 16 << 20

// tape stands between a call and its sources.
type tape interface {
	// pass returns the answer to a question: the source's, or the one that
	// was recorded.
	pass(kind byte, question string, ask func() ([]byte, error)) ([]byte, error)
}

type tapeKey struct{}

func tapeOf(ctx context.Context) tape {
	t, _ := ctx.Value(tapeKey{}).(tape)
	return t
}

// Recorder notes what one call gets from outside.
type Recorder struct {
	mu   sync.Mutex
	text []byte // guarded by mu
	full bool   // guarded by mu
	less bool   // guarded by mu: a request was refused that would have been sent
}

// Record makes a context for one call that is recorded.
func Record(ctx context.Context) (context.Context, *Recorder) {
	r := &Recorder{text: []byte(journalHead)}
	return context.WithValue(ctx, tapeKey{}, tape(r)), r
}

// Journal returns what was recorded. It fails if that was too much.
func (r *Recorder) Journal() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full {
		return nil, problem.New(problem.ValueTooLarge, "the call got more than %d bytes from outside, which is not recorded", maxJournal)
	}
	return append([]byte(nil), r.text...), nil
}

// Refused reports whether a call [Aside] asked for a request. It was not sent, and
// so the call did not do what it does among live ones.
func (r *Recorder) Refused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.less
}

func (r *Recorder) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.less = true
}

func (r *Recorder) pass(kind byte, question string, ask func() ([]byte, error)) ([]byte, error) {
	answer, err := ask()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full = r.full || len(r.text)+len(question)+len(answer) > maxJournal; r.full {
		return answer, nil
	}
	r.text = binary.AppendUvarint(append(r.text, kind), uint64(len(question)))
	r.text = append(r.text, question...)
	if answer == nil {
		r.text = append(r.text, 0)
		return nil, nil
	}
	r.text = append(binary.AppendUvarint(r.text, uint64(len(answer))+1), answer...)
	return answer, nil
}

// Replayer gives one call what another one got.
type Replayer struct {
	mu       sync.Mutex
	rest     []byte // guarded by mu
	diverged bool   // guarded by mu
}

// Replay makes a context for one call that gets what the journal says. The
// journal must be one that a Recorder made; a damaged one diverges.
func Replay(ctx context.Context, journal []byte) (context.Context, *Replayer, error) {
	if len(journal) < len(journalHead) || string(journal[:len(journalHead)]) != journalHead {
		return ctx, nil, problem.New(problem.ValueDomain, "this is no journal of a call")
	}
	r := &Replayer{rest: journal[len(journalHead):]}
	return context.WithValue(ctx, tapeKey{}, tape(r)), r, nil
}

// Diverged reports whether the call asked for something else, or for more or
// less, than the one that was recorded. Ask after the call.
func (r *Replayer) Diverged() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.diverged || len(r.rest) > 0
}

func (r *Replayer) pass(kind byte, question string, _ func() ([]byte, error)) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.diverged {
		return nil, diverged("the replayed call differs from the recorded one")
	}
	answer, err := r.nextLocked(kind, question)
	r.diverged = err != nil
	return answer, err
}

func (r *Replayer) nextLocked(kind byte, question string) ([]byte, error) {
	if len(r.rest) == 0 || r.rest[0] != kind {
		return nil, diverged("the recorded call did not ask for this")
	}
	asked, rest, err := part(r.rest[1:], 0)
	if err != nil || string(asked) != question {
		return nil, diverged("the recorded call asked for something else")
	}
	answer, rest, err := part(rest, 1)
	if err != nil {
		return nil, err
	}
	r.rest = rest
	return answer, nil
}

// part takes a length and that many bytes; a length below less means none.
func part(b []byte, less uint64) (text, rest []byte, err error) {
	n, used := binary.Uvarint(b)
	if used <= 0 {
		return nil, nil, diverged("the journal is damaged")
	}
	b = b[used:]
	if n < less {
		return nil, b, nil
	}
	if n -= less; n > uint64(len(b)) {
		return nil, nil, diverged("the journal is damaged")
	}
	return b[:n:n], b[n:], nil
}

func diverged(text string) error { return abi.Reject(abi.CodeDiverged, text) }

// clocks are the last readings, from which the next ones are counted.
type clocks struct{ wall, monotonic int64 }

// Wall reads the wall clock of a guest, in nanoseconds since 1970. It fails only
// in a replay that diverges.
func (c *Call) Wall(read func() int64) (int64, error) {
	if c == nil || c.tape == nil {
		return read(), nil
	}
	return c.clock(tapeWall, &c.clocks.wall, read)
}

// Monotonic reads the guest's clock for durations, in nanoseconds.
func (c *Call) Monotonic(read func() int64) (int64, error) {
	if c == nil || c.tape == nil {
		return read(), nil
	}
	return c.clock(tapeMonotonic, &c.clocks.monotonic, read)
}

func (c *Call) clock(kind byte, last *int64, read func() int64) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.tape.pass(kind, "", func() ([]byte, error) { return binary.AppendVarint(nil, read()-*last), nil })
	if err != nil {
		return 0, err
	}
	change, used := binary.Varint(b)
	if used != len(b) || used == 0 {
		return 0, diverged("the journal is damaged")
	}
	*last += change
	return *last, nil
}

// Random fills b with random bytes. read makes them.
func (c *Call) Random(b []byte, read func([]byte)) error {
	if c == nil || c.tape == nil {
		read(b)
		return nil
	}
	got, err := c.tape.pass(tapeRandom, "", func() ([]byte, error) {
		fresh := make([]byte, len(b))
		read(fresh)
		return fresh, nil
	})
	if err != nil {
		return err
	}
	if _, aside := c.tape.(*shadow); aside && len(got) != len(b) {
		read(b) // it asks for other numbers, and may
		return nil
	}
	if len(got) != len(b) {
		return diverged("the recorded call asked for another number of random bytes")
	}
	copy(b, got)
	return nil
}

// IsDiverged reports whether err says that a replay differs from its recording.
func IsDiverged(err error) bool {
	var e *abi.Error
	return errors.As(err, &e) && e.Code == abi.CodeDiverged
}

var (
	_ tape = (*Recorder)(nil)
	_ tape = (*Replayer)(nil)
)
