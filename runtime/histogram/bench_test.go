package histogram_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
)

// naive is a histogram as one would write it without thinking.
type naive struct {
	mu      sync.Mutex
	sum     time.Duration
	buckets map[int]int64
}

func (n *naive) record(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sum += d
	n.buckets[histogram.Index(d)]++
}

// BenchmarkRecord has what one duration costs; run it with -cpu 1,2.
func BenchmarkRecord(b *testing.B) {
	h := histogram.New()
	n := &naive{buckets: map[int]int64{}}
	for _, c := range []struct {
		name   string
		record func(lane int, d time.Duration)
	}{
		{"lanes", h.Record},
		{"one-lane", func(_ int, d time.Duration) { h.Record(0, d) }},
		{"naive", func(_ int, d time.Duration) { n.record(d) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var workers atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				lane := int(workers.Add(1)) - 1
				for d := time.Duration(0); pb.Next(); d = (d + 997) & 0xfffff {
					c.record(lane, d)
				}
			})
		})
	}
}

func BenchmarkIndex(b *testing.B) {
	sum, d := 0, time.Duration(0)
	for b.Loop() {
		d = (d + 997) & 0xfffff
		sum += histogram.Index(d)
	}
	_ = sum
}

func BenchmarkRead(b *testing.B) {
	h := histogram.New()
	for b.Loop() {
		h.Read()
	}
}
