package runtime

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// comparing is a comparison under way, or what is left of it.
type comparing struct {
	of     *Comparisons
	id     string
	number uint64 // of those that are kept
	ctx    context.Context
	cancel context.CancelCauseFunc
	turn   chan struct{} // closes when it is the one that runs
	over   chan struct{} // closes when it has ended and is kept
	quiet  bool          // nobody can ask for it

	ending sync.Mutex // held from before the end is written until it is known

	mu     sync.Mutex
	one    *comparison      // guarded by mu; nil when it has ended
	status ComparisonStatus // guarded by mu
	report *compare.Report  // guarded by mu
	err    error            // guarded by mu
	change chan struct{}    // guarded by mu: closes with the next change; nil while nobody waits
}

// join takes a comparison in: to run at once, or to wait. Whoever calls it calls
// work; until that has returned the drivers stay open.
func (c *Comparisons) join(ctx context.Context, one *comparison, keep bool) (*comparing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended || c.rt.closing.Load():
		return nil, shuttingDown()
	case len(c.line) >= mostWaiting:
		return nil, problem.New(problem.ComparisonsFull, "%d comparisons wait already", len(c.line)).Cure("repeat it later, or cancel one that waits")
	case c.bytes+one.bytes > mostInputBytes:
		return nil, problem.New(problem.ComparisonsFull, "the inputs of those that wait leave no room for %d bytes", one.bytes).Cure("repeat it later, or compare with fewer inputs")
	}
	job := c.newJob(ctx, one)
	job.quiet = !keep
	c.rt.draining.Add(1)
	c.bytes += one.bytes
	if keep {
		c.last = max(c.last+1, numberAt(job.status.Started))
		job.number = c.last
		c.kept = append(c.kept, job)
	}
	c.enlistLocked(job)
	return job, nil
}

func (c *Comparisons) newJob(ctx context.Context, one *comparison) *comparing {
	job := &comparing{of: c, id: strings.ToLower(rand.Text()[:12]), one: one, turn: make(chan struct{}), over: make(chan struct{})}
	job.ctx, job.cancel = context.WithCancelCause(ctx)
	job.status = ComparisonStatus{
		ID: job.id, Strategy: one.s.name, State: ComparisonWaiting, Started: c.rt.cfg.Now(), Actor: one.ask.Actor,
		Arms: one.ask.Arms, Inputs: len(one.inputs), Recorded: one.ask.Recorded > 0, Plan: one.fixed,
	}
	told := one.ask.Progress
	one.ask.Progress = func(p compare.Progress) {
		job.alter(func(s *ComparisonStatus) { s.Progress = p })
		if told != nil {
			told(p)
		}
	}
	return job
}

// enlistLocked puts a job at the end of the line.
func (c *Comparisons) enlistLocked(job *comparing) {
	if c.jobs == nil {
		c.jobs = map[*comparing]bool{}
	}
	c.jobs[job] = false
	c.line = append(c.line, job)
	c.nextLocked()
}

// nextLocked gives the first of the line its turn, if nobody has it.
func (c *Comparisons) nextLocked() {
	for _, runs := range c.jobs {
		if runs {
			return
		}
	}
	if len(c.line) > 0 {
		job := c.line[0]
		c.line = slices.Delete(c.line, 0, 1)
		c.jobs[job] = true
		close(job.turn)
	}
}

// withdraw takes a job out that was not begun.
func (c *Comparisons) withdraw(job *comparing) {
	defer c.rt.draining.Done()
	job.cancel(nil)
	c.forget(job)
	c.leave(job, job.one.bytes)
	close(job.over)
}

// forget takes a job out of those that can be asked for in memory.
func (c *Comparisons) forget(job *comparing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = slices.DeleteFunc(c.kept, func(other *comparing) bool { return other == job })
}

// forgetOldest takes the oldest of too many out that have ended without being stored.
// Those under way are fewer than that.
func (c *Comparisons) forgetOldest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 0; len(c.kept) > comparisonsHeld && i < len(c.kept); {
		if _, underWay := c.jobs[c.kept[i]]; underWay {
			i++
			continue
		}
		c.kept = slices.Delete(c.kept, i, i+1)
	}
}

// leave takes a job out.
func (c *Comparisons) leave(job *comparing, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes -= bytes
	delete(c.jobs, job)
	c.line = slices.DeleteFunc(c.line, func(other *comparing) bool { return other == job })
	c.nextLocked()
}

// errStopped is why comparisons end when the Runtime does.
var errStopped = errors.New("the host was stopped")

// end ends all comparisons and takes no further ones. It does not wait.
func (c *Comparisons) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for job := range c.jobs {
		job.cancel(errStopped)
	}
}

