package compare

import (
	"runtime"
	"time"
)

// meter is what the process has used since it began.
type meter struct {
	cpu        time.Duration
	cpuKnown   bool
	allocs     uint64
	allocBytes uint64
	pauses     time.Duration // of the garbage collector
}

// read stops all goroutines for some microseconds.
func readMeter() meter {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	cpu, known := processTime()
	return meter{cpu: cpu, cpuKnown: known, allocs: m.Mallocs, allocBytes: m.TotalAlloc,
		pauses: time.Duration(m.PauseTotalNs)} //nolint:gosec // nanoseconds
}

// add adds what was used between two readings.
func (m *meter) add(before, after meter) {
	m.cpu += after.cpu - before.cpu
	m.cpuKnown = before.cpuKnown && after.cpuKnown
	m.allocs += after.allocs - before.allocs
	m.allocBytes += after.allocBytes - before.allocBytes
	m.pauses += after.pauses - before.pauses
}
