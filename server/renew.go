package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime/problem"
)

// Gate is the door of a process that may be replaced by another one while it
// serves. Requests are of three sorts: executions, changes of what is served,
// and the rest. The gate has four states, in the order of a renewal:
//
//	open      all are let in
//	steady    changes are refused with HostRenewing
//	held      and executions wait; none is running
//	moved     every request goes to the process that took over
//
// From steady and held a renewal that fails goes back to open. A request that
// waited then is served here; one that waited when the gate moves is passed on
// whole, as its body is read before it comes to the gate.
//
// A nil Gate is always open. The zero value is open; a Gate is safe for
// concurrent use.
type Gate struct {
	mu         sync.Mutex
	state      gateState
	executions int
	changes    int
	changed    chan struct{} // closed when state changes or a count becomes 0; nil while nobody waits
	successor  http.Handler
	left       chan struct{} // closed when the gate has moved; nil until somebody asks
	steady     []func()      // called when no change runs any more
}

type gateState int

const (
	gateOpen gateState = iota
	gateSteady
	gateHeld
	gateMoved
)

// errMoved says that another process must answer.
var errMoved = errors.New("another process has taken over")

// Steady refuses changes from now on and waits until those that run have ended.
// If ctx ends first the gate is open again and the error is ctx's.
func (g *Gate) Steady(ctx context.Context) error {
	if err := g.advance(ctx, gateSteady, gateOpen, &g.changes); err != nil {
		return err
	}
	for _, do := range g.steady {
		do()
	}
	return nil
}

// whenSteady adds what to do each time when no change runs any more, before the
// renewal goes on. It is for the beginning, before the gate is used.
func (g *Gate) whenSteady(do func()) {
	if g != nil {
		g.steady = append(g.steady, do)
	}
}

// Hold lets executions wait from now on and waits until those that run have
// ended. If ctx ends first they go on, the gate is steady again and the error is
// ctx's.
func (g *Gate) Hold(ctx context.Context) error {
	return g.advance(ctx, gateHeld, gateSteady, &g.executions)
}

// advance goes to a state and waits until nothing is counted any more.
func (g *Gate) advance(ctx context.Context, to, back gateState, count *int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.setLocked(to)
	for *count > 0 {
		if err := g.waitLocked(ctx); err != nil {
			g.setLocked(back)
			return err
		}
	}
	return nil
}

// Open lets everything in again.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.setLocked(gateOpen)
}

// Move passes every request to the process that took over, those that wait
// included. It is for ever.
func (g *Gate) Move(successor http.Handler) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.successor = successor
	if g.left != nil && g.state != gateMoved {
		close(g.left)
	}
	g.setLocked(gateMoved)
}

// leaving returns a channel that closes when the gate moves. It is not the one of
// waitLocked, which executions close at any time.
func (g *Gate) leaving() <-chan struct{} {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left == nil {
		g.left = make(chan struct{})
		if g.state == gateMoved {
			close(g.left)
		}
	}
	return g.left
}

func (g *Gate) setLocked(s gateState) {
	g.state = s
	g.wakeLocked()
}

func (g *Gate) wakeLocked() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// waitLocked gives the lock away until something changes.
func (g *Gate) waitLocked(ctx context.Context) error {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	changed := g.changed
	g.mu.Unlock()
	defer g.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enterExecution waits while executions are held. After nil the caller calls
// leaveExecution; after errMoved the successor must answer.
func (g *Gate) enterExecution(ctx context.Context) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.state == gateHeld {
		if err := g.waitLocked(ctx); err != nil {
			return problem.New(problem.Canceled, "gave up while the host was being renewed: %w", err)
		}
	}
	if g.state == gateMoved {
		return errMoved
	}
	g.executions++
	return nil
}

func (g *Gate) leaveExecution() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.executions--; g.executions == 0 {
		g.wakeLocked()
	}
}

// enterChange refuses a change while the process is being replaced.
func (g *Gate) enterChange() (leave func(), err error) {
	if g == nil {
		return func() {}, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != gateOpen {
		return nil, problem.New(problem.HostRenewing, "the host is being renewed and takes no changes for a moment").
			Cure("send the change again in a second")
	}
	g.changes++
	return g.leaveChange, nil
}

func (g *Gate) leaveChange() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.changes--; g.changes == 0 {
		g.wakeLocked()
	}
}

// moved returns the handler of the process that took over, nil before.
func (g *Gate) moved() http.Handler {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != gateMoved {
		return nil
	}
	return g.successor
}

// guard passes requests on once the gate has moved.
func (g *Gate) guard(next http.Handler) http.Handler {
	if g == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := g.moved(); to != nil {
			to.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// elsewhere lets the successor answer a request whose body was read here.
func (a *api) elsewhere(c echo.Context, body []byte, err error) error {
	if !errors.Is(err, errMoved) {
		return err
	}
	r, w := c.Request(), c.Response()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set(headerRequestID, w.Header().Get(headerRequestID))
	clear(w.Header()) // the answer brings its own
	a.Gate.moved().ServeHTTP(w, r)
	return nil
}

// changing lets a change in and out of the gate.
func (a *api) changing(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		leave, err := a.Gate.enterChange()
		if err != nil {
			return err
		}
		defer leave()
		return next(c)
	}
}

// Renewal tells how one process took over from another.
type Renewal struct {
	// PID is the process that serves now.
	PID int `json:"pid"`
	// ResidentBefore and ResidentAfter are how many plugins the processes held.
	ResidentBefore int `json:"resident_before"`
	ResidentAfter  int `json:"resident_after"`
	// Steady is how long changes were refused, Held how long executions waited.
	Steady time.Duration `json:"steady_ns"`
	Held   time.Duration `json:"held_ns"`
}

// renewLimit is how long the answer to a renewal may take: longer than any
// renewal is allowed to.
const renewLimit = 10 * time.Minute

// renew replaces the process. It goes on when the client goes away.
func (a *api) renew(c echo.Context) error {
	if a.Renew == nil {
		return echo.ErrNotFound
	}
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(renewLimit))
	out, err := a.Renew(context.WithoutCancel(c.Request().Context()))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Connection", "close") // this process serves no further request
	return c.JSON(http.StatusOK, out)
}
