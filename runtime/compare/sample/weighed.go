package sample

import (
	"math"
	"slices"
	"sort"
)

// mean is that of the rounds, each taken w times.
func (r *Rounds) mean(w []float64) float64 {
	total, n := 0.0, 0.0
	for i, times := range w {
		total += times * r.sums[i]
		n += times * float64(len(r.each[i]))
	}
	return total / n
}

// quantile is that of the rounds, each taken w times.
func (r *Rounds) quantile(p float64, w []float64) float64 {
	n := r.size(w)
	if !(n > 0) {
		return math.NaN()
	}
	i, before := r.reach(p*n, w)
	here := w[r.of[i]]
	first, end := r.equals(i)
	if end-first > 1 {
		before = r.before(first, w)
		here = r.before(end, w) - before
	}
	lo, hi := r.tick(first, end)
	return lo + (hi-lo)*min(max((p*n-before)/here, 0), 1)
}

// size is the number of values.
func (r *Rounds) size(w []float64) float64 {
	n := 0.0
	for i, times := range w {
		n += times * float64(len(r.each[i]))
	}
	return n
}

// reach is the first value up to which, with itself, there are at least target, and
// how many stand before it.
func (r *Rounds) reach(target float64, w []float64) (i int, before float64) {
	rounds := len(r.each)
	mark := sort.Search(len(r.marks)/rounds, func(i int) bool { return dot(r.marks[i*rounds:], w) >= target })
	mark = max(mark-1, 0)
	count := dot(r.marks[mark*rounds:], w)
	for k := mark * stride; k < len(r.of); k++ {
		times := w[r.of[k]]
		if times == 0 {
			continue
		}
		i, before = k, count
		if count += times; count >= target {
			break
		}
	}
	return i, before
}

// equals is where the values that equal the i-th begin and end.
func (r *Rounds) equals(i int) (first, end int) {
	v := r.sorted[i]
	first, end = i, i+1
	if i > 0 && r.sorted[i-1] == v {
		first = sort.SearchFloat64s(r.sorted, v)
	}
	if end < len(r.sorted) && r.sorted[end] == v {
		end += sort.Search(len(r.sorted)-end, func(k int) bool { return r.sorted[end+k] > v })
	}
	return first, end
}

// before counts the values before the i-th.
func (r *Rounds) before(i int, w []float64) float64 {
	if i == 0 {
		return 0
	}
	mark := (i - 1) / stride
	count := dot(r.marks[mark*len(r.each):], w)
	for _, of := range r.of[mark*stride : i] {
		count += w[of]
	}
	return count
}

// counts are how many values of each round stand before the i-th.
func (r *Rounds) counts(i int) []float64 {
	if i == 0 {
		return make([]float64, len(r.each))
	}
	mark := (i - 1) / stride * len(r.each)
	counts := slices.Clone(r.marks[mark : mark+len(r.each)])
	for _, of := range r.of[(i-1)/stride*stride : i] {
		counts[of]++
	}
	return counts
}

// spread is from how many rounds the values beyond the p-quantile come: as many as
// there are if each has as many of them, 1 if all are of one round (Kish 1965).
func (r *Rounds) spread(p float64) float64 {
	total, squares := 0.0, 0.0
	for _, n := range r.beyond(p) {
		total += n
		squares += n * n
	}
	if squares == 0 {
		return 0
	}
	return total * total / squares
}

// beyond counts the values of each round beyond the p-quantile, on the side where
// there are fewer. What equals it counts in part.
func (r *Rounds) beyond(p float64) []float64 {
	if len(r.sorted) == 0 {
		return nil
	}
	target := p * float64(len(r.sorted))
	first, end := r.equals(min(int(target), len(r.sorted)-1))
	part := (target - float64(first)) / float64(end-first)
	below, upTo := r.counts(first), r.counts(end)
	for i := range below {
		below[i] += part * (upTo[i] - below[i])
		if p > 0.5 {
			below[i] = float64(len(r.each[i])) - below[i]
		}
	}
	return below
}

func dot(counts, w []float64) float64 {
	total := 0.0
	for i, times := range w {
		total += counts[i] * times
	}
	return total
}

// tick is from where to where equal values may have been before a clock made them
// equal.
func (r *Rounds) tick(first, end int) (lo, hi float64) {
	v, half := r.sorted[first], math.Inf(1)
	if first > 0 {
		half = (v - r.sorted[first-1]) / 2
	}
	if end < len(r.sorted) {
		half = min(half, (r.sorted[end]-v)/2)
	}
	if math.IsInf(half, 1) {
		half = 0
	}
	if v >= 0 { // what cannot be negative was not
		return max(v-half, 0), v + half
	}
	return v - half, v + half
}
