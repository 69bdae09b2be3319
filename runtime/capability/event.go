package capability

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// Event is something that a strategy said happened.
type Event struct {
	Strategy string
	Release  string // version
	Type     string
	Data     any // of the wire domain; shared, not to be changed
	Time     time.Time
}

// Sink takes the events of one successful call, in order. It is called in the
// course of Execute, from many goroutines, and must return soon; what it cannot
// deliver is its own to report.
type Sink interface {
	Deliver(list []Event)
}

// maxType bounds the name of a type of events.
const maxType = 64

// events is what one call emitted.
type events struct {
	list []Event
	size int
}

// Emit implements abi.Emitter for one call.
func (c *Call) Emit(_ context.Context, typ string, data any) error {
	if err := c.enter(abi.CapabilityEmit); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if !validType(typ) {
		return abi.Reject(abi.CodeBadRequest, "the type of an event is 1 to 64 of a-z 0-9 . _ -")
	}
	b, err := wire.Append(nil, data)
	if err != nil {
		return abi.Reject(abi.CodeBadRequest, "the event is outside of the value domain: "+err.Error())
	}
	l := c.grant.services.Limits
	if len(c.events.list) == l.Events || c.events.size+len(b)+len(typ) > l.EventBytes {
		return quota("a call emits at most %d events of %d bytes together", l.Events, l.EventBytes)
	}
	own, err := wire.Decode(b)
	if err != nil {
		return abi.Reject(abi.CodeBadRequest, "the event is outside of the value domain: "+err.Error())
	}
	c.events.size += len(b) + len(typ)
	c.events.list = append(c.events.list, Event{Strategy: c.grant.strategy, Release: c.grant.release, Type: typ, Data: own,
		Time: c.grant.services.Now().UTC()})
	return nil
}

func validType(s string) bool {
	return len(s) >= 1 && len(s) <= maxType && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

func quota(format string, args ...any) error {
	return abi.Reject(abi.CodeQuota, fmt.Sprintf(format, args...))
}

// LogSink writes events to a log. The strategy's data is one attribute: it must
// not overwrite what the host says about the line.
type LogSink struct{ Log *slog.Logger }

// Deliver implements Sink.
func (s LogSink) Deliver(list []Event) {
	for _, e := range list {
		text, err := wire.AppendJSON(nil, e.Data)
		if err != nil {
			text = []byte("null")
		}
		s.Log.Info("event", "strategy", e.Strategy, "release", e.Release, "type", e.Type, "data", string(text))
	}
}

// Sinks delivers to several, in order.
type Sinks []Sink

// Deliver implements Sink.
func (s Sinks) Deliver(list []Event) {
	for _, sink := range s {
		sink.Deliver(list)
	}
}

// Ring keeps the newest events. It is safe for concurrent use; make it with
// NewRing.
type Ring struct {
	mu    sync.Mutex
	kept  []Event // guarded by mu; oldest at next once it is full
	next  int     // guarded by mu
	total int64   // guarded by mu
}

// NewRing makes a Ring that keeps n events, at least one.
func NewRing(n int) *Ring { return &Ring{kept: make([]Event, 0, max(n, 1))} }

// Deliver implements Sink.
func (r *Ring) Deliver(list []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range list {
		if r.total++; len(r.kept) < cap(r.kept) {
			r.kept = append(r.kept, e)
			continue
		}
		r.kept[r.next] = e
		r.next = (r.next + 1) % len(r.kept)
	}
}

// Last returns the events that are kept, oldest first, and how many there have
// been in all.
func (r *Ring) Last() (list []Event, total int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(append(list, r.kept[r.next:]...), r.kept[:r.next]...), r.total
}

var (
	_ Sink = LogSink{}
	_ Sink = Sinks{}
	_ Sink = (*Ring)(nil)
)
