package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// experimentCommand is the tree of commands about experiments.
func (a *app) experimentCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "experiment COMMAND",
		Short: "Compare two releases on live traffic",
		Example: `  swapline experiment start riskscore 2.0.0 --sticky-header X-Customer --hypothesis not_worse --margin 25% --watch
  swapline experiment watch riskscore
  swapline experiment report riskscore -o report.html
  swapline experiment stop riskscore --promote`,
		Long: `An experiment gives a release a part of the traffic, or lets both run on every
call (paired), for as long as its plan says, and answers the plan's question: is the
release better than the one that serves, worse, or the same within the margin? One
may look as often as one likes; that makes no verdict less sure. An ID is the number
of an experiment; without one the newest is meant.`,
		Args: knownSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SuggestionsMinimumDistance = 2
	c.AddCommand(a.experimentStartCommand(), a.experimentGetCommand(), a.experimentListCommand(), a.experimentWatchCommand(),
		a.experimentWaitCommand(), a.experimentReportCommand(), a.experimentStopCommand())
	return c
}

// experimentPath is the path of an experiment, or of what is below it.
func experimentPath(strategy, id string, parts ...string) string {
	p := "/v1/experiments/" + url.PathEscape(strategy) + "/" + url.PathEscape(id)
	for _, s := range parts {
		p += "/" + url.PathEscape(s)
	}
	return p
}

// experimentID reads the optional argument that names an experiment.
func experimentID(args []string) (string, error) {
	if len(args) < 2 || args[1] == newest {
		return newest, nil
	}
	if n, err := strconv.ParseUint(args[1], 10, 64); err != nil || n == 0 {
		return "", usageError{fmt.Errorf("%q is no experiment: give its number, as in swapline experiment list %s", args[1], args[0])}
	}
	return args[1], nil
}

func (c *client) experiment(ctx context.Context, strategy, id string) (runtime.Experiment, error) {
	var e runtime.Experiment
	_, err := c.getJSON(ctx, experimentPath(strategy, id), &e)
	return e, err
}

func (a *app) experimentGetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get STRATEGY [ID]",
		Short: "Show an experiment as it is now",
		Example: `  swapline experiment get riskscore
  swapline experiment get riskscore 17 --json`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := experimentID(args)
			if err != nil {
				return err
			}
			cl, err := a.client()
			if err != nil {
				return err
			}
			e, err := cl.experiment(c.Context(), args[0], id)
			if err != nil {
				return err
			}
			return a.print(e, func(io.Writer) { experimentPage{experiment: e, now: time.Now()}.print(a.stdout, lookOf(a.stdout)) })
		},
	}
}

func (a *app) experimentListCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "list [STRATEGY]",
		Short: "List experiments, the newest first",
		Example: `  swapline experiment list
  swapline experiment list riskscore --limit 5 --json`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.experimentList(c.Context(), append(args, "")[0], limit)
		},
	}
	c.Flags().IntVar(&limit, "limit", 20, "`number` of experiments, at most")
	return c
}

func (a *app) experimentList(ctx context.Context, strategy string, limit int) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if strategy != "" {
		q.Set("strategy", strategy)
	}
	var list struct {
		Experiments []runtime.Experiment `json:"experiments"`
	}
	if _, err := cl.getJSON(ctx, "/v1/experiments?"+q.Encode(), &list); err != nil {
		return err
	}
	return a.print(list, func(w io.Writer) {
		if len(list.Experiments) == 0 {
			fmt.Fprintln(w, "no experiments yet; begin one with: swapline experiment start STRATEGY RELEASE")
			return
		}
		t := newTable(w, "STRATEGY", "ID", "REFERENCE", "CANDIDATE", "MODE", "STATE", "VERDICT", "STARTED")
		for _, e := range list.Experiments {
			reference, candidate := releases(e)
			t.row(e.Strategy, e.ID, reference, candidate, e.Mode, e.State, string(e.Verdict.Word), stamp(e.Started))
		}
		t.flush()
	})
}

func (a *app) experimentReportCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "report STRATEGY [ID]",
		Short: "Fetch the report of an experiment, also while it runs",
		Example: `  swapline experiment report riskscore -o report.html
  swapline experiment report riskscore 17 > comment.md     Markdown, for a pull request
  swapline experiment report riskscore --json`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := experimentID(args)
			if err != nil {
				return err
			}
			return a.experimentReport(c.Context(), args[0], id, out)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`file` for the report: .html, .md or .json; default: Markdown to standard output")
	return c
}

