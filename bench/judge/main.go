// Command judge simulates rollouts and counts how often they are judged wrongly,
// and after how many calls a worse release is found. `make judge` runs it:
//
//	go run ./bench/judge [-case regexp] [-runs n] [-seed n] [-json file]
//
// # What one trial is
//
// A stream of calls from random customers on a clock that jumps from call to call;
// everything that judges is the product: the default policy with a guard of
// decisions, its machine ([rollout.Policy.Step]), the hash that deals customers out
// to arms, and the meters of package arm. Only the calls are made up: see world and
// release.
//
// Releases that are identical climb the whole ladder of 1, 5, 20 and 100 %, are
// looked at up to four times a second, a thousand times and more in a rollout, and
// must not be rolled back in more than 1 % of the trials. Worse ones are held
// at one weight until they are found, with calls as units and with customers as
// units, and climb the ladder as well, to see where it ends for them.
//
// Beside it runs what is often done instead, tests for a fixed number of calls that
// are repeated at every look, see naive.
//
// The tables are Markdown. The last line is for scripts:
//
//	judge: identical_arms=N false_rollbacks=N median_calls_1_to_5=N ...
//
// The exit status is 1 when more than 1 % of the identical releases were rolled
// back, or when a worse one was found within its bound of calls in less than half
// of the trials of any row. The same seed and number of runs give the same tables.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"

	"golang.org/x/term"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("judge", flag.ContinueOnError)
	f.SetOutput(stderr)
	runs := f.Int("runs", 300, "how many rollouts of identical releases, about")
	seed := f.Uint64("seed", 1, "where chance begins")
	file := f.String("json", "", "`file` for every trial as JSON")
	pattern := f.String("case", "", "simulate only cases whose name matches the `expression`")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var wanted *regexp.Regexp
	if err == nil {
		wanted, err = regexp.Compile(*pattern)
	}
	if err != nil || f.NArg() > 0 || *runs < 1 {
		fmt.Fprintln(stderr, "judge: usage: judge [-case expression] [-runs n] [-seed n] [-json file]", err)
		return 2
	}
	return judge(options{*runs, *seed, *file, wanted}, stdout, stderr)
}

type options struct {
	runs   int
	seed   uint64
	file   string
	wanted *regexp.Regexp
}

// judge simulates what is wanted and tells what came of it.
func judge(o options, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	all := slices.DeleteFunc(scenarios(o.runs), func(s *scenario) bool { return !o.wanted.MatchString(s.name) })
	results, err := simulate(ctx, all, o.seed, progressOn(stderr))
	if err == nil && o.file != "" {
		err = write(o.file, results)
	}
	if err != nil {
		fmt.Fprintln(stderr, "judge:", err)
		return 1
	}
	tables(stdout, results)
	wrong := verdict(stdout, results)
	for _, w := range wrong {
		fmt.Fprintln(stderr, "judge:", w)
	}
	if len(wrong) > 0 {
		return 1
	}
	return 0
}

// progressOn returns w if people watch it, else nothing that anybody sees.
func progressOn(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor is small
		return w
	}
	return io.Discard
}

func write(file string, results []*result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // a report for everybody
}
