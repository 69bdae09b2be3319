// Command demo shows a switch under load. It starts a server of its own in a
// temporary folder, deploys examples/riskscore as a Wasm module, drives varied
// card payments at it, and while they run switches to the second version as
// Wasm, then as a native plugin, and rolls back.
//
//	go run ./examples/demo -bin bin/swapline -dist dist
//
// Every answer is checked: the release named in the response headers must be
// the one whose model computed the body, and the generation that a client sees
// never goes back. The last line is for scripts:
//
//	demo: requests=N switches=N failed=0 mixed=0 longest_gap_ms=X
//
// The exit code is 1 when a request failed, an answer was mixed or a change did
// not happen.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type config struct {
	binary string        // the swapline binary
	dist   string        // folder of built artifacts
	rate   int           // payments per second aimed at
	phase  time.Duration // how long each release serves before the next change
	conns  int           // connections
}

func main() {
	var c config
	flag.StringVar(&c.binary, "bin", "bin/swapline", "swapline `binary`")
	flag.StringVar(&c.dist, "dist", "dist", "`folder` with the built riskscore artifacts")
	flag.IntVar(&c.rate, "rate", 3000, "payments per second to aim at")
	flag.DurationVar(&c.phase, "phase", 4*time.Second, "time between changes")
	flag.IntVar(&c.conns, "conns", 16, "connections")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
	}
	if !ok {
		os.Exit(1)
	}
}

// run plays the whole demo; ok says that everything it shows holds.
func run(ctx context.Context, c config) (ok bool, err error) {
	h, err := startHost(ctx, c.binary)
	if err != nil {
		return false, err
	}
	defer h.stop()
	if err := h.sign(ctx, c.dist); err != nil {
		return false, err
	}
	if _, err := h.push(ctx, releases()[0]); err != nil {
		return false, err
	}
	load := startTraffic(ctx, h, c)
	changes, err := play(ctx, h, c)
	load.stop()
	return report(load, changes) && err == nil, err
}

// play makes the changes, one after the other, while the traffic runs.
func play(ctx context.Context, h *host, c config) ([]change, error) {
	steps := []struct {
		name string
		do   func() (outcome, error)
	}{
		{"push wasm 2.0.0", func() (outcome, error) { return h.push(ctx, releases()[1]) }},
		{"push native 2.0.0", func() (outcome, error) { return h.push(ctx, releases()[2]) }},
		{"rollback", func() (outcome, error) { return h.rollback(ctx) }},
	}
	var done []change
	for _, s := range steps {
		if err := pause(ctx, c.phase); err != nil {
			return done, err
		}
		fmt.Fprintf(os.Stderr, "%s ...\n", s.name)
		began := time.Now()
		o, err := s.do()
		if err != nil {
			return done, fmt.Errorf("%s: %w", s.name, err)
		}
		done = append(done, change{name: s.name, began: began, ended: time.Now(), outcome: o})
	}
	return done, pause(ctx, c.phase)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