func (a *app) experimentReport(ctx context.Context, strategy, id, out string) error {
	format := "markdown"
	if a.json {
		format = "json"
	}
	if out != "" {
		files, err := reportFiles([]string{out})
		if err != nil {
			return err
		}
		format = files[0].format
	}
	cl, err := a.client()
	if err != nil {
		return err
	}
	_, text, err := cl.do(ctx, call{method: http.MethodGet, path: experimentPath(strategy, id, "report") + "?format=" + format})
	if err != nil {
		return err
	}
	if out == "" {
		_, err = a.stdout.Write(text)
		return err
	}
	if err := writePublic(out, text); err != nil {
		return err
	}
	if a.json {
		return nil
	}
	_, err = fmt.Fprintf(a.stdout, "report %s (%s)\n", oneLine(out), bytesText(int64(len(text))))
	return err
}

// experimentStopOptions are the flags of experiment stop.
type experimentStopOptions struct {
	promote  bool
	reason   string
	revision int64
}

func (a *app) experimentStopCommand() *cobra.Command {
	var o experimentStopOptions
	c := &cobra.Command{
		Use:   "stop STRATEGY [ID]",
		Short: "End an experiment early",
		Example: `  swapline experiment stop riskscore --reason "ticket 4711"
  swapline experiment stop riskscore --promote`,
		Long: `All traffic goes back to the release that served before, or, with --promote, to the
other one. The report stays; without a verdict until then it is marked partial.`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := experimentID(args)
			if err != nil {
				return err
			}
			return a.experimentStop(c.Context(), args[0], id, o)
		},
	}
	c.Flags().BoolVar(&o.promote, "promote", false, "the candidate answers everything from now on")
	c.Flags().StringVar(&o.reason, "reason", "", "`text` for the journal")
	c.Flags().Int64Var(&o.revision, "if-revision", -1, "only if the experiment is at this `revision`; default: whatever it is now")
	return c
}

func (a *app) experimentStop(ctx context.Context, strategy, id string, o experimentStopOptions) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	e, err := cl.stopExperiment(ctx, strategy, id, o)
	if err != nil {
		return err
	}
	return a.print(e, func(w io.Writer) {
		fmt.Fprintf(w, "experiment %d of %s has ended: %s\n", e.ID, e.Strategy, verdictText(e.Verdict))
		fmt.Fprintf(w, "  %s answers all calls now\n", answering(e, o.promote))
		fmt.Fprintf(w, "  report: swapline experiment report %s %d -o report.html\n", e.Strategy, e.ID)
	})
}

// answering is the release that has the traffic after an experiment.
func answering(e runtime.Experiment, promoted bool) string {
	if promoted {
		return releaseName(e.Candidate)
	}
	return releaseName(e.Reference)
}

// stopExperiment ends it. It has a new revision with every look, which a person
// does not see: a command that came too late by one is sent again, as long as the
// verdict is the one that a promotion was decided on.
func (c *client) stopExperiment(ctx context.Context, strategy, id string, o experimentStopOptions) (out runtime.Experiment, err error) {
	seen, err := c.experiment(ctx, strategy, id)
	if err != nil {
		return out, err
	}
	path := experimentPath(strategy, strconv.FormatUint(seen.ID, 10), "stop")
	now := seen
	for range verbTries {
		revision := int64(now.Revision)
		if o.revision >= 0 {
			revision = o.revision
		}
		h := http.Header{"If-Match": {etagOf(revision)}}
		err = c.sendJSON(ctx, http.MethodPost, path, h, map[string]any{"promote": o.promote, "reason": o.reason}, &out)
		if problem.CodeOf(err) != problem.StaleRollout || o.revision >= 0 {
			return out, err
		}
		var again error
		now, again = c.experiment(ctx, strategy, strconv.FormatUint(seen.ID, 10))
		if again != nil || now.State != seen.State || o.promote && now.Verdict.Word != seen.Verdict.Word {
			return out, err
		}
	}
	return out, err
}

// readDocument reads a file of JSON, "-" for standard input.
func (a *app) readDocument(file string, most int) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(a.stdin, int64(most)+1))
	}
	b, err := readAtMost(file, most)
	if os.IsNotExist(err) {
		return nil, usageError{err}
	}
	return b, err
}
