package runtime

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// Comparison asks for an offline comparison of accepted releases.
type Comparison struct {
	Strategy string
	Arms     []ComparisonArm // at least two, at most six; the first is the reference
	Inputs   []map[string]any
	// Recorded takes the newest recorded live inputs instead, at most so many. They
	// are masked as the policy says that records them.
	Recorded int
	Plan     compare.Plan
	Command  string
	Actor    string
	Progress func(compare.Progress)
}

// ComparisonArm is one arm: a release, perhaps on another engine than it asks for.
type ComparisonArm struct {
	Name    string `json:"name,omitempty"`   // in the report; "" makes one of kind and engine
	Release string `json:"release"`          // as in Change; "" is the stable one
	Engine  string `json:"engine,omitempty"` // "" is the manifest's or the driver's own
	// Isolation replaces the manifest's, "" keeps it.
	Isolation string `json:"isolation,omitempty"`
	// Direct calls the Go function itself: no copy, no accounts, and a deadline that nothing
	// enforces, but a call that does not return ends the comparison. Only for kinds that share
	// this process's memory.
	Direct bool `json:"direct,omitempty"`
}

// ComparisonStatus is a comparison that the runtime carries out by itself. Its inputs
// are not in it, and are kept nowhere.
type ComparisonStatus struct {
	ID       string           `json:"id"`
	Strategy string           `json:"strategy"`
	State    string           `json:"state"` // see ComparisonWaiting and so on
	Progress compare.Progress `json:"progress"`
	Arms     []ComparisonArm  `json:"arms"`               // with the digests of their releases
	Inputs   int              `json:"inputs"`             // their number
	Recorded bool             `json:"recorded,omitempty"` // they are recorded ones
	Plan     json.RawMessage  `json:"plan"`               // with its defaults
	Started  time.Time        `json:"started"`
	Ended    time.Time        `json:"ended,omitzero"`
	Problem  string           `json:"problem,omitempty"`
	Actor    string           `json:"actor,omitempty"`
	// Verdicts are there when it is done; a canceled one may have a partial report.
	Verdicts []compare.Verdict `json:"verdicts,omitempty"`
	Report   bool              `json:"report"` // there is one
}

// States of a comparison.
const (
	ComparisonWaiting  = "waiting"
	ComparisonRunning  = "running"
	ComparisonDone     = "done"
	ComparisonFailed   = "failed"   // Problem says why
	ComparisonCanceled = "canceled" // Problem says by whom or what
)

// Bounds of the comparisons of a Runtime.
const (
	mostWaiting     = 8  // behind the one that runs
	comparisonsHeld = 20 // in memory, because the store did not take their ends
)

// Comparisons compares releases offline: the part of a Runtime that loads them
// beside what serves, runs them on the same inputs and reports. One runs at a time,
// since it is measured; others wait. It is safe for concurrent use.
//
// Those that Start begins are kept in the store from their beginning on, and with
// their reports from their end on, before anybody is told of it: as many as
// store.MaxComparisons and store.MaxComparisonBytes allow, the oldest go first. If
// the store does not take an end, it is kept in memory until the process ends. One
// whose process was lost is canceled, and says so, as soon as there is a new one. A
// record that is damaged is told in the log and by List, and hides no other.
//
// The arms go through the pipeline as every release does: envelope and policy of
// today, grant, load, its own Validate, golden cases. Their calls take the way of
// live calls, with deadline and places, but have no effects and count for nothing:
// not at the strategy, its breaker, or its rollouts, and not as recorded inputs. An
// arm is held until the comparison ends, whatever is deployed meanwhile; the
// strategy's turn is held only while it is loaded.
//
// Close, and Interrupt, end what runs and what waits.
type Comparisons struct {
	rt     *Runtime
	meters comparisonMeters
	opened time.Time // when this process had a look at what is stored
	before uint64    // the highest number that a process before it can have given

	mu    sync.Mutex
	ended bool                // guarded by mu
	last  uint64              // guarded by mu: the number of the newest
	jobs  map[*comparing]bool // guarded by mu: those that are under way; true: it runs
	line  []*comparing        // guarded by mu: those that wait, the first one first
	kept  []*comparing        // guarded by mu: those that Start began and whose end is not stored, the newest last
	bytes int64               // guarded by mu: of the inputs of all that are under way
}

