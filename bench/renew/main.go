// Command renew replaces the process of a serving host under load, again and
// again, and checks every answer. `make renew` runs it:
//
//	go run ./bench/renew
//
// It starts a real `swapline serve`, deploys native releases that
// `swapline build` made, and a Wasm one, and sends requests at a fixed rate on
// connections that are kept alive: a request is due at its time whether the ones
// before it were answered or not. Meanwhile releases are switched, so that
// plugins pile up, and the host is renewed. A request has failed if it has any
// answer but 200, none at all, one that is not wholly of one release, or one of
// an older generation than the same connection has seen before. Nothing is sent
// twice. The last line is for scripts, and the exit status is 1 unless nothing
// failed and the retired plugins are gone:
//
//	renew: requests=600000 failed=0 resident_before=8 resident_after=1
//
// With -reloads N there is no load. N times another version is served, of a few
// dozen builds, while the host renews itself as it comes near its limit; then
// memory at rest is compared with the start:
//
//	reloads: reloads=1000 renewals=25 memory_before_kb=N memory_after_kb=N most_kb=N ratio=1.01
//
// Memory is the proportional set size of the process. Plugins are built once and
// kept in -cache; a new build of the host makes them anew.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are what the command line says.
type options struct {
	cache       string
	program     string
	builds      int
	rate        int
	connections int
	duration    time.Duration
	renewals    int
	reloads     int
	renewAt     int
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	do := o.underLoad
	if o.reloads > 0 {
		do = o.reloadOften
	}
	if err := do(stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "renew:", err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("renew", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.cache, "cache", ".cache/renew", "`folder` for the program and the plugins")
	f.StringVar(&o.program, "program", "", "`file` of swapline; default: it is built")
	f.IntVar(&o.builds, "builds", 0, "`number` of distinct plugins; default: 8, with -reloads 32")
	f.IntVar(&o.rate, "rate", 10_000, "requests a second")
	f.IntVar(&o.connections, "connections", 64, "`number` of connections")
	f.DurationVar(&o.duration, "duration", time.Minute, "`time` under load")
	f.IntVar(&o.renewals, "renewals", 4, "`number` of renewals under load")
	f.IntVar(&o.reloads, "reloads", 0, "`number` of reloads, without load")
	f.IntVar(&o.renewAt, "renew-at", 24, "with -reloads: `number` of plugins at which the host renews itself")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.builds == 0 {
		o.builds = 8
		if o.reloads > 0 {
			o.builds = 32
		}
	}
	if o.builds < 2 || o.rate < 1 || o.connections < 1 || o.renewals < 1 || f.NArg() > 0 {
		err := errors.New("usage: renew [-rate N] [-duration D] [-renewals N] [-builds N] | -reloads N [-builds N] [-renew-at N]")
		fmt.Fprintln(stderr, err)
		return o, err
	}
	return o, nil
}
