package histogram

import (
	"math"
	"time"
)

// Counts is what a [Histogram] held at one moment, or the difference of two
// such moments. The zero value holds nothing.
type Counts struct {
	N       int64         `json:"n"`
	Sum     time.Duration `json:"sum_ns"`            // estimated from the buckets
	Buckets []int64       `json:"buckets,omitempty"` // Size of them, or nil for none
}

// Mean is the mean of all durations, at most 2.6 % off between 64 ns and 68.7 s; 0
// of none.
func (c Counts) Mean() time.Duration {
	if c.N == 0 {
		return 0
	}
	return c.Sum / time.Duration(c.N)
}

// Quantile estimates the duration that a share p of all, from 0 to 1, does not
// exceed: it finds the bucket of the one with rank ceil(p*N) and takes the
// durations of a bucket for evenly spread. It is at most 5.3 % wrong between 64 ns
// and 68.7 s; above, it is the 68.7 s. Of no durations it is 0.
func (c Counts) Quantile(p float64) time.Duration {
	rank := c.rank(p)
	for b, n := range c.Buckets {
		if rank <= n && n > 0 {
			return within(b, (float64(rank)-0.5)/float64(n))
		}
		rank -= n
	}
	return 0
}

// rank is the number, from 1 to N, of the duration at p in their order.
func (c Counts) rank(p float64) int64 {
	rank := math.Ceil(p*float64(c.N) - 1e-9) // 0.95 of 100 are 95, however they are rounded
	return int64(min(max(rank, 1), float64(max(c.N, 1))))
}

// within returns the duration that is a part of the way through a bucket.
func within(bucket int, part float64) time.Duration {
	if bucket >= Size-1 {
		return Low(bucket)
	}
	low, high := Low(bucket), High(bucket)
	return low + time.Duration(part*float64(high-low))
}

// Merge returns the counts of both. It changes neither.
func (c Counts) Merge(other Counts) Counts { return c.plus(other, 1) }

// Sub returns what came since an earlier moment of the same histogram.
func (c Counts) Sub(earlier Counts) Counts { return c.plus(earlier, -1) }

func (c Counts) plus(other Counts, sign int64) Counts {
	sum := Counts{N: c.N + sign*other.N, Sum: c.Sum + time.Duration(sign)*other.Sum}
	if c.Buckets == nil && other.Buckets == nil {
		return sum
	}
	sum.Buckets = make([]int64, Size)
	copy(sum.Buckets, c.Buckets)
	for b, n := range other.Buckets[:min(len(other.Buckets), Size)] {
		sum.Buckets[b] += sign * n
	}
	return sum
}
