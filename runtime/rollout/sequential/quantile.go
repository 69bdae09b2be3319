package sequential

// Quantile is a time-uniform confidence sequence of the p-quantile, as indexes of
// buckets: the quantile is at least the lower edge of bucket lo and at most the
// upper edge of bucket hi; hi == len(buckets) means that there is no upper bound
// yet.
func Quantile(buckets []int64, p, alpha float64) (lo, hi int) {
	n := sum(buckets)
	if n == 0 || !(p > 0 && p < 1) {
		return 0, len(buckets)
	}
	few, many := ranks(n, p, alpha)
	below, lo, hi := int64(0), -1, len(buckets)
	for i, count := range buckets {
		below += count
		if lo < 0 && below >= few {
			lo = i
		}
		if below > many {
			return lo, i
		}
	}
	return lo, hi
}

// ranks limits how many of n values are not above the p-quantile: fewer than few and
// more than many are refuted at alpha/2.
func ranks(n int64, p, alpha float64) (few, many int64) {
	g, need := newGrid(), needed(alpha/2)
	refuted := func(k int64, rate float64) bool {
		return g.rate(float64(k), float64(n)).against(rate) >= need
	}
	few = n - last(n, func(above int64) bool { return !refuted(above, 1-p) })
	many = last(n, func(below int64) bool { return !refuted(below, p) })
	return few, many
}

// last is the largest k up to n for which it holds; it holds up to some k.
func last(n int64, holds func(int64) bool) int64 {
	low, high := int64(0), n
	for low < high {
		middle := high - (high-low)/2
		if holds(middle) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

func sum(buckets []int64) int64 {
	n := int64(0)
	for _, count := range buckets {
		n += count
	}
	return n
}
