package main

import (
	"context"
	"fmt"
	"io"
)

// simulated is all that offline comparisons gave.
type simulated struct {
	intervals, bands, ranks []row
	few                     []claimed
	verdicts                []judged
}

// offline simulates comparisons of a fixed size.
func offline(ctx context.Context, o options, out io.Writer) (string, []string, error) {
	var s simulated
	for _, part := range []func(context.Context, options) error{s.cover, s.band, s.rank, s.take, s.judge} {
		if err := part(ctx, o); err != nil {
			return "", nil, err
		}
	}
	s.print(out)
	return s.line(), s.wrong(), nil
}

func (s *simulated) cover(ctx context.Context, o options) (err error) {
	s.intervals, err = covered(ctx, o, "intervals", []int{10, 20, 50}, intervals)
	return err
}

// band makes half of the trials: each takes long.
func (s *simulated) band(ctx context.Context, o options) (err error) {
	o.trials = (o.trials + 1) / 2
	s.bands, err = covered(ctx, o, "bands", []int{10, 20}, everywhere)
	return err
}

func (s *simulated) rank(ctx context.Context, o options) (err error) {
	s.ranks, err = ranked(ctx, o)
	return err
}

// take makes ten times as many: they cost nothing.
func (s *simulated) take(ctx context.Context, o options) (err error) {
	o.trials *= 10
	s.few, err = taken(ctx, o)
	return err
}

func (s *simulated) judge(ctx context.Context, o options) (err error) {
	s.verdicts, err = verdicts(ctx, o)
	return err
}

func (s *simulated) print(out io.Writer) {
	fmt.Fprintln(out, "## Offline comparisons")
	printed(out, "Ratios of two arms, the second x1.1: of 100 intervals at 95 % so many hold the truth", s.intervals, ratios())
	printed(out, "Bands at 95 %: of 100 so many hold everywhere at once", s.bands, bands())
	printed(out, "Shifts of 1 us: of 100 intervals at 95 % so many hold it; tests of identical arms; drift", s.ranks, shifts())
	printFew(out, s.few)
	printVerdicts(out, s.verdicts)
	fmt.Fprintln(out)
}

// line is for scripts: the least coverage in any row, how often identical arms were
// called better or worse, by the margin and at all, and what else verdicts were.
func (s *simulated) line() string {
	beyond, of := said(s.verdicts, "better", "worse")
	differ, _ := said(s.verdicts, "faster at all", "slower at all")
	return fmt.Sprintf("coverage_median=%.3f coverage_p90=%.3f coverage_p99=%.3f identical_arms=%d false_verdicts=%d false_at_margin_0=%.3f equivalent_even=%.3f worse_even_x1.1=%.3f",
		lowest(s.intervals, "median"), lowest(s.intervals, "p90"), lowest(s.intervals, "p99"), of, beyond, float64(differ)/float64(of),
		share(s.verdicts, asked{1, 20}, "equivalent"), share(s.verdicts, asked{1.1, 20}, "worse"))
}

// wrong is what is wrong more often than it may be.
func (s *simulated) wrong() []string {
	var out []string
	out = append(out, broken("ratios", s.intervals, ratios())...)
	out = append(out, broken("bands", s.bands, bands())...)
	out = append(out, broken("shifts", s.ranks, shifts())...)
	return append(out, misjudged(s.verdicts)...)
}
