package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime/compare"
	comparepage "github.com/swapline/swapline/runtime/compare/page"
	"github.com/swapline/swapline/runtime/problem"
)

// compareOptions are the flags of compare besides those of the plan.
type compareOptions struct {
	inputs           string
	recorded         int
	direct, unsigned bool
	policy, audience string
	reports          []string
	markdown         bool
}

func (a *app) compareCommand() *cobra.Command {
	var o compareOptions
	var p planFlags
	c := &cobra.Command{
		Use:   "compare ARM ARM...",
		Short: "Compare releases on the same inputs: answers, times and costs",
		Example: `  swapline compare native:myrisk wazero:myrisk --inputs payments.ndjson    one source, two ways to run it
  swapline compare dist/risk-1.0.0.wasm dist/risk-2.0.0.wasm --inputs payments.ndjson --report report.html
  swapline compare native:myrisk --direct --inputs payments.ndjson         what the runtime adds to a call
  swapline compare wazero:risk.wasm free=wazero/instance:risk.wasm --inputs payments.ndjson
  swapline compare wazero:myrisk native:myrisk --inputs payments.ndjson --hypothesis better --margin 25%
  swapline compare risk@1.0.0 risk@2.0.0 --recorded 1000                   on the running server
  swapline compare native:myrisk wazero:myrisk --inputs payments.ndjson --plan plan.json    as a report says`,
		Long: `The first arm is the reference, each other one is compared with it. An arm is
[NAME=][WHAT[/ISOLATION]:] and

  FILE          an artifact. The envelope beside it must satisfy the trust policy of
                the data folder, as for swapline verify
  FOLDER        a strategy's source, which is built here and now
  NAME@RELEASE  a release of the running server, by version or digest; then all arms
                are, and the server measures

WHAT is native, wasm, wazero, wasmtime or direct (the Go function itself, with nothing
around it); without it a folder becomes Wasm, and the rest is what it is. ISOLATION is
request, instance or process. docs/compare.md says what is measured, and how.

What is asked is fixed before the first call: in flags, in the file of --plan, or in
both; a flag goes before the file. The plan.json of a report is for the arms and inputs
that it names, and others are refused.

Ctrl-C ends it with a partial report of what was measured; a second one without.

` + comparisonCodes,
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf(c, "json", "markdown"); err != nil {
				return err
			}
			if p.file == "-" && o.inputs == "-" {
				return usageError{errors.New("only one of --plan and --inputs can be standard input")}
			}
			plan, err := a.plan(c.Flags(), &p)
			if err != nil {
				return err
			}
			return a.compare(c.Context(), args, asked{plan: plan, command: commandAgain(c.Flags(), args, plan.Seed)}, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.inputs, "inputs", "", "`file` of inputs: a JSON object a line, or a JSON array; - is standard input")
	f.IntVar(&o.recorded, "recorded", 0, "`number` of inputs that the server has recorded from live calls, in place of --inputs")
	f.BoolVar(&o.direct, "direct", false, "put the Go function itself in front, as the reference")
	f.StringArrayVar(&o.reports, "report", nil, "`file` for the report: .html, .md or .json; may be repeated")
	f.BoolVar(&o.markdown, "markdown", false, "print the report as Markdown, for a pull request")
	f.StringVar(&o.policy, "policy", "", "trust policy `file`; default: trust/policy.dsse in the data folder")
	f.StringVar(&o.audience, "audience", "", "`environment` that files were signed for")
	f.BoolVar(&o.unsigned, "insecure-unsigned", false, "run files without an envelope too, with the strategy.json beside them: nobody answers for what they do to this machine")
	p.register(c)
	return c
}

// comparisonCodes is how scripts learn what came of a comparison.
const comparisonCodes = `The exit code says what came of it, of several arms the first of these that holds:
  13 it was ended early, the report is partial    11 an arm is worse than the reference
  12 undecided, or a check forbids a verdict       0 better or equivalent`

// compare checks everything that can be wrong before anything is measured.
func (a *app) compare(ctx context.Context, args []string, ask asked, o compareOptions) error {
	arms, ofServer, err := parseArms(args)
	if err != nil {
		return err
	}
	if o.direct {
		if arms, err = withDirect(arms); err != nil {
			return err
		}
	}
	if len(arms) < 2 {
		return usageError{errors.New("one arm has nothing to be compared with: name two, or add --direct")}
	}
	files, err := reportFiles(o.reports)
	if err != nil {
		return err
	}
	if err := a.takeInputs(&ask, o, ofServer); err != nil {
		return err
	}
	if ask.recorded == 0 {
		if err := ask.plan.CheckInputs(ask.inputs); err != nil {
			return usageError{err}
		}
	}
	ask.arms = arms
	var r *compare.Report
	if ofServer {
		r, err = a.compareOnServer(ctx, ask)
	} else {
		r, err = a.compareFiles(ctx, ask, o)
	}
	if err != nil {
		return stopped(ctx, err)
	}
	return a.tellComparison(r, files, o)
}

// takeInputs reads the inputs, or notes that the server has them.
func (a *app) takeInputs(ask *asked, o compareOptions, ofServer bool) (err error) {
	switch {
	case o.recorded < 0:
		return usageError{errors.New("--recorded wants a number above 0")}
	case o.recorded > 0 && o.inputs != "":
		return usageError{errors.New("give only one of --inputs and --recorded")}
	case o.recorded > 0 && !ofServer:
		return usageError{errors.New("only a server has recorded inputs: compare its releases (NAME@RELEASE), or give --inputs")}
	case o.recorded == 0 && o.inputs == "":
		return usageError{errors.New("--inputs is missing: a file with an input a line")}
	case o.recorded > 0:
		ask.recorded = o.recorded
		return nil
	}
	ask.inputs, err = a.readInputs(o.inputs)
	return err
}

// stopped is a person's Ctrl-C before there was anything to report.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || problem.CodeOf(err) == problem.Canceled || problem.CodeOf(err) == problem.NoReport) {
		return &outcome{exitError, "stopped before anything was measured"}
	}
	return err
}

