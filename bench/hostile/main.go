// Command hostile runs the hostile battery: modules and guests that loop, recurse,
// allocate, lie, trap and flood, each beside strategies that behave, in one
// process and on every engine. `make hostile` runs it:
//
//	go run ./bench/hostile [-engine wazero,wasmtime] [-case regexp] [-json]
//
// # What one case is
//
// A case is a release, what is done with it, and the outcome that it must have:
//
//	refused CODE [FAULT]   Load refuses it, with the fault behind the refusal
//	FAULT                  it loads, and the hostile call ends with that fault
//	answer                 it loads and answers: what it tried had no effect
//	rejected CODE          it answers with a business error
//
// The hostile call is made by two callers at once. Then, if the release loaded, a
// good call of it must be answered as if nothing had been, no guest may be in use,
// and after Close nothing may be left: no guest, no goroutine. A call that ends
// with its deadline must do so within 100 ms of it, a start within 100 ms of the
// limit for starts. Cases are repeated until a window of 200 ms is over.
//
// # What runs beside it
//
//   - Two neighbours, on the same engine: a strategy written in Go that scores
//     payments, and a guest of 300 bytes. Each is called 500 times a second, and
//     each answer is compared with the one that a direct call of the same Go
//     function gives. Latency counts from the moment when the call was due, so a
//     neighbour that stands still counts in every call that it missed.
//   - A heartbeat that wakes every millisecond. It may not stall 100 ms. Another
//     goroutine collects garbage every 50 ms, since a collector that cannot stop the
//     world is how a guest freezes a process. A second heartbeat, in a process of
//     its own, is the witness: what it suffers is the machine's, and is taken off
//     every stall, every late end and every p99.
//
// # Compared with what
//
// A machine shares its processors with whatever runs, so the p99 of neighbours is
// not compared with that of an idle machine, but with a control: a strategy that
// behaves, in the place of the hostile one. There is one control for calls, which
// computes without pause on two callers, and one for loads, which compiles a module
// of 400 KB again and again. Both run at the start and after each 15 cases. The
// worst of a control's last five windows is the benchmark's noise: the p99 beside a
// case may be half as much again, or 10 ms, which is one time slice of Go's
// scheduler, if that is more. A release that is refused is compared with the second
// control only. RATIO in the table is to the median of these windows.
//
// A stall, a late end and a bad p99 count if they happen in each of five attempts.
// Everything else counts at once.
//
// # Processes
//
// Each engine runs in a child process. One that dies, or says nothing for 60 s,
// is a crash of the host: it is counted for the case that ran, and the next child
// goes on behind it.
//
// The last line is for scripts, and the exit status is 0 if both counts are 0 and
// all outcomes are what they must be; else "unexpected=N" follows:
//
//	hostile: cases=N engines=2 host_crashes=0 neighbour_failures=0
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// childArgument is the first argument of the process that may die.
const childArgument = "child"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == childArgument {
		return runChild(args[1:], os.Stdin, stdout, stderr)
	}
	if len(args) > 0 && args[0] == witnessArgument {
		return runWitness(os.Stdin, stdout)
	}
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	total, err := o.battery(stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "hostile:", err)
		return 1
	}
	if !total.clean() {
		return 1
	}
	return 0
}

// options are what the command line says.
type options struct {
	engines []string
	cases   *regexp.Regexp
	json    bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("hostile", flag.ContinueOnError)
	f.SetOutput(stderr)
	names := f.String("engine", strings.Join(engineNames(), ","), "`engines` to run, separated by commas")
	pattern := f.String("case", "", "run only cases whose name matches the `expression`")
	f.BoolVar(&o.json, "json", false, "print one JSON object a case; the last line goes to standard error")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.cases, err = regexp.Compile(*pattern); err == nil && f.NArg() > 0 {
		err = errors.New("usage: hostile [-engine names] [-case expression] [-json]")
	}
	if err == nil {
		o.engines, err = knownEngines(strings.Split(*names, ","))
	}
	if err != nil {
		fmt.Fprintln(stderr, "hostile:", err)
	}
	return o, err
}