// work waits for the job's turn, compares and tells the outcome.
func (j *comparing) work() {
	defer j.of.rt.draining.Done()
	defer j.cancel(nil)
	var report *compare.Report
	err := j.ctx.Err()
	select {
	case <-j.turn:
		if err == nil {
			report, err = j.run()
		}
	case <-j.ctx.Done():
		err = j.ctx.Err()
	}
	j.finish(report, err)
}

func (j *comparing) run() (report *compare.Report, err error) {
	ctx, end := j.of.meters.begin(j)
	defer func() { end(err) }()
	j.alter(func(s *ComparisonStatus) { s.State = ComparisonRunning })
	j.tell("started")
	report, err = j.one.run(ctx, j.of.rt)
	return report, asProblem("compare", err)
}

// finish keeps the outcome, makes it known and lets go of the inputs.
func (j *comparing) finish(report *compare.Report, err error) {
	canceled := j.ctx.Err() != nil
	if err != nil && canceled {
		err = j.canceled(context.Cause(j.ctx))
	}
	j.ending.Lock()
	defer j.ending.Unlock()
	status := j.outcome(report, err, canceled)
	stored := !j.quiet && j.of.recorded(j, status, report)
	j.mu.Lock()
	bytes := j.one.bytes
	j.one, j.report, j.err = nil, report, err
	j.mu.Unlock()
	j.of.leave(j, bytes) // first: who sees the end finds room for another one
	j.alter(func(s *ComparisonStatus) { *s = status })
	if stored {
		j.of.forget(j)
	} else {
		j.of.forgetOldest()
	}
	close(j.over)
	j.of.meters.end(j, status)
	j.tell("ended")
}

func (j *comparing) canceled(cause error) error {
	return problem.New(problem.Canceled, "the comparison was canceled: %w", cause)
}

// outcome is the status at the end.
func (j *comparing) outcome(report *compare.Report, err error, canceled bool) ComparisonStatus {
	s := j.look()
	s.State, s.Ended, s.Report = outcomeOf(report, err, canceled), j.of.rt.cfg.Now(), report != nil
	switch {
	case s.State == ComparisonCanceled:
		s.Problem = context.Cause(j.ctx).Error()
	case err != nil:
		s.Problem = err.Error()
	case s.State == ComparisonFailed:
		s.Problem = report.Partial
	}
	if report != nil {
		s.Verdicts = report.Verdicts
	}
	return s
}

// outcomeOf is a state. One that was done when it was canceled is done; one that had to
// end before has failed, with a report of what there was.
func outcomeOf(report *compare.Report, err error, canceled bool) string {
	switch {
	case canceled && (err != nil || report == nil || report.Partial != ""):
		return ComparisonCanceled
	case err != nil || report != nil && report.Partial != "":
		return ComparisonFailed
	}
	return ComparisonDone
}

// await waits for the end. If it does not come before that of ctx, the job is kept as
// canceled for this cause; if it comes later, and the store takes it, with its report.
func (j *comparing) await(ctx context.Context, cause error) {
	select {
	case <-j.over:
	case <-ctx.Done():
	}
	j.ending.Lock()
	defer j.ending.Unlock()
	select {
	case <-j.over: // by now
		return
	default:
	}
	if !j.quiet {
		j.of.recorded(j, j.outcome(nil, j.canceled(cause), true), nil)
	}
}

// tell puts a beginning or an end into the stream of events.
func (j *comparing) tell(what string) {
	if status := j.look(); !j.quiet {
		j.of.rt.tell("comparison."+what, status.Strategy, status)
	}
}

// alter changes the status and wakes who waits for that.
func (j *comparing) alter(change func(*ComparisonStatus)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.status)
	if j.change != nil {
		close(j.change)
		j.change = nil
	}
}

func (j *comparing) look() ComparisonStatus {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.status
}

func (j *comparing) watch() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.status.Ended.IsZero() {
		return nil
	}
	if j.change == nil {
		j.change = make(chan struct{})
	}
	return j.change
}

// result is what Run returns.
func (j *comparing) result() (*compare.Report, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.report, j.err
}

// given is the report of a job that has ended.
func (j *comparing) given() (*compare.Report, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.status.Ended.IsZero():
		return nil, stillRuns(j.status)
	case j.report == nil:
		return nil, nothingToReport(j.status)
	}
	return j.report, nil
}

func stillRuns(s ComparisonStatus) error {
	return problem.New(problem.ComparisonRunning, "comparison %s is %s", s.ID, s.State).
		Cure("look at its progress, or cancel it for a partial report")
}

func nothingToReport(s ComparisonStatus) error {
	return problem.New(problem.NoReport, "comparison %s has nothing to report: %s", s.ID, s.Problem)
}