// Run compares now, after those that wait already, and returns the report; see
// compare.Run for what happens when ctx ends. Errors: ComparisonMalformed for what
// makes no sense, ComparisonsFull, ShuttingDown, and what loading an arm reports.
func (c *Comparisons) Run(ctx context.Context, ask Comparison) (*compare.Report, error) {
	one, err := c.plan(ctx, ask)
	if err != nil {
		return nil, asProblem("compare", err)
	}
	job, err := c.join(ctx, one, false)
	if err != nil {
		return nil, err
	}
	job.work()
	return job.result()
}

// Start begins a comparison in the background, which does not end with ctx once it is
// begun. Errors are those of Run but for what loading reports, which its status tells,
// and those of a store that does not take it.
func (c *Comparisons) Start(ctx context.Context, ask Comparison) (ComparisonStatus, error) {
	one, err := c.plan(ctx, ask)
	if err != nil {
		return ComparisonStatus{}, asProblem("compare", err)
	}
	if err := ctx.Err(); err != nil { // nobody would learn its ID, and it would take the turn of others
		return ComparisonStatus{}, asProblem("compare", err)
	}
	job, err := c.join(context.WithoutCancel(ctx), one, true)
	if err != nil {
		return ComparisonStatus{}, err
	}
	status := job.look()
	if err := c.record(job, status, nil); err != nil {
		c.withdraw(job)
		return ComparisonStatus{}, asProblem("compare", err)
	}
	go job.work() // which join has counted
	return status, nil
}

// Get finds one. The error is UnknownComparison, or the store's.
func (c *Comparisons) Get(ctx context.Context, id string) (ComparisonStatus, error) {
	if job := c.underWay(id); job != nil {
		return job.look(), nil
	}
	_, status, err := c.stored(ctx, id)
	return status, err
}

// List returns all that are kept, newest first. Beside an error of the store it
// returns those that could be read.
func (c *Comparisons) List(ctx context.Context) ([]ComparisonStatus, error) {
	c.mu.Lock()
	kept := slices.Clone(c.kept)
	c.mu.Unlock()
	known := map[uint64]ComparisonStatus{} // what is in memory is newer
	past, err := c.rt.cfg.Store.Comparisons(ctx)
	for _, p := range past {
		known[p.Number] = c.statusOf(p)
	}
	for _, job := range kept {
		known[job.number] = job.look()
	}
	list := make([]ComparisonStatus, 0, len(known))
	for _, number := range slices.Backward(slices.Sorted(maps.Keys(known))) {
		list = append(list, known[number])
	}
	return list, err
}

// Watch returns a channel that closes when the status changes or progress is made.
// Ask for it before Get, so that nothing is missed. It is nil when nothing will
// change any more.
func (c *Comparisons) Watch(id string) <-chan struct{} {
	if job := c.underWay(id); job != nil {
		return job.watch()
	}
	return nil
}

// Report returns the report of one that has ended. The error is ComparisonRunning,
// NoReport if it ended before there was anything to report, or as of Get.
func (c *Comparisons) Report(ctx context.Context, id string) (*compare.Report, error) {
	if job := c.underWay(id); job != nil {
		return job.given()
	}
	number, status, err := c.stored(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.storedReport(ctx, number, status)
}

// Cancel ends one; what was measured becomes a partial report, which says that actor
// did it. It does not wait for the end. One that has ended stays as it is.
func (c *Comparisons) Cancel(ctx context.Context, id, actor string) (ComparisonStatus, error) {
	if job := c.underWay(id); job != nil {
		job.cancel(errors.New(cmp.Or(actor, "somebody") + " cancelled it"))
		return job.look(), nil
	}
	_, status, err := c.stored(ctx, id)
	return status, err
}

// Interrupt ends all that run or wait, for a reason that they then give, and waits
// until they have ended or ctx has. Those that have not ended by then are kept as
// canceled, without a report.
func (c *Comparisons) Interrupt(ctx context.Context, reason string) {
	cause := errors.New(reason)
	c.mu.Lock()
	jobs := slices.Collect(maps.Keys(c.jobs))
	c.mu.Unlock()
	for _, job := range jobs {
		job.cancel(cause)
	}
	for _, job := range jobs {
		job.await(ctx, cause)
	}
}

// underWay finds one that is in memory, or nil.
func (c *Comparisons) underWay(id string) *comparing {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, job := range c.kept {
		if job.id == id {
			return job
		}
	}
	return nil
}
