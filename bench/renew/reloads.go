package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// mostGrowth is by how much memory at rest may differ from the start.
const mostGrowth = 0.10

// reloadOften serves one version after the other and compares memory.
func (o options) reloadOften(stdout, stderr io.Writer) error {
	w, err := o.build(stderr)
	if err != nil {
		return err
	}
	h, err := startHost(w.exe, "--max-plugins", fmt.Sprint(o.renewAt+16), "--renew-at", fmt.Sprint(o.renewAt), "--renew-pause", "1s", "--pprof")
	if err != nil {
		return err
	}
	failed := true
	defer func() { h.stop(failed) }()
	if err := errors.Join(h.deploy(w.plugins...), h.deploy(w.module)); err != nil {
		return err
	}
	before, err := h.atRest()
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "at rest before: %d kB\n", before)
	renewals, most, err := o.reload(h, len(w.plugins), stderr)
	if err != nil {
		return err
	}
	after, err := h.atRest()
	if err != nil {
		return err
	}
	ratio := float64(after) / float64(before)
	fmt.Fprintf(stdout, "reloads: reloads=%d renewals=%d memory_before_kb=%d memory_after_kb=%d most_kb=%d ratio=%.3f\n", o.reloads, renewals, before, after, most, ratio)
	if ratio > 1+mostGrowth || ratio < 1-mostGrowth || renewals == 0 {
		return errors.New("memory at rest is not what it was")
	}
	failed = false
	return nil
}

// reload serves random versions, each another one than before.
func (o options) reload(h *host, versions int, stderr io.Writer) (renewals, most int, err error) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a repeatable run
	pid := h.announced().PID
	now := 0
	for i := range o.reloads {
		now = (now + 1 + random.IntN(versions-1)) % versions
		if err := h.serve(now); err != nil {
			return renewals, most, fmt.Errorf("reload %d: %w", i, err)
		}
		kb, _ := memory(h.announced().PID) // a process that just ended has none
		most = max(most, kb)
		if next := h.announced().PID; next != pid {
			pid = next
			renewals++
			fmt.Fprintf(stderr, "reload %d: renewal %d, process %d, most so far %d kB\n", i+1, renewals, pid, most)
		}
	}
	return renewals, most, nil
}

// atRest renews the host with version 1.0.0 in place, lets it settle and measures
// it. It collects garbage, which the Go runtime does by itself only every other
// minute, until memory has not shrunk for some seconds.
func (h *host) atRest() (int, error) {
	if err := h.serve(0); err != nil && !strings.Contains(err.Error(), "nothing_to_roll_back") { // it is served already
		return 0, err
	}
	r, err := h.renew()
	if err != nil {
		return 0, err
	}
	if err := h.await(func() bool { return h.announced().PID == r.PID }); err != nil {
		return 0, err
	}
	least, err := memory(r.PID)
	for since := time.Now(); err == nil && time.Since(since) < 5*time.Second; time.Sleep(500 * time.Millisecond) {
		var kb int
		if err = h.collect(); err == nil {
			kb, err = memory(r.PID)
		}
		if err == nil && kb < least {
			least, since = kb, time.Now()
		}
	}
	return least, err
}
