// Command drift measures whether the pre-flight of package nativeplugin tells the
// truth. It builds hosts, and plugins that differ from them in one thing each;
// asks, without opening anything, what would become of each plugin; opens it in a
// fresh process of the host; and compares. `make drift` runs it:
//
//	go run ./bench/drift [-case regexp] [-keep folder]
//
// # What one case is
//
// A host (built plainly, with -trimpath or with -race), the plugins that it has
// open already, and one candidate: a small strategy, built with a difference in
// flags, sources, modules, libraries or with something that is no plugin at all.
// The pre-flight reads host, open plugins and candidate and says
//
//	fits        no difference that matters
//	dangerous   plugin.Open would accept it, and we refuse it
//	fails       plugin.Open would refuse it, or not survive it
//
// Then a new process of the host opens the same files in the same order with
// package plugin alone: no check of ours stands before it. The prediction is right
// if "fails" was said of exactly those that did not open. A case that was written
// with an expectation must meet it too: the verdict, and the difference that is its
// reason.
//
// Builds that this machine cannot make (another toolchain that cannot be had, a
// sanitizer whose library is missing) are named and not counted, and only those
// cases may be left out whose text says so.
//
// The last line is for scripts, and the exit status is 0 if wrong is 0:
//
//	drift: builds=N predicted_right=N wrong=0
//
// The first run compiles the standard library once for each set of flags, some
// minutes; later ones find it in Go's build cache.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"text/tabwriter"

	"golang.org/x/term"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("drift", flag.ContinueOnError)
	f.SetOutput(stderr)
	pattern := f.String("case", "", "run only cases whose name matches the `expression`")
	keep := f.String("keep", "", "build in this `folder` and leave it behind")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var wanted *regexp.Regexp
	if err == nil {
		wanted, err = regexp.Compile(*pattern)
	}
	if err != nil || f.NArg() > 0 {
		fmt.Fprintln(stderr, "drift: usage: drift [-case expression] [-keep folder]", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	total, err := battery(ctx, *keep, wanted, stdout, progressOn(stderr))
	if err != nil {
		fmt.Fprintln(stderr, "drift:", err)
		return 1
	}
	fmt.Fprintf(stdout, "drift: builds=%d predicted_right=%d wrong=%d\n", total.builds, total.right, total.builds-total.right)
	if total.builds != total.right {
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

// total counts what was compared.
type total struct{ builds, right int }

// battery runs the matrix in a folder, "" for a temporary one.
func battery(ctx context.Context, folder string, wanted *regexp.Regexp, stdout, progress io.Writer) (total, error) {
	var sum total
	if folder == "" {
		temp, err := os.MkdirTemp("", "swapline-drift-")
		if err != nil {
			return sum, err
		}
		defer os.RemoveAll(temp)
		folder = temp
	}
	s, err := newShop(ctx, folder)
	if err != nil {
		return sum, err
	}
	var outcomes []outcome
	cases := matrix()
	for i, c := range cases {
		if !wanted.MatchString(c.name) {
			continue
		}
		fmt.Fprintf(progress, "\r\x1b[K%d of %d: %s", i+1, len(cases), c.name)
		o, err := s.try(ctx, c)
		if err != nil {
			return sum, fmt.Errorf("case %q: %w", c.name, err)
		}
		outcomes = append(outcomes, o)
	}
	fmt.Fprint(progress, "\r\x1b[K")
	return tell(stdout, outcomes), nil
}

// tell prints one line for each case and counts.
func tell(w io.Writer, outcomes []outcome) total {
	var sum total
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "HOST\tBUILD\tPREDICTED\tPLUGIN.OPEN\t\tREASON")
	for _, o := range outcomes {
		if o.skipped != nil {
			fmt.Fprintf(t, "%s\t%s\tnot counted\t\t\t%s\n", o.host, o.name, lastLine(o.skipped.Error()))
			continue
		}
		mark := "right"
		sum.builds++
		if o.wrong == "" {
			sum.right++
		} else {
			mark = "WRONG"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", o.host, o.name, o.verdict, o.opened(), mark, o.reason())
	}
	_ = t.Flush()
	for _, o := range outcomes {
		if o.wrong != "" {
			fmt.Fprintf(w, "\n%s on the %s host: %s\n%s\n", o.name, o.host, o.wrong, o.words)
			_, _ = o.report.WriteTo(w)
		}
	}
	return sum
}
