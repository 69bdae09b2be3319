package sample

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
	"gonum.org/v1/gonum/stat/distuv"
)

// PairedRatio is how many times the values of b are those of a, one value of each
// per round (medians, means, throughputs): the Hodges-Lehmann estimate of the
// rounds' ratios, with the interval of Wilcoxon's signed ranks. Unbounded if there
// are too few pairs for the level, unknown if any value is not positive.
func PairedRatio(a, b []float64, level float64) Interval {
	if len(a) != len(b) || len(a) == 0 {
		return Unknown()
	}
	logs := make([]float64, len(a))
	for i := range a {
		if logs[i] = math.Log(quotient(b[i], a[i])); math.IsNaN(logs[i]) || math.IsInf(logs[i], 0) {
			return Unknown()
		}
	}
	i, _ := signedRanks(logs, level)
	return i.exp()
}

// PairedShift is by how much the values of b are above those of a, one value of each
// per round, and Wilcoxon's p for no difference.
func PairedShift(a, b []float64, level float64) (shift Interval, p float64) {
	if len(a) != len(b) || len(a) == 0 {
		return Unknown(), math.NaN()
	}
	d := make([]float64, len(a))
	for i := range a {
		d[i] = b[i] - a[i]
	}
	return signedRanks(d, level)
}

// signedRanks is the median of the averages of all pairs of values, with the
// interval that belongs to Wilcoxon's test and the test's p.
func signedRanks(d []float64, level float64) (Interval, float64) {
	walsh := make([]float64, 0, len(d)*(len(d)+1)/2)
	for i := range d {
		for _, v := range d[i:] {
			walsh = append(walsh, (d[i]+v)/2)
		}
	}
	slices.Sort(walsh)
	above, equal := 0.0, 0.0
	for _, v := range walsh {
		if v > 0 {
			above++
		} else if v == 0 {
			equal++
		}
	}
	null := rankSums(len(d))
	p := min(2*null.atMost(min(above, float64(len(walsh))-above-equal)+equal), 1) // what is 0 speaks for none
	return walshInterval(walsh, null.cut((1-level)/2)), p
}

// walshInterval leaves out cut values at either end; -1 is no interval.
func walshInterval(sorted []float64, cut int) Interval {
	i := Interval{math.Inf(-1), middle(sorted), math.Inf(1)}
	if cut >= 0 {
		i.Lo, i.Hi = sorted[cut], sorted[len(sorted)-1-cut]
	}
	return i
}

func middle(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// null is the distribution of a rank statistic when nothing differs: probabilities
// of 0, 1, 2 and so on.
type null []float64

// rankSums is that of the signed-rank statistic of n pairs.
func rankSums(n int) null {
	f := make(null, n*(n+1)/2+1)
	f[0] = 1
	for rank := 1; rank <= n; rank++ {
		for s := len(f) - 1; s >= 0; s-- {
			f[s] /= 2
			if s >= rank {
				f[s] += f[s-rank] / 2
			}
		}
	}
	return f
}

// atMost is the probability of s or less.
func (f null) atMost(s float64) float64 {
	total := 0.0
	for i := 0; i < len(f) && float64(i) <= s; i++ {
		total += f[i]
	}
	return total
}

// cut is the most for which the probability of it or less is at most tail, -1 for
// none.
func (f null) cut(tail float64) int {
	total := 0.0
	for s, v := range f {
		if total += v; total > tail {
			return s - 1
		}
	}
	return len(f) - 1
}

// MannWhitney is Mann and Whitney's test of two samples of independent values: u
// counts the pairs in which b is more, equal ones half; p is two-sided, for nobody
// tending to more. NaN if a sample is empty.
func MannWhitney(a, b []float64) (u, p float64) {
	if len(a) == 0 || len(b) == 0 {
		return math.NaN(), math.NaN()
	}
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	t := benchmath.DefaultThresholds
	c := benchmath.AssumeNothing.Compare(benchmath.NewSample(x, &t), benchmath.NewSample(y, &t))
	less, equal := 0, 0 // of a, before where we are in b
	for _, v := range y {
		for less < len(x) && x[less] < v {
			less++
		}
		equal = max(equal, less)
		for equal < len(x) && x[equal] == v {
			equal++
		}
		u += float64(less+equal) / 2
	}
	return u, c.P
}

// HodgesLehmann is by how much b is above a: the median of the differences of all
// pairs, with the interval that belongs to Mann and Whitney's test. Values must be
// independent, and the distributions the same but for their place.
func HodgesLehmann(a, b []float64, level float64) Interval {
	if len(a) == 0 || len(b) == 0 {
		return Unknown()
	}
	d := differences{slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))}
	n := len(a) * len(b)
	i := Interval{math.Inf(-1), (d.nth((n-1)/2) + d.nth(n/2)) / 2, math.Inf(1)}
	if cut := pairSumsCut(len(a), len(b), (1-level)/2); cut >= 0 {
		i.Lo, i.Hi = d.nth(cut), d.nth(n-1-cut)
	}
	return i
}

// differences are y - x of all pairs, of sorted values.
type differences struct{ x, y []float64 }

// nth finds the nth smallest difference, from 0, by halving where it can be.
func (d differences) nth(n int) float64 {
	lo, hi := key(d.y[0]-d.x[len(d.x)-1]), key(d.y[len(d.y)-1]-d.x[0])
	for lo < hi {
		mid := lo + int64(uint64(hi-lo)/2) //nolint:gosec // within both
		if d.atMost(value(mid)) > n {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return value(lo)
}

// atMost counts the differences up to v.
func (d differences) atMost(v float64) int {
	count, j := 0, 0
	for _, y := range d.y {
		for j < len(d.x) && y-d.x[j] > v {
			j++
		}
		count += len(d.x) - j
	}
	return count
}

// key is a whole number that rises with f, value its inverse.
func key(f float64) int64 {
	b := int64(math.Float64bits(f)) //nolint:gosec // bits
	if b < 0 {
		return math.MinInt64 - b
	}
	return b
}

func value(k int64) float64 {
	if k < 0 {
		k = math.MinInt64 - k
	}
	return math.Float64frombits(uint64(k)) //nolint:gosec // bits
}

// exactPairs is up to how many pairs the distribution of U is computed.
const exactPairs = 10_000

// pairSumsCut is the most that U may be with a probability of at most tail, when
// nothing differs; -1 for none.
func pairSumsCut(n, m int, tail float64) int {
	if n*m <= exactPairs {
		return pairSums(n, m).cut(tail)
	}
	mean, all := float64(n)*float64(m)/2, float64(n+m)
	spread := math.Sqrt(mean / 6 * (all + 1))
	return int(math.Floor(mean+spread*distuv.UnitNormal.Quantile(tail)-0.5)) - 1
}

// pairSums is the distribution of U: the coefficients of the Gaussian binomial.
func pairSums(n, m int) null {
	f := make(null, n*m+1)
	f[0] = 1
	for i := 1; i <= n; i++ {
		for s := len(f) - 1; s >= m+i; s-- {
			f[s] -= f[s-m-i]
		}
		for s := i; s < len(f); s++ {
			f[s] += f[s-i]
		}
		share := float64(i) / float64(m+i)
		for s := range f {
			f[s] *= share
		}
	}
	return f
}
