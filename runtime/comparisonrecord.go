package runtime

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// What the store keeps of a comparison is its status, as JSON, and its report, as
// compressed JSON: never its inputs, and of answers only the masked examples that the
// report has.

// lostComparison is why a comparison ended whose process did not live to see it.
const lostComparison = "the process that carried it out ended before it did, and what it measured is lost"

// numberAt makes numbers that rise with time, over restarts too, whatever could be
// read of those before.
func numberAt(t time.Time) uint64 { return uint64(max(1, t.UnixMicro())) } //nolint:gosec // not negative

// recorded writes an end down and reports whether that worked.
func (c *Comparisons) recorded(j *comparing, s ComparisonStatus, report *compare.Report) bool {
	err := c.record(j, s, report)
	if err != nil {
		c.rt.cfg.Log.Warn("the end of a comparison is kept until the process ends, and not longer", "comparison", s.ID, "strategy", s.Strategy, "state", s.State, "error", err)
	}
	return err == nil
}

// record writes a comparison down.
func (c *Comparisons) record(j *comparing, s ComparisonStatus, report *compare.Report) error {
	var packed []byte
	if report != nil {
		if packed = compressed(report); packed == nil {
			return problem.New(problem.Internal, "the report of comparison %s cannot be written as JSON", s.ID)
		}
	}
	return c.write(store.Comparison{Number: j.number, ID: j.id, Begun: s.Started, Ended: s.Ended}, s, packed)
}

func (c *Comparisons) write(one store.Comparison, s ComparisonStatus, report []byte) (err error) {
	if one.Record, err = json.Marshal(s); err != nil {
		return problem.New(problem.Internal, "comparison %s cannot be written: %w", s.ID, err)
	}
	return c.rt.cfg.Store.RecordComparison(context.Background(), one, report) // whoever asked may have gone
}

// statusOf is what a record says. One that cannot be understood is shown as far as the
// store understands it.
func (c *Comparisons) statusOf(one store.Comparison) (s ComparisonStatus) {
	if err := json.Unmarshal(one.Record, &s); err != nil {
		s = ComparisonStatus{State: ComparisonFailed, Problem: "the record of this comparison cannot be understood: " + err.Error()}
	}
	s.ID, s.Started, s.Ended = one.ID, one.Begun, one.Ended
	if one.Open() && one.Number <= c.before {
		s.State, s.Problem, s.Ended = ComparisonCanceled, lostComparison, c.opened
	}
	return s
}

// stored finds the record of a comparison.
func (c *Comparisons) stored(ctx context.Context, id string) (number uint64, s ComparisonStatus, err error) {
	list, err := c.rt.cfg.Store.Comparisons(ctx)
	for _, one := range list {
		if one.ID == id {
			return one.Number, c.statusOf(one), nil
		}
	}
	if err == nil || problem.CodeOf(err) == problem.StoreCorrupt { // it is unknown, or one of those that are lost
		err = problem.New(problem.UnknownComparison, "no comparison %.64q", id).Cure("list the comparisons; the newest %d are kept", store.MaxComparisons)
	}
	return 0, s, err
}

// storedReport reads the report of one that is stored.
func (c *Comparisons) storedReport(ctx context.Context, number uint64, s ComparisonStatus) (*compare.Report, error) {
	if s.Ended.IsZero() {
		return nil, stillRuns(s)
	}
	packed, err := c.rt.cfg.Store.ComparisonReport(ctx, number)
	if err != nil {
		return nil, err
	}
	if len(packed) == 0 {
		return nil, nothingToReport(s)
	}
	return unpackReport(packed)
}

// recall looks at what is stored. Nothing there, and nothing that cannot be read,
// keeps a host from starting.
func (c *Comparisons) recall(ctx context.Context) {
	list, err := c.rt.cfg.Store.Comparisons(ctx)
	if err != nil {
		c.rt.cfg.Log.WarnContext(ctx, "comparisons of before cannot be read", "readable", len(list), "error", err)
	}
	c.opened = c.rt.cfg.Now()
	c.before = numberAt(c.opened)
	var lost []store.Comparison
	for _, one := range list {
		c.before = max(c.before, one.Number)
		if one.Open() {
			lost = append(lost, one)
		}
	}
	c.last = c.before
	if len(lost) > 0 {
		c.rt.watchman.wg.Go(func() { c.settle(lost) })
	}
}

// settle writes down that comparisons were lost, once this process is the one that
// serves. Until then, and if it does not work, readers are told without.
func (c *Comparisons) settle(lost []store.Comparison) {
	if taken := c.rt.cfg.TakenOver; taken != nil {
		select {
		case <-taken:
		case <-c.rt.watchman.ended:
			return
		}
	}
	for _, one := range lost {
		s := c.statusOf(one)
		one.Ended = s.Ended
		if err := c.write(one, s, nil); err != nil {
			c.rt.cfg.Log.Warn("a comparison that was lost is not written down as such", "comparison", one.ID, "error", err)
			continue
		}
		c.rt.cfg.Log.Warn("a comparison was lost with its process", "comparison", one.ID, "strategy", s.Strategy, "actor", s.Actor)
	}
}
