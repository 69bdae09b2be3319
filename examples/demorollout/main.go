// Command demorollout shows rollouts that judge themselves. It starts a server of
// its own in a temporary folder, sends card payments to it over HTTP, and while
// they run gives it four releases:
//
//  1. a good one, which climbs 1 → 5 → 20 → 100 % by itself;
//  2. one that breaks at 4 % of all payments, which goes back at 1 %;
//  3. one of which 5 % of the calls take ten times as long, which goes back as well;
//  4. one that decides differently, which the replay of recorded payments stops
//     before it answers anybody.
//
// Run it with
//
//	go run ./examples/demorollout -bin bin/swapline -artifact dist/authorise-1.0.0.wasm
//
// Every answer is checked: it must be what the model of the release in its headers
// says, only broken releases may fail and only where they are broken, and a
// customer who got a candidate must keep it while its share grows. The last line is
// for scripts:
//
//	demo-rollout: promoted=1 rolled_back=2 blocked=1 wrong=0
//
// The exit code is 1 when a rollout ended otherwise or anything was wrong.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

type config struct {
	binary   string // the swapline binary
	artifact string // the strategy's artifact
	rate     int    // payments per second, 0: half of what the machine can do
	conns    int
	out      io.Writer
}

func main() {
	c := config{out: os.Stdout}
	flag.StringVar(&c.binary, "bin", "bin/swapline", "swapline `binary`")
	flag.StringVar(&c.artifact, "artifact", "dist/authorise-1.0.0.wasm", "built `artifact` of examples/demorollout/authorise")
	flag.IntVar(&c.rate, "rate", 0, "payments per second; 0: half of what the machine can do")
	flag.IntVar(&c.conns, "conns", 4, "connections")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo-rollout:", err)
	}
	if !ok {
		os.Exit(1)
	}
}

// run plays everything; ok says that all went as it should.
func run(ctx context.Context, c config) (ok bool, err error) {
	began := time.Now()
	h, err := startHost(ctx, c)
	if err != nil {
		return false, err
	}
	defer h.stop()
	if err := h.prepare(ctx, c.artifact); err != nil {
		return false, err
	}
	if c.rate == 0 {
		if c.rate, err = calibrate(ctx, h, c.conns); err != nil {
			return false, err
		}
	}
	fmt.Fprintf(c.out, "%d payments per second over %d connections; a fifth of them by %d customers who come again\n", c.rate, c.conns, loyal)
	p := &play{config: c, host: h, ledger: newLedger()}
	load := startLoad(ctx, h, p.ledger, c)
	for _, k := range cases() {
		if err = p.act(ctx, k); err != nil {
			break
		}
	}
	load.stop()
	p.report(time.Since(began))
	return err == nil && p.ended == expected() && p.wrong() == 0, err
}

// pause waits, or less if all is over.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
