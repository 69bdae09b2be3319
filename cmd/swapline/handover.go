package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cloudflare/tableflip"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// A renewal replaces the serving process by a new one of the same command line,
// without a failed request. Go plugins cannot be unloaded; the old process is
// their grave. The two processes talk over a socket pair that the new one
// inherits with the listening socket, one JSON object a line:
//
//	old                                  new
//	refuses changes, waits for running
//	ones, parks its store                                    "steady"
//	starts the new process
//	                                     hello: its process id
//	begin: token, what serves
//	                                     opens the store, loads everything,
//	                                     compares with what serves
//	                                     ready, or failed: why
//	lets executions wait, ends running
//	ones, parks the state                                    "held"
//	go: what experiments have measured
//	                                     opens the state, goes on measuring
//	                                     from there
//	                                     tells tableflip that it is ready
//	commit
//	                                     accepts connections
//	                                     serving
//	closes its listener, passes what
//	arrives on connections that are kept
//	alive to the new one, with
//	Connection: close; ends when there
//	are none, or after a while
//
// The store and the state are files with an exclusive lock, so at no time have
// two processes one of them open, and a request is computed by exactly one
// process: by the old one before "held", by the new one after "commit".
//
// Until the new process says "serving" the old one can go back: it ends the new
// process, takes state and store back and lets waiting executions in. So it does
// when the new process fails, dies, takes too long, or does not serve all that
// the old one does. If the old process dies after "go" the new one has
// everything and goes on by itself; if it dies before, the new one ends as well.
//
// What experiments have measured is in no file by then, since the store is parked: the
// old process says it when no execution runs any more, and both count each call once.
//
// Executions wait between "held" and "serving", some milliseconds and no longer
// than holdLimit plus twice switchLimit; changes are refused between "steady" and
// "serving", which takes as long as loading does. Reads are answered from memory.
type message struct {
	Step string `json:"step"`
	// With begin.
	Token   string            `json:"token,omitempty"`
	Serving map[string]served `json:"serving,omitempty"`
	// With hello, and how many plugins it holds with ready.
	PID      int `json:"pid,omitempty"`
	Resident int `json:"resident,omitempty"`
	// With failed.
	Why string `json:"why,omitempty"`
	// With go: see runtime.Experiments.HandOver.
	Measured json.RawMessage `json:"measured,omitempty"`
}

// Steps of a hand-over that are messages.
const (
	stepBegin   = "begin"
	stepHello   = "hello"
	stepReady   = "ready"
	stepFailed  = "failed"
	stepGo      = "go"
	stepCommit  = "commit"
	stepServing = "serving"
)

// served is what one strategy serves.
type served struct {
	Digest     manifest.Digest `json:"digest"`
	Generation uint64          `json:"generation"`
}

// link is one end of the socket pair.
type link struct {
	conn  net.Conn
	lines *bufio.Reader
}

// maxMessage bounds one line: 100,000 strategies fit in.
const maxMessage = 32 << 20

func newLink(f *os.File) (*link, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return &link{c, bufio.NewReader(c)}, nil
}

// newLinkPair makes both ends; the second one is for the other process.
func newLinkPair() (here *link, there *os.File, err error) {
	fds, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	there = os.NewFile(uintptr(fds[1]), "hand-over")
	if here, err = newLink(os.NewFile(uintptr(fds[0]), "hand-over")); err != nil {
		return nil, nil, errors.Join(err, there.Close())
	}
	return here, there, nil
}

func (l *link) send(m message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = l.conn.Write(append(b, '\n'))
	return err
}

// receive waits for the next message; the error is io.EOF when the other process
// has ended.
func (l *link) receive() (message, error) {
	var line []byte
	for {
		part, err := l.lines.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxMessage:
			return message{}, errors.New("a message of the other process is too long")
		case err == nil:
			return decodeMessage(line)
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, syscall.ECONNRESET):
			return message{}, io.EOF
		default:
			return message{}, err
		}
	}
}

// expect receives a message that must be of one step.
func (l *link) expect(step string) (message, error) {
	m, err := l.receive()
	if err == nil && m.Step != step {
		err = fmt.Errorf("the other process says %q, not %q", m.Step, step)
	}
	return m, err
}

func decodeMessage(line []byte) (message, error) {
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return message{}, fmt.Errorf("a message of the other process cannot be read: %w", err)
	}
	if m.Step == "" {
		return message{}, errors.New("a message of the other process has no step")
	}
	return m, nil
}

