// Command calibrate simulates comparisons and counts how often what they say is
// wrong. `make calibrate` runs it:
//
//	go run ./bench/calibrate [-only offline|online] [-trials n] [-seed n]
//
// # What one trial is
//
// Latencies of two arms are made up, see world: how long calls take is known
// exactly, so whether an interval holds the true value can be told. All that judges
// is the product: package sample, and the rule that makes a verdict of an interval.
// Coverage is the share of the trials in which an interval held the truth; it should
// be the level, 95 %. An interval without bounds holds it.
//
// The tables are Markdown, docs/calibration.md explains them. The last line is for
// scripts:
//
//	calibrate: trials=N coverage_median=0.9xx ...
//
// The exit status is 1 when something is wrong more often than it may be. The same
// seed and number of trials give the same tables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// section is one half of the program.
type section struct {
	name string
	// run prints tables. It returns key=value for the closing line, and what is wrong
	// more often than it may be.
	run func(ctx context.Context, o options, out io.Writer) (line string, wrong []string, err error)
}

func sections() []section {
	return []section{
		{"offline", offline},
		{"online", online},
	}
}

type options struct {
	only   string
	trials int
	seed   uint64
	deep   int // in how many rounds what is true is found
}

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("calibrate", flag.ContinueOnError)
	f.SetOutput(stderr)
	o := options{deep: 2000}
	f.StringVar(&o.only, "only", "", "simulate `offline` or online comparisons only")
	f.IntVar(&o.trials, "trials", 150, "how often each is simulated")
	f.Uint64Var(&o.seed, "seed", 1, "where chance begins")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	wanted := slices.DeleteFunc(sections(), func(s section) bool { return o.only != "" && s.name != o.only })
	if f.NArg() > 0 || o.trials < 1 || len(wanted) == 0 {
		fmt.Fprintln(stderr, "calibrate: usage: calibrate [-only offline|online] [-trials n] [-seed n]")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return calibrate(ctx, wanted, o, stdout, stderr)
}

// calibrate runs sections and closes with a line for scripts.
func calibrate(ctx context.Context, wanted []section, o options, stdout, stderr io.Writer) int {
	line, wrong := []string{fmt.Sprintf("trials=%d", o.trials)}, []string(nil)
	for _, s := range wanted {
		part, bad, err := s.run(ctx, o, stdout)
		if err != nil {
			fmt.Fprintln(stderr, "calibrate:", err)
			return 1
		}
		line, wrong = append(line, part), append(wrong, bad...)
	}
	fmt.Fprintln(stdout, "calibrate:", strings.Join(line, " "))
	for _, w := range wrong {
		fmt.Fprintln(stderr, "calibrate:", w)
	}
	if len(wrong) > 0 {
		return 1
	}
	return 0
}
