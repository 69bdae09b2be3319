package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// traffic sends requests at their times.
type traffic struct {
	interval time.Duration // between the requests of one connection
	begin    time.Time
	quit     chan struct{}
	all      sync.WaitGroup
	asked    atomic.Int64
	failed   atomic.Int64
	dials    atomic.Int64

	mu   sync.Mutex
	why  []string        // guarded by mu: the first failures
	late []time.Duration // guarded by mu: from when a request was due to its answer
}

// send starts the traffic: one connection in four asks the module.
func (o options) send(h *host) *traffic {
	t := &traffic{interval: time.Duration(o.connections) * time.Second / time.Duration(o.rate), begin: time.Now(), quit: make(chan struct{})}
	for i := range o.connections {
		name := nativeName
		if i%4 == 3 {
			name = wasmName
		}
		offset := time.Duration(i) * t.interval / time.Duration(o.connections)
		t.all.Go(func() { t.ask(newConnection(h, name), offset, int64(i)<<32) })
	}
	return t
}

// ask sends the requests of one connection.
func (t *traffic) ask(c *connection, offset time.Duration, n int64) {
	late := make([]time.Duration, 0, 1<<16)
	for due := t.begin.Add(offset); ; due = due.Add(t.interval) {
		select {
		case <-t.quit:
			t.dials.Add(int64(c.dials))
			t.mu.Lock()
			defer t.mu.Unlock()
			t.late = append(t.late, late...)
			return
		default:
		}
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		n++
		t.asked.Add(1)
		if err := c.ask(n); err != nil {
			t.fail(err)
		}
		late = append(late, time.Since(due))
	}
}

func (t *traffic) fail(err error) {
	t.failed.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.why) < 10 {
		t.why = append(t.why, time.Since(t.begin).String()+": "+err.Error())
	}
}

// end stops the traffic and tells how it was.
func (t *traffic) end(stderr io.Writer) {
	close(t.quit)
	took := time.Since(t.begin)
	t.all.Wait()
	slices.Sort(t.late)
	at := func(share float64) time.Duration {
		return t.late[int(share*float64(len(t.late)-1))].Round(10 * time.Microsecond)
	}
	fmt.Fprintf(stderr, "load: %.0f requests a second over %s, %d connections made; latency from the due time: 50%% %s, 99%% %s, 99.9%% %s, all %s\n",
		float64(t.asked.Load())/took.Seconds(), took.Round(time.Millisecond), t.dials.Load(), at(0.5), at(0.99), at(0.999), at(1))
	for _, why := range t.why {
		fmt.Fprintln(stderr, "failed:", why)
	}
}

// underLoad renews a host that serves.
func (o options) underLoad(stdout, stderr io.Writer) error {
	w, err := o.build(stderr)
	if err != nil {
		return err
	}
	h, err := startHost(w.exe, "--renew-at", "0")
	if err != nil {
		return err
	}
	failed := true
	defer func() { h.stop(failed) }()
	if err := errors.Join(h.deploy(w.plugins...), h.deploy(w.module)); err != nil {
		return err
	}
	t := o.send(h)
	before, after, err := o.renewOften(h, t, len(w.plugins), stderr)
	t.end(stderr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "renew: requests=%d failed=%d resident_before=%d resident_after=%d\n", t.asked.Load(), t.failed.Load(), before, after)
	if t.failed.Load() > 0 || after >= before {
		return errors.New("requests failed or retired plugins stayed; the host's log is " + h.log.Name())
	}
	failed = false
	return nil
}

// renewOften switches all releases through and renews, several times over the
// duration.
func (o options) renewOften(h *host, t *traffic, versions int, stderr io.Writer) (before, after int, err error) {
	for i := range o.renewals {
		end := t.begin.Add(o.duration * time.Duration(i+1) / time.Duration(o.renewals+1))
		for n := range versions {
			if err := h.serve((i + n + 1) % versions); err != nil {
				return 0, 0, err
			}
		}
		time.Sleep(time.Until(end))
		r, err := h.renew()
		if err != nil {
			return 0, 0, err
		}
		before, after = max(before, r.ResidentBefore), r.ResidentAfter
		fmt.Fprintf(stderr, "renewal %d: process %d, %d plugins, then %d; changes refused for %s, executions waited for %s; %d requests so far, %d failed\n",
			i+1, r.PID, r.ResidentBefore, r.ResidentAfter, r.Steady.Round(time.Millisecond), r.Held.Round(10*time.Microsecond), t.asked.Load(), t.failed.Load())
	}
	time.Sleep(time.Until(t.begin.Add(o.duration)))
	i, err := h.info()
	return before, max(after, i.Resident.Count), err
}
