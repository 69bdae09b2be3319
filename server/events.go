package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// The stream of events is text/event-stream as the HTML standard of the WHATWG has
// it, section 9.2. Every event has an id; whoever comes back with the last one in
// Last-Event-ID gets what it missed.

const (
	mediaEvents       = "text/event-stream"
	headerLastEventID = "Last-Event-ID"

	// heartbeat is how often something is sent when nothing happens, so that both
	// ends, and what is between them, see that the other one is there.
	heartbeat = 15 * time.Second
	// listenerPatience is how long one write may take.
	listenerPatience = 10 * time.Second
	// comeBack is what listeners are told to wait after a stream has ended, in
	// milliseconds.
	comeBack = "retry: 1000\n\n"
)

// eventLost says that events were skipped; it has no id.
const eventLost = "lost"

type lostEvents struct {
	After uint64 `json:"after"`
}

// events streams what happens until the listener or the server goes.
func (a *api) events(c echo.Context) error {
	strategy, after, err := a.positionOf(c)
	if err != nil {
		return err
	}
	leave, err := a.enterListener()
	if err != nil {
		return err
	}
	defer leave()
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, mediaEvents)
	h.Set("X-Accel-Buffering", "no") // a proxy in front passes events on at once
	// Who comes back takes a new connection: after a renewal it leads to another
	// process.
	h.Set("Connection", "close")
	l := &listener{
		source: a.Runtime.Rollouts.Happenings, strategy: strategy, after: after,
		out: c.Response(), control: http.NewResponseController(c.Response().Writer),
		gone: c.Request().Context(), moved: a.Gate.leaving(), stopping: a.stopping, draining: a.Draining, log: a.Log,
	}
	l.run()
	return nil
}

// positionOf reads what to listen to and from where on: after the last event that
// was heard, or from now on.
func (a *api) positionOf(c echo.Context) (strategy string, after uint64, err error) {
	strategy = c.QueryParam("strategy")
	if strategy != "" && !manifest.ValidName(strategy) {
		return "", 0, problem.New(problem.BadRequest, "%.80q cannot be the name of a strategy", strategy).
			Cure("GET /v1/strategies lists the names")
	}
	heard := c.Request().Header.Get(headerLastEventID)
	what := "header " + headerLastEventID
	if heard == "" {
		heard, what = c.QueryParam("after"), "query parameter after"
	}
	if heard == "" {
		return strategy, a.Runtime.Rollouts.Newest(), nil
	}
	if after, err = strconv.ParseUint(heard, 10, 64); err != nil {
		return "", 0, problem.New(problem.BadRequest, "the %s is not the id of an event", what).
			Want("digits").Got("%.40q", heard).Cure("send the id of the last event that was heard, or nothing")
	}
	return strategy, after, nil
}

// enterListener takes one of the places for streams, without waiting.
func (a *api) enterListener() (leave func(), err error) {
	select {
	case a.listeners <- struct{}{}:
		return func() { <-a.listeners }, nil
	default:
		return nil, problem.New(problem.Overloaded, "%d listeners hear the events already", cap(a.listeners)).
			Want("fewer at the same time").Cure("close other streams, or ask for the rollout from time to time")
	}
}

// listener is one stream. It holds nothing that others wait for: it asks for what
// happened since it asked last.
type listener struct {
	source   func(strategy string, after uint64) ([]runtime.Happening, bool, <-chan struct{})
	strategy string
	after    uint64 // the last event that was sent, or passed over

	out     io.Writer
	control *http.ResponseController

	gone            context.Context //nolint:containedctx // of the request that the listener is
	moved, stopping <-chan struct{}
	draining        func() bool
	log             *slog.Logger
}

// run sends until an end comes.
func (l *listener) run() {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	if !l.send(comeBack) {
		return
	}
	for {
		list, lost, more := l.source(l.strategy, l.after)
		if !l.pass(list, lost) || more == nil {
			return
		}
		if len(list) > 0 {
			more = closed() // there may be others already
		}
		select {
		case <-l.gone.Done():
			return
		case <-l.moved:
			return
		case <-l.stopping:
			return
		case <-beat.C:
			if l.draining() || !l.send(": still here\n\n") {
				return
			}
		case <-more:
		}
	}
}

// closed returns a channel that is.
func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// pass sends a batch of events and says whether to go on.
func (l *listener) pass(list []runtime.Happening, lost bool) bool {
	if lost {
		if !l.event("", eventLost, lostEvents{l.after}) {
			return false
		}
		l.after = 0 // the next are those that are kept
	}
	for _, h := range list {
		if !l.event("id: "+strconv.FormatUint(h.ID, 10)+"\n", h.Type, h) {
			return false
		}
		l.after = h.ID
	}
	return true
}

// event sends one event. Data that is no JSON is a mistake of ours; the others go
// on.
func (l *listener) event(id, typ string, data any) bool {
	text, err := json.Marshal(data)
	if err != nil {
		l.log.Error("an event cannot be told", "type", typ, "error", err)
		return true
	}
	return l.send(fmt.Sprintf("%sevent: %s\ndata: %s\n\n", id, typ, text))
}

// send writes and says whether the listener took it in time.
func (l *listener) send(text string) bool {
	_ = l.control.SetWriteDeadline(time.Now().Add(listenerPatience))
	if _, err := io.WriteString(l.out, text); err != nil {
		return false
	}
	return l.control.Flush() == nil
}
