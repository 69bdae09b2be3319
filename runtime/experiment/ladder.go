package experiment

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
)

// The ladder of latencies: 256 steps for each power of two, 0.27 % each, from 64 ns
// to 2^36 ns, one bucket below and one above. A ratio is a number of buckets, the
// same everywhere.
const (
	steps   = 256
	lowest  = 6
	highest = 36
	size    = (highest-lowest)*steps + 2
)

// place returns the bucket of a duration.
func place(d time.Duration) int {
	if d < 1<<lowest {
		return 0
	}
	return min(int((math.Log2(float64(d))-lowest)*steps)+1, size-1)
}

// middle is a duration of a bucket, in nanoseconds.
func middle(bucket int) float64 { return edge(float64(bucket) + 0.5) }

// edge is where a bucket begins.
func edge(bucket float64) float64 { return math.Exp2(lowest + (bucket-1)/steps) }

// ratioOf is the ratio of a number of buckets, climb the number of a ratio.
func ratioOf(buckets float64) float64 { return math.Exp2(buckets / steps) }

func climb(ratio float64) float64 { return steps * math.Log2(ratio) }

// latencies counts durations. It is safe for concurrent use.
type latencies struct{ lanes [][size]atomic.Int64 }

func newLatencies() *latencies { return &latencies{make([][size]atomic.Int64, histogram.Lanes())} }

func (l *latencies) record(lane int, d time.Duration) {
	l.lanes[uint(lane)%uint(len(l.lanes))][place(d)].Add(1)
}

// load makes it hold these counts only; nobody may record meanwhile.
func (l *latencies) load(buckets []int64) {
	for i := range l.lanes {
		for b := range l.lanes[i] {
			l.lanes[i][b].Store(0)
		}
	}
	for b, n := range buckets {
		l.lanes[0][b].Store(n)
	}
}

func (l *latencies) read() []int64 {
	out := make([]int64, size)
	for i := range l.lanes {
		for b := range l.lanes[i] {
			out[b] += l.lanes[i][b].Load()
		}
	}
	return out
}

// quantile is the duration, in nanoseconds, that a share p of all does not exceed.
func quantile(buckets []int64, p float64) float64 {
	if total(buckets) == 0 {
		return 0
	}
	return edge(position(buckets, p))
}

// position is where on a ladder the quantile is: a bucket and a part of it.
func position(buckets []int64, p float64) float64 {
	rank := math.Max(1, math.Ceil(p*float64(total(buckets))-1e-9))
	for b, n := range buckets {
		if float64(n) >= rank {
			return float64(b) + (rank-0.5)/float64(n)
		}
		rank -= float64(n)
	}
	return 0
}

func total(buckets []int64) (n int64) {
	for _, c := range buckets {
		n += c
	}
	return n
}

// moments are what means are made of.
type moments struct {
	n            int64
	sum, squares float64
}

func momentsOf(buckets []int64) (m moments) {
	for b, n := range buckets {
		if n == 0 {
			continue
		}
		x := middle(b)
		m.n += n
		m.sum += float64(n) * x
		m.squares += float64(n) * x * x
	}
	return m
}

func (m moments) mean() float64 { return m.sum / float64(max(m.n, 1)) }

// plus adds two rows of counts up.
func plus(a, b []int64) []int64 {
	out := make([]int64, len(a))
	for i := range a {
		out[i] = a[i] + b[i]
	}
	return out
}

// Where less will do, coarse steps of the ladder are one.
const (
	coarse     = 8
	coarseSize = size/coarse + 1
)

func folded(buckets []int64) []int64 {
	out := make([]int64, coarseSize)
	for b, n := range buckets {
		out[b/coarse] += n
	}
	return out
}
