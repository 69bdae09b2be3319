package compare

import (
	"math"
	"runtime"
	"time"
)

// meter is what was used since a process began, or between two readings.
type meter struct {
	cpu        time.Duration
	cpuKnown   bool
	allocs     uint64
	allocBytes uint64
	pauses     time.Duration // of the garbage collector
	calm       bool          // no collection ran meanwhile
	apart      Apart         // what the arm's other process has used
}

// since is what was used from a reading until this one.
func (m meter) since(before meter) meter {
	return meter{
		cpu: m.cpu - before.cpu, cpuKnown: m.cpuKnown && before.cpuKnown,
		allocs: m.allocs - before.allocs, allocBytes: m.allocBytes - before.allocBytes, pauses: m.pauses - before.pauses,
		apart: m.apart.since(before.apart), calm: m.calm && before.calm,
	}
}

// add adds what was used in another stretch of time.
func (m *meter) add(more meter) {
	m.cpu += more.cpu
	m.cpuKnown = more.cpuKnown
	m.allocs += more.allocs
	m.allocBytes += more.allocBytes
	m.pauses += more.pauses
	m.apart.Processor += more.apart.Processor
}

// since is what a process has used meanwhile, nothing of one that was replaced, or
// whose word cannot be true.
func (a Apart) since(before Apart) Apart {
	if a.Life != before.Life || a.Processor < before.Processor || a.Allocs < before.Allocs || a.AllocBytes < before.AllocBytes {
		return Apart{}
	}
	return Apart{a.Life, a.Processor - before.Processor, a.Allocs - before.Allocs, a.AllocBytes - before.AllocBytes}
}

// source is where a gauge reads.
type source struct {
	processor func() (time.Duration, bool) // of all threads of this process
	heap      func(*runtime.MemStats)
	collect   func() // runs the garbage collector
}

// thisProcess is the real one.
func thisProcess() source { return source{processTime, runtime.ReadMemStats, runtime.GC} }

// gauge reads what this process has used, and remembers when the garbage collector
// ran last.
type gauge struct {
	source source
	stats  runtime.MemStats // here, so that a reading allocates nothing
	cycles uint32
	limit  float64 // of the heap, bytes: until then no collection has begun
}

// early is the share of the room left by a collection until which none has begun: Go
// begins the next one when seven tenths of it are used, at the earliest.
const early = 0.6

// collect runs the garbage collector and returns the processor time that this took, in
// nanoseconds for each byte that may be allocated until it runs again.
func (g *gauge) collect() float64 {
	before, _ := g.source.processor()
	g.source.collect()
	after, _ := g.source.processor()
	g.source.heap(&g.stats)
	room := math.Max(float64(g.stats.NextGC)-float64(g.stats.HeapAlloc), 0)
	g.cycles, g.limit = g.stats.NumGC, float64(g.stats.HeapAlloc)+early*room
	return float64(after-before) / math.Max(room, 1)
}

// read stops all goroutines for some microseconds.
func (g *gauge) read() meter {
	g.source.heap(&g.stats)
	cpu, known := g.source.processor()
	return meter{
		cpu: cpu, cpuKnown: known, allocs: g.stats.Mallocs, allocBytes: g.stats.TotalAlloc,
		pauses: time.Duration(g.stats.PauseTotalNs), //nolint:gosec // nanoseconds
		calm:   g.stats.NumGC == g.cycles && float64(g.stats.HeapAlloc) <= g.limit,
	}
}
