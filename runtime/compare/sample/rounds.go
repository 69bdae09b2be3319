package sample

import (
	"math"
	"slices"
)

// stride is how many values lie between two marks.
const stride = 128

// Rounds are the values of one arm, in rounds. They are prepared once, so that
// quantiles of any choice of rounds cost little; they do not change and are safe for
// concurrent use.
type Rounds struct {
	sorted []float64 // all values
	of     []int32   // the round of each
	marks  []float64 // of each round, how many values stand before every stride-th
	each   [][]float64
	sums   []float64
}

// Collect prepares values. It drops what is no number and rounds without values;
// drop rounds of all arms together, or they are no longer pairs. It keeps no
// reference to what it is given.
func Collect(rounds [][]float64) *Rounds {
	r := &Rounds{}
	for _, values := range rounds {
		values = slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		r.each = append(r.each, values)
		r.sums = append(r.sums, sum(values))
	}
	r.merge()
	r.mark()
	return r
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// merge puts the values of all rounds in order, two runs at a time.
func (r *Rounds) merge() {
	runs := make([]run, len(r.each))
	for i, values := range r.each {
		runs[i] = run{values, slices.Repeat([]int32{int32(i)}, len(values))} //nolint:gosec // rounds are few
	}
	for len(runs) > 1 {
		half := (len(runs) + 1) / 2
		for i := range len(runs) / 2 {
			runs[i] = runs[i].with(runs[half+i])
		}
		runs = runs[:half]
	}
	if len(runs) > 0 {
		r.sorted, r.of = runs[0].values, runs[0].of
	}
}

// run is a sorted part of the values and the round of each.
type run struct {
	values []float64
	of     []int32
}

func (r run) with(s run) run {
	out := run{make([]float64, len(r.values)+len(s.values)), make([]int32, len(r.values)+len(s.values))}
	i, j := 0, 0
	for k := range out.values {
		if j == len(s.values) || i < len(r.values) && r.values[i] <= s.values[j] {
			out.values[k], out.of[k] = r.values[i], r.of[i]
			i++
		} else {
			out.values[k], out.of[k] = s.values[j], s.of[j]
			j++
		}
	}
	return out
}

// mark counts what stands before every stride-th value.
func (r *Rounds) mark() {
	counts := make([]float64, len(r.each))
	for i, of := range r.of {
		if i%stride == 0 {
			r.marks = append(r.marks, counts...)
		}
		counts[of]++
	}
}

// Len is how many rounds there are.
func (r *Rounds) Len() int { return len(r.each) }

// N is how many values there are.
func (r *Rounds) N() int { return len(r.sorted) }

// Quantile is the p-quantile of all values, NaN if there are none. Equal values
// are taken as spread evenly over the tick of the clock that made them equal: half
// way to the nearer neighbour, either way.
func (r *Rounds) Quantile(p float64) float64 { return r.quantile(p, r.once()) }

// Mean is the mean of all values, NaN if there are none.
func (r *Rounds) Mean() float64 { return r.mean(r.once()) }

// Quantiles are the p-quantiles of each round.
func (r *Rounds) Quantiles(p float64) []float64 {
	out, w := make([]float64, r.Len()), make([]float64, r.Len())
	for i := range out {
		w[i] = 1
		out[i] = r.quantile(p, w)
		w[i] = 0
	}
	return out
}

// once weighs each round the same.
func (r *Rounds) once() []float64 {
	w := make([]float64, r.Len())
	for i := range w {
		w[i] = 1
	}
	return w
}
