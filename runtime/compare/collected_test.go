package compare

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWithoutACollectionThereIsOneProcessorTime: a second row would have the same numbers.
func TestWithoutACollectionThereIsOneProcessorTime(t *testing.T) {
	const some = 10 * time.Microsecond
	for _, c := range []struct {
		size      uint64
		collected bool
	}{{0, false}, {room / 512, true}} {
		d, plan := newDial(), alone()
		plan.Calls = 600 // and 16 before; the heap would be full after 512
		report := d.measured(t, plan, doing("old", func() { d.use(some, some) }), doing("new", func() { d.use(some, some); d.allocate(1, c.size) }))
		rows := 0
		for _, m := range report.Metrics {
			if m.Name == cpuPerCall || m.Name == cpuWhole {
				rows++
			}
		}
		said := slices.ContainsFunc(report.Notes, func(n string) bool { return strings.Contains(n, "did not run meanwhile") })
		if (rows == 2) != c.collected || rows == 0 || said == c.collected {
			t.Errorf("%+v: %d rows, %q", c, rows, report.Notes)
		}
		if cost := report.Arms[1].Cost; (cost.CPU != cost.CPUProcess) != c.collected || cost.CPUProcess == 0 {
			t.Errorf("%+v: %+v", c, cost)
		}
	}
}
