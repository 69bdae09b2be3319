package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

// Bounds of a renewal beside the one for loading, which the operator sets.
const (
	changeLimit = 10 * time.Second // for the changes that run when it begins
	holdLimit   = 5 * time.Second  // for the executions that run when all wait
	switchLimit = 5 * time.Second  // for each answer of the new process while all wait
	endLimit    = time.Second      // for the end of the process before this one
)

// renewer replaces the process of a host: the old one's side of a hand-over,
// which handover.go specifies.
type renewer struct {
	host  *host
	flip  flipper
	never atomic.Pointer[error] // why this process cannot be renewed; nil if it can
	at    func(string)          // told each step
	begun chan struct{}         // closed when this process serves and says so, or never will
	turn  chan struct{}         // holds one token while a renewal runs, and for ever after it
	moved chan struct{}         // closed when the new process serves
	next  *os.Process           // set before moved is closed
}

func newRenewer(h *host, f flipper, never error, at func(string)) *renewer {
	r := &renewer{host: h, flip: f, at: at, begun: make(chan struct{}), turn: make(chan struct{}, 1), moved: make(chan struct{})}
	if never != nil {
		r.never.Store(&never)
	}
	return r
}

// begin lets renewals in, which wait until then: one that overtook the start would
// find a process that cannot hand over yet, and its announcement would be
// overwritten. The error of a start that failed allows none, and is returned.
func (r *renewer) begin(err error) error {
	if err != nil {
		r.never.Store(&err)
	}
	close(r.begun)
	return err
}

// renew starts a new process and hands everything over. After an error this
// process goes on as before.
func (r *renewer) renew(ctx context.Context, why string) (server.Renewal, error) {
	if r.never.Load() == nil {
		<-r.begun
	}
	if never := r.never.Load(); never != nil {
		return server.Renewal{}, problem.New(problem.RenewalFailed, "this process cannot be renewed: %w", *never).Cure("restart it instead")
	}
	select {
	case r.turn <- struct{}{}:
	default:
		return server.Renewal{}, problem.New(problem.RenewalBusy, "another renewal is under way").Cure("wait for its end")
	}
	t := &transfer{host: r.host, flip: r.flip, at: r.at, log: r.host.log.With("renewal", why), began: time.Now()}
	err := awaitPredecessor(ctx, r.flip, endLimit)
	if err == nil {
		err = t.run(ctx)
	}
	if err != nil {
		if t.flipped {
			r.never.Store(&errFlipped)
		}
		<-r.turn
		t.log.Warn("renewal failed: this process goes on", "after", time.Since(t.began), "error", err)
		return server.Renewal{}, asRenewalFailed(err)
	}
	r.next = t.process
	close(r.moved)
	return t.out, nil
}

// errFlipped: the library that hands sockets over does that once.
var errFlipped = errors.New("an earlier renewal failed in its last step")

func asRenewalFailed(err error) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Code == problem.RenewalBusy {
		return p
	}
	return problem.New(problem.RenewalFailed, "the process goes on, as no new one took over: %w", err).
		Cure("look at the reason and at the log, then renew again")
}

// stop ends a renewal that runs and allows no other. It is harmless without one.
func (r *renewer) stop(ctx context.Context) error {
	if r.flip == nil {
		return nil
	}
	r.flip.Stop()
	select {
	case r.turn <- struct{}{}:
	case <-r.moved:
	case <-ctx.Done():
	}
	return nil
}

// finish waits until clients have left this process, after it was renewed. A
// signal that ends it ends the new one as well: who sends it may not know that
// there is one.
func (r *renewer) finish(ctx context.Context) {
	grace := time.NewTimer(r.host.options.renewGrace)
	defer grace.Stop()
	select {
	case <-r.host.connections.leave():
	case <-grace.C:
	case <-ctx.Done():
		_ = r.next.Signal(syscall.SIGTERM) // it may have got it, too
	}
}