// untilTwice carries work out in the background. A first interrupt has ended the
// context of the work by itself, which then brings what it has to an end; a second
// one leaves at once.
func (a *app) untilTwice(work func() error) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	done := make(chan error, 1)
	go func() { done <- work() }()
	for first := true; ; first = false {
		select {
		case err := <-done:
			return err
		case <-signals:
			if !first {
				return &outcome{exitError, "stopped without a report"}
			}
			fmt.Fprintln(a.stderr, "stopping; what was measured becomes a partial report (once more: leave at once)")
		}
	}
}

// tellComparison writes the report in all forms that were asked for. A file that cannot
// be written does not take along what was measured.
func (a *app) tellComparison(r *compare.Report, files []reportFile, o compareOptions) error {
	var failed error
	files = slices.DeleteFunc(files, func(f reportFile) bool {
		err := f.write(r)
		failed = errors.Join(failed, err)
		return err != nil
	})
	if err := errors.Join(failed, a.printComparison(r, files, o.markdown)); err != nil {
		return err
	}
	return endOfComparison(r)
}

func (a *app) printComparison(r *compare.Report, files []reportFile, markdown bool) error {
	if markdown {
		return comparepage.Markdown(a.stdout, r)
	}
	return a.print(r, func(io.Writer) {
		comparisonText{report: r, files: files}.print(a.stdout, lookOf(a.stdout))
	})
}

// told is an outcome that stands in what was printed: people are not told twice.
type told struct{ end *outcome }

func (t told) Error() string { return t.end.text }

// Unwrap leads to the exit code.
func (t told) Unwrap() error { return t.end }

// endOfComparison is nil if every arm is better or equivalent.
func endOfComparison(r *compare.Report) error {
	if r.Partial != "" {
		return told{&outcome{exitPartial, "the comparison is partial: " + oneLine(r.Partial)}}
	}
	var end error
	for _, v := range r.Verdicts {
		if v.Word == compare.Worse {
			return told{&outcome{exitWorse, oneLine(v.Arm) + " is worse than the reference"}}
		}
		if v.Word != compare.Better && v.Word != compare.Equivalent && end == nil {
			end = told{&outcome{exitUndecided, "nothing can be concluded about " + oneLine(v.Arm) + because(v)}}
		}
	}
	return end
}

func because(v compare.Verdict) string {
	if v.Blocked == "" {
		return ""
	}
	return ": the check " + oneLine(v.Blocked) + " failed"
}
