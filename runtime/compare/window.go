package compare

import (
	"context"
	"math"
	"slices"
	"time"
)

// How long nobody calls: before a reading, so that every thread has come to rest and
// the kernel has counted its time; and to see what this process does by itself.
const (
	restTime = 200 * time.Microsecond
	idleTime = 10 * time.Millisecond
)

// window is what was used while calls were made, or in several such windows.
type window struct {
	used    meter
	made    int // calls
	windows int
}

func (w *window) add(more window) {
	w.used.add(more.used)
	w.made += more.made
	w.windows += more.windows
}

// window reads what this process and the arm's other one use while calls are made.
func (r *run) window(ctx context.Context, a *arm, made int, calls func()) window {
	apart := a.elsewhere(ctx, false)
	before := r.gauge.read()
	calls()
	r.clock.rest(restTime)
	after := r.gauge.read()
	before.apart, after.apart = apart, a.elsewhere(ctx, false)
	return window{after.since(before), made, 1}
}

// elsewhere is what the arm's other process has used, nothing if it has none.
func (a *arm) elsewhere(ctx context.Context, thorough bool) Apart {
	if a.Elsewhere == nil {
		return Apart{}
	}
	return a.Elsewhere(ctx, thorough)
}

// count adds a window to a round. One in which the arm's process was replaced says
// nothing, and one in which a collection ran nothing of the arm's own processor time.
func (one *round) count(a *arm, w window) {
	if a.Elsewhere != nil && w.used.apart.Life == 0 {
		return
	}
	one.used.add(w)
	if w.used.calm && w.used.cpuKnown {
		one.own.add(w)
	}
}

// What was used of one thing.

func (m meter) processor() float64      { return float64(m.cpu + m.apart.Processor) }
func (m meter) processorApart() float64 { return float64(m.apart.Processor) }
func (m meter) allocations() float64    { return float64(m.allocs) }
func (m meter) bytes() float64          { return float64(m.allocBytes) }

// own are a round's windows in which no collection ran, and every all of them.
func own(one round) window   { return one.own }
func every(one round) window { return one.used }

// atOnce is how many calls are in a window. There are fewer if even the first windows
// of the last round had a collection in them.
func (a *arm) atOnce() int {
	n := atOnce
	for _, one := range a.rounds {
		if one.own.made == 0 && one.used.used.cpuKnown && n > leastAtOnce {
			n /= 2
		}
	}
	return n
}

// perCall is what a call of each round used, on average, without what an empty window
// uses: the reading itself, and coming to rest. NaN is unknown; what is below zero, by chance,
// is nothing.
func (a *arm) perCall(of func(round) window, used func(meter) float64) []float64 {
	empty := median(each(a.rounds, func(one round) float64 { return used(one.empty) }))
	return each(a.rounds, func(one round) float64 {
		w := of(one)
		if w.made == 0 {
			return math.NaN()
		}
		return (used(w.used) - float64(w.windows)*empty) / float64(w.made)
	})
}

// allocations are those of a call in each round, in this process and the arm's other one.
func (a *arm) allocations(here func(meter) float64, apart func(Apart) uint64) []float64 {
	values := a.perCall(every, here)
	for i, one := range a.rounds {
		switch {
		case a.Elsewhere == nil:
		case one.elsewhere.Life == 0:
			values[i] = math.NaN()
		default:
			values[i] += float64(apart(one.elsewhere)) / float64(one.served)
		}
	}
	return values
}

// known are the values that there are.
func known(values []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(values), math.IsNaN)
}

// bothKnown leaves out pairs of rounds of which one is unknown.
func bothKnown(x, y []float64) (reference, arm []float64) {
	for i := range min(len(x), len(y)) {
		if !math.IsNaN(x[i]) && !math.IsNaN(y[i]) {
			reference, arm = append(reference, x[i]), append(arm, y[i])
		}
	}
	return reference, arm
}

// collecting is the garbage collector's processor time for what a call allocates in this
// process, nanoseconds: what a collection takes here, by the bytes between two of them.
func (a *arm) collecting() float64 {
	return median(each(a.rounds, func(one round) float64 { return one.collecting })) * meanOf(a.perCall(every, meter.bytes))
}

// idle is what this process used while nobody called.
type idle struct {
	wall time.Duration
	used meter
}

// look sees what this process does by itself.
func (r *run) look() {
	began, before := r.clock.now(), r.gauge.read()
	r.clock.rest(idleTime)
	used := r.gauge.read().since(before)
	r.idle.wall += r.clock.now() - began
	r.idle.used.add(used)
}

// rates are those of an idle process: processors, and bytes a second. Unknown where no
// time has passed by the clock of the comparison.
func (i idle) rates() (processors, bytes float64, known bool) {
	if i.wall <= 0 || !i.used.cpuKnown {
		return 0, 0, false
	}
	return float64(i.used.cpu) / float64(i.wall), float64(i.used.allocBytes) / i.wall.Seconds(), true
}
