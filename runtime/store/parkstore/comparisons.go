package parkstore

import (
	"context"
	"slices"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// compared is the part of a snapshot that is about comparisons.
type compared struct {
	comparisons answer[[]store.Comparison]
	reports     map[uint64]answer[[]byte]
}

// addComparisons copies them with their reports.
func (c *compared) addComparisons(ctx context.Context, s reader) {
	c.comparisons.value, c.comparisons.err = s.Comparisons(ctx)
	c.reports = map[uint64]answer[[]byte]{}
	for _, one := range c.comparisons.value {
		var report answer[[]byte]
		report.value, report.err = s.ComparisonReport(ctx, one.Number)
		c.reports[one.Number] = report
	}
}

func (c *compared) Comparisons(context.Context) ([]store.Comparison, error) {
	var list []store.Comparison
	for _, one := range c.comparisons.value {
		one.Record = slices.Clone(one.Record)
		list = append(list, one)
	}
	return list, c.comparisons.err
}

func (c *compared) ComparisonReport(_ context.Context, number uint64) ([]byte, error) {
	report, ok := c.reports[number]
	if !ok {
		return nil, problem.New(problem.UnknownComparison, "no comparison %d is kept", number).Cure("list the comparisons")
	}
	return slices.Clone(report.value), report.err
}
