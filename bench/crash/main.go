// Command crash kills a process, again and again, at random moments with
// SIGKILL, and after each kill compares what is left with what the process had
// acknowledged. `make crash` runs it:
//
//	go run ./bench/crash -kills 200
//
// There are three subjects, each for a third of the kills; -only chooses one:
//
//   - store: workers that deploy to a store and roll releases out, without
//     anything above it.
//   - host: `swapline serve` itself, while clients upload, hold, switch and roll
//     back over HTTP and others execute. After each kill it is started again and
//     must answer with the release that its route names.
//   - rolls: `swapline serve` while releases roll out to customers who call all the
//     time. Some releases are bad, and people pause, promote and abort. After each
//     kill every rollout must be where it was, no stage may be skipped or cut short,
//     every customer must have been on its arm, and what was taken back for good
//     must stay out. In the end all rollouts must end.
//
// The last line is for scripts, and the exit status is 1 unless both counts
// are 0:
//
//	crash: kills=200 lost=0 inconsistent=0
//
// Lost is an acknowledged change that is not there; inconsistent is everything
// else that must not be: an answer that is not wholly of one release, or of a
// generation that the restarted host does not know, a route without its release
// or artifact, an artifact with other bytes than its name says, a journal with a
// gap or one that disagrees with its route, a rollout that is not where its route
// is, a decision without its revision, files left over, a process that ended by
// itself. What was found is told on standard error, with the seed of the run.
//
// A kill -9 takes the process, not the operating system: this says nothing about
// power loss, which the order of syncs in package boltstore is for.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/term"
)

// childArgument is the first argument of the process that gets killed.
const childArgument = "child"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == childArgument {
		return runChild(args[1:], stdout, stderr)
	}
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	total, err := o.killAll(stderr)
	if err != nil {
		fmt.Fprintln(stderr, "crash:", err)
		return 1
	}
	fmt.Fprintf(stdout, "crash: kills=%d lost=%d inconsistent=%d\n", total.kills, len(total.lost), len(total.inconsistent))
	if len(total.lost)+len(total.inconsistent) > 0 {
		return 1
	}
	return 0
}

// options are what the command line says.
type options struct {
	kills int
	seed  uint64
	only  string // name of a subject, "" for all
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	kills, err := strconv.Atoi(cmp.Or(os.Getenv("KILLS"), "200"))
	if err != nil {
		fmt.Fprintln(stderr, "crash: KILLS is not a number:", err)
		return o, err
	}
	f := flag.NewFlagSet("crash", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.kills, "kills", kills, "`number` of kills, all scenarios together (KILLS)")
	f.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "`seed` of the random moments") //nolint:gosec // any number
	f.StringVar(&o.only, "only", "", "`subject` to kill: store, host or rolls; empty for all")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.kills < 1 || f.NArg() > 0 || len(o.subjects()) == 0 {
		err := errors.New("usage: crash [-kills number] [-seed seed] [-only store|host|rolls]")
		fmt.Fprintln(stderr, err)
		return o, err
	}
	return o, nil
}

// subjects prepare what is to be killed.
func (o options) subjects() (list []func() (scenario, error)) {
	for _, s := range []struct {
		name    string
		prepare func() (scenario, error)
	}{{"store", storeScenario}, {"host", hostScenario}, {"rolls", rollsScenario}} {
		if o.only == "" || o.only == s.name {
			list = append(list, s.prepare)
		}
	}
	return list
}

// killAll runs all scenarios and adds up what they found.
func (o options) killAll(stderr io.Writer) (tally, error) {
	total := newTally()
	scenarios := o.subjects()
	for i, prepare := range scenarios {
		s, err := prepare()
		if err != nil {
			return total, err
		}
		share := (o.kills + i) / len(scenarios)
		err = s.killLoop(share, newMoments(o.seed), total, progressOn(stderr))
		s.end()
		if err != nil {
			return total, fmt.Errorf("%s: %w", s.name, err)
		}
		total.kills += share
	}
	total.tell(stderr, o.seed)
	return total, nil
}

// progressOn returns w if people watch it, else nothing that anybody sees.
func progressOn(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor is small
		return w
	}
	return io.Discard
}