// servingOf lists what really serves.
func servingOf(ctx context.Context, rt *runtime.Runtime) (map[string]served, error) {
	all := map[string]served{}
	for _, name := range rt.Strategies() {
		s, err := rt.Status(ctx, name)
		if err != nil {
			return nil, err
		}
		if s.Problem == "" && s.Stable != nil && s.Stable.Active {
			all[name] = served{s.Stable.Digest, s.Generation}
		}
	}
	return all, nil
}

// missing says what served in the old process and does not in this one, or in
// another generation.
func missing(ctx context.Context, rt *runtime.Runtime, want map[string]served) error {
	have, err := servingOf(ctx, rt)
	if err != nil {
		return err
	}
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have[name] == want[name] {
			continue
		}
		why := "it serves something else"
		if s, err := rt.Status(ctx, name); err != nil || s.Problem != "" {
			why = s.Problem
		}
		lost = append(lost, name+": "+why)
	}
	if lost == nil {
		return nil
	}
	return fmt.Errorf("%d of %d strategies would not serve in the new process: %s", len(lost), len(want), strings.Join(lost, "; "))
}

// succession is the new process's side: what it was given, and what it has to do
// before it may serve.
type succession struct {
	link  *link
	begin message
	flip  flipper
	at    func(step string)
}

// successor reads what the old process gives; nil if there is none.
func (a *app) successor(f flipper) (*succession, error) {
	if f == nil || !f.HasParent() {
		return nil, nil
	}
	file, err := f.File(handoverFile)
	if err == nil && file == nil {
		err = errors.New("the old process gave no hand-over")
	}
	if err != nil {
		return nil, err
	}
	l, err := newLink(file)
	if err != nil {
		return nil, err
	}
	s := &succession{link: l, flip: f, at: a.at}
	if err := l.send(message{Step: stepHello, PID: os.Getpid()}); err != nil {
		return nil, err
	}
	s.begin, err = l.expect(stepBegin)
	s.at("new:begin")
	return s, err
}

// failed tells the old process why this one gives up.
func (s *succession) failed(err error) error {
	if s != nil && err != nil {
		_ = s.link.send(message{Step: stepFailed, Why: err.Error()}) // it notices our end anyway
	}
	return err
}

// takeOver gets everything else from the old process. After nil this process is
// the one that serves.
func (s *succession) takeOver(ctx context.Context, h *host) error {
	if s == nil {
		return nil
	}
	s.at("new:loaded")
	if err := missing(ctx, h.rt, s.begin.Serving); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.link.conn.Close() }) // a signal ends the waiting
	defer stop()
	if err := s.link.send(message{Step: stepReady, Resident: h.residentCount()}); err != nil {
		return err
	}
	s.at("new:ready")
	given, err := s.link.expect(stepGo)
	if err != nil {
		return fmt.Errorf("the old process did not hand over: %w", err)
	}
	s.at("new:go")
	if err := h.rt.Experiments.TakeOver(given.Measured); err != nil {
		h.log.Warn("experiments go on from their last note", "error", err)
	}
	if err := h.unparkState(); err != nil {
		return err
	}
	s.at("new:state")
	if err := s.flip.Ready(); err != nil {
		return err
	}
	s.at("new:flipped")
	// Without this word the old process is dead, or it would have ended this
	// one: in both cases nobody else serves.
	if _, err := s.link.expect(stepCommit); err != nil && ctx.Err() == nil {
		h.log.Warn("the old process ended before the hand-over was complete", "error", err)
	}
	s.at("new:commit")
	return nil
}

// since is when the process was last renewed: now, or never.
func (s *succession) since() time.Time {
	if s == nil {
		return time.Time{}
	}
	return time.Now()
}

// serving tells the old process that connections are accepted here.
func (s *succession) serving() {
	_ = s.link.send(message{Step: stepServing}) // if it is dead, nobody needs to know
	_ = s.link.conn.Close()
}

// flipper is what this program needs of *tableflip.Upgrader.
type flipper interface {
	HasParent() bool
	File(name string) (*os.File, error)
	AddFile(name string, f *os.File) error
	AddListener(network, address string, l tableflip.Listener) error
	Listener(network, address string) (net.Listener, error)
	Upgrade() error
	Ready() error
	Stop()
	WaitForParent(ctx context.Context) error
}

// Names under which sockets are inherited.
const (
	handoverFile = "hand-over"
	listenerName = "main"
)

// awaitPredecessor waits until the process before this one has ended.
func awaitPredecessor(ctx context.Context, f flipper, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := f.WaitForParent(ctx); err != nil {
		return problem.New(problem.RenewalBusy, "the process before this one still finishes its connections").Cure("try again in some seconds")
	}
	return nil
}

var _ flipper = (*tableflip.Upgrader)(nil)