// transfer is one renewal on its way.
type transfer struct {
	host  *host
	flip  flipper
	at    func(string)
	log   *slog.Logger
	out   server.Renewal
	began time.Time
	held  time.Time // since when executions wait

	back     cleanup // how to go on as before
	link     *link
	said     chan message // from the new process
	upgraded chan error   // holds what Upgrade returned
	ended    bool         // the new process is known to have ended
	flipped  bool         // tableflip takes the new process for the one that serves
	process  *os.Process
}

// phase is a part of a renewal that may fail.
type phase struct {
	name string
	do   func(*transfer, context.Context) error
}

func phases() []phase {
	return []phase{{"steady", (*transfer).steady}, {"start", (*transfer).start}, {"load", (*transfer).load},
		{"hold", (*transfer).hold}, {"switch", (*transfer).flipOver}, {"commit", (*transfer).commit}}
}

// run goes through all phases, or back through those that it went through.
func (t *transfer) run(ctx context.Context) error {
	t.out.ResidentBefore = t.host.residentCount()
	for _, p := range phases() {
		begin := time.Now()
		t.at("old:" + p.name)
		if err := p.do(t, ctx); err != nil {
			t.goBack(ctx)
			return err
		}
		t.log.Info("renewal: "+p.name, "took", time.Since(begin))
	}
	t.move()
	return nil
}

// goBack ends the new process and undoes the phases.
func (t *transfer) goBack(ctx context.Context) {
	if t.upgraded != nil && !t.ended {
		if t.process != nil {
			_ = t.process.Kill()
		}
		if err := <-t.upgraded; err != nil {
			t.log.Debug("the new process was ended", "error", err)
		}
	}
	if t.link != nil {
		_ = t.link.conn.Close()
	}
	t.at("old:back")
	if err := t.back.run(context.WithoutCancel(ctx)); err != nil {
		t.log.Error("going on after a failed renewal", "error", err)
	}
}

// steady stops changes and gives the store away.
func (t *transfer) steady(ctx context.Context) error {
	h := t.host
	limited, cancel := context.WithTimeout(ctx, changeLimit)
	defer cancel()
	if err := h.gate.Steady(limited); err != nil {
		return problem.New(problem.RenewalBusy, "a change of a strategy did not end within %s", changeLimit).Cure("renew again when it has ended")
	}
	// Last first: executions wait for nothing that takes long.
	t.back.add(func(context.Context) error { return h.watcher.start() })
	t.back.add(func(context.Context) error { return h.store.Unpark() })
	t.back.add(func(context.Context) error { h.gate.Open(); return nil })
	h.watcher.stop()
	return h.store.Park(limited)
}

// start starts the new process and tells it what it needs.
func (t *transfer) start(ctx context.Context) error {
	serving, err := servingOf(ctx, t.host.rt)
	if err != nil {
		return err
	}
	here, there, err := newLinkPair()
	if err != nil {
		return err
	}
	t.link, t.said, t.upgraded = here, make(chan message, 8), make(chan error, 1)
	err = t.flip.AddFile(handoverFile, there)
	if err := errors.Join(err, there.Close()); err != nil {
		t.upgraded = nil
		return err
	}
	go func() { t.upgraded <- t.flip.Upgrade() }()
	go t.listen()
	m, err := t.await(ctx, stepHello, t.host.options.renewLimit)
	if err != nil {
		return err
	}
	t.out.PID = m.PID
	if t.process, err = os.FindProcess(m.PID); err != nil {
		return err
	}
	_ = here.conn.SetWriteDeadline(time.Now().Add(t.host.options.renewLimit)) // it may never read
	err = here.send(message{Step: stepBegin, Token: t.host.token, Serving: serving})
	return errors.Join(err, here.conn.SetWriteDeadline(time.Time{}))
}

// listen passes on what the new process says.
func (t *transfer) listen() {
	defer close(t.said)
	for {
		m, err := t.link.receive()
		if err != nil {
			return
		}
		t.said <- m
	}
}

