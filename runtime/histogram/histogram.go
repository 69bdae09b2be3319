// Package histogram counts durations in buckets, cheap enough for every call of a
// strategy and fine enough that a release that became a tenth slower shows.
//
// # Ladder
//
// A bucket is a sixteenth of a power of two: each begins at 2^(1/16), 4.4 %, above
// the one before. There are 482 of them: bucket 0 holds all below 64 ns, buckets 1
// to 480 climb from 64 ns to 2^36 ns (68.7 s), bucket 481 holds all above.
//
// The steps are even in the logarithm, and not linear within a power of two as in
// most histograms, so that a factor is a number of buckets that is the same
// everywhere: whoever becomes twice as slow climbs 16, 1.1 times as slow 2.2. Two
// arms can so be compared up to a factor by shifting one of them ([ShiftOf]). The
// price is a table of 256 steps instead of none, and that edges lie on 256th parts
// of their power of two, at most 0.2 % off (below 256 ns on whole nanoseconds, at
// most 0.9 % off).
//
// Worked example, 1 ms = 1,000,000 ns: it lies between 2^19 = 524,288 and 2^20; the
// eight bits behind its first one are 232; 16*log2(1+232.5/256) is 14.9, so it is
// step 14 of power 19: bucket (19-6)*16 + 14 + 1 = 223, which holds 962,560 ns up to
// below 1,005,568 ns.
//
// # Concurrency
//
// A [Histogram] has up to eight lanes, and whoever records names one by a small
// number, at best one that few others use at the same time: the number of the
// place that a call has at its gate. Two lanes share no cache line, and a record is
// one atomic addition: a second one, for the exact sum, would nearly double its
// cost, so sums are estimated from the buckets, at most 2.6 % off between
// 64 ns and 68.7 s. [Histogram.Read] adds the lanes up.
package histogram

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"time"
)

// maxLanes bounds the memory of one histogram, 4 KB for each lane.
const maxLanes = 8

// Histogram counts durations. It is safe for concurrent use; make it with [New].
type Histogram struct {
	lanes []lane
	mask  uint
}

// lane is what the calls with some numbers share. The padding keeps what stands
// behind it in memory out of its last cache line, and out of the next one, which
// processors fetch together with it.
type lane struct {
	buckets [Size]atomic.Int64
	_       [128]byte
}

// New makes an empty histogram with a lane for each processor that the program
// uses, rounded up to a power of two and at most eight.
func New() *Histogram {
	n := Lanes()
	return &Histogram{lanes: make([]lane, n), mask: uint(n - 1)}
}

// Lanes is how many lanes a histogram that is made now has, a power of two. Who
// keeps more than a histogram for each call can use the same lanes.
func Lanes() int {
	n := min(runtime.GOMAXPROCS(0), maxLanes)
	return 1 << bits.Len(uint(n-1))
}

// Record counts one duration. Any number is a lane.
func (h *Histogram) Record(number int, d time.Duration) {
	h.lanes[uint(number)&h.mask].buckets[Index(d)].Add(1)
}

// Read returns what was counted: every Record that ended before Read began, and
// some of those that run meanwhile. What a later Read returns is at least as much
// in every bucket.
func (h *Histogram) Read() Counts {
	c := Counts{Buckets: make([]int64, Size)}
	for i := range h.lanes {
		buckets := &h.lanes[i].buckets
		for b := range buckets {
			c.Buckets[b] += buckets[b].Load()
		}
	}
	for b, n := range c.Buckets {
		if n > 0 {
			c.N += n
			c.Sum += time.Duration(n) * within(b, 0.5)
		}
	}
	return c
}