// await waits for a step of the new process, unless it fails or ends.
func (t *transfer) await(ctx context.Context, step string, limit time.Duration) (message, error) {
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case m, more := <-t.said:
		if !more {
			return m, errors.New("the new process says nothing more")
		}
		return m, m.must(step)
	case err := <-t.upgraded:
		return message{}, t.end(err)
	case <-late.C:
		return message{}, problem.New(problem.RenewalFailed, "the new process did not say %q within %s", step, limit)
	case <-ctx.Done():
		return message{}, ctx.Err()
	}
}

// must makes an error of a message that is not the expected one.
func (m message) must(step string) error {
	switch m.Step {
	case step:
		return nil
	case stepFailed:
		return errors.New(m.Why)
	}
	return problem.New(problem.RenewalFailed, "the new process said %q", m.Step).Want("%s", step)
}

// end notes that the new process has ended. What it said last is the better
// reason.
func (t *transfer) end(err error) error {
	t.ended = true
	last := time.NewTimer(endLimit)
	defer last.Stop()
	_ = t.link.conn.SetReadDeadline(time.Now().Add(endLimit / 10))
	for {
		select {
		case m, more := <-t.said:
			if m.Step == stepFailed {
				return errors.New(m.Why)
			}
			if !more {
				return err
			}
		case <-last.C:
			return err
		}
	}
}

// load waits until the new process has loaded everything.
func (t *transfer) load(ctx context.Context) error {
	m, err := t.await(ctx, stepReady, t.host.options.renewLimit)
	t.out.ResidentAfter = m.Resident
	return err
}

// hold lets executions wait and gives the state away.
func (t *transfer) hold(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, holdLimit)
	defer cancel()
	t.held = time.Now()
	if err := t.host.gate.Hold(limited); err != nil {
		return problem.New(problem.RenewalFailed, "executions did not end within %s", holdLimit)
	}
	t.back.add(func(context.Context) error { return t.host.unparkState() })
	return t.host.parkState()
}

// flipOver lets the new process take everything.
func (t *transfer) flipOver(ctx context.Context) error {
	if err := t.link.send(message{Step: stepGo, Measured: t.host.rt.Experiments.HandOver()}); err != nil {
		return err
	}
	late := time.NewTimer(switchLimit)
	defer late.Stop()
	select {
	case err := <-t.upgraded:
		if err != nil {
			return t.end(err)
		}
		t.flipped = true
		t.upgraded <- nil // for goBack
		return nil
	case <-late.C:
		return problem.New(problem.RenewalFailed, "the new process did not take over within %s", switchLimit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit lets the new process accept connections.
func (t *transfer) commit(ctx context.Context) error {
	if err := t.link.send(message{Step: stepCommit}); err != nil {
		return err
	}
	late := time.NewTimer(switchLimit)
	defer late.Stop()
	select {
	case m, more := <-t.said:
		if !more {
			return errors.New("the new process ended before it served")
		}
		return m.must(stepServing)
	case <-late.C:
		return problem.New(problem.RenewalFailed, "the new process did not serve within %s", switchLimit)
	}
}

// move makes this process the one that only passes on.
func (t *transfer) move() {
	h := t.host
	h.connections.leave()
	_ = h.listener.Close() // the new process has its own
	h.gate.Move(passOn(h.listener.Addr(), h.log))
	_ = t.link.conn.Close()
	t.out.Steady, t.out.Held = time.Since(t.began), time.Since(t.held)
	t.log.Info("renewed: another process serves", "pid", t.out.PID, "resident_before", t.out.ResidentBefore, "resident_after", t.out.ResidentAfter,
		"steady", t.out.Steady, "held", t.out.Held)
}

// passOn sends requests to the process that took over, and clients with them:
// their next connection leads there.
func passOn(to net.Addr, log *slog.Logger) http.Handler {
	address := reachable(to)
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	p := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", address, r.In.Host
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		p.ServeHTTP(w, r)
	})
}

// reachable is where this machine finds what listens on an address.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok || !t.IP.IsUnspecified() {
		return a.String()
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: t.Port}).String()
}
