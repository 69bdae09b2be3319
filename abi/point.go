package abi

import (
	"slices"
	"sync/atomic"
)

// Point is a package-level variable of a strategy or a host that a release of
// another strategy may give another value while it is in use. A plain variable
// could not be changed under its readers without a data race.
//
//	var Fee = abi.NewPoint("pricing.fee", func(amount int64) int64 { return amount / 100 })
//
//	total := amount + Fee.Load()(amount)
//
// The strategy that has the variable exposes it as an [Exposer]; another one
// supplies a value as a [Binder]. A point whose strategy was not admitted by a
// host has its original value, and so has every point of a Wasm guest and of a
// strategy in a process of its own.
//
// Values are shared by all goroutines: a value that can change in itself must be
// safe for that. A Point is safe for concurrent use and must not be copied.
type Point[T any] struct {
	name     string
	original T
	at       atomic.Pointer[place]
}

// NewPoint makes a point. Its name is that of the strategy that exposes it, a
// dot, and lower-case letters, digits, '_' and '-'. A host's own are called
// "host." and something.
func NewPoint[T any](name string, original T) *Point[T] {
	return &Point[T]{name: name, original: original}
}

// Load returns the value of this moment. It allocates nothing and takes no lock.
func (p *Point[T]) Load() T {
	if at := p.at.Load(); at != nil {
		return p.read(at, at.table.current.Load())
	}
	return p.original
}

// View returns the values of this moment of all points of the process; use it
// with In, soon, to read several points with no change in between:
//
//	v := Fee.View()
//	fee, limit := Fee.In(v), Limit.In(v)
func (p *Point[T]) View() View {
	if at := p.at.Load(); at != nil {
		return View{at.table.current.Load()}
	}
	return View{}
}

// In returns the value that the point had when the view was taken.
func (p *Point[T]) In(v View) T { return p.read(p.at.Load(), v.values) }

// read looks the point's place up. The place in the table tells whether the
// values are of a time at which the place was this point's.
func (p *Point[T]) read(at *place, s *snapshot) T {
	if at != nil && s.has(at) {
		if value, ok := s.entries[at.index].value.(*T); ok {
			return *value
		}
	}
	return p.original
}

// Name implements [Exposed].
func (p *Point[T]) Name() string {
	if p == nil {
		return ""
	}
	return p.name
}

// Original implements [Exposed].
func (p *Point[T]) Original() any { return &p.original }

func (p *Point[T]) placed() *place { return p.at.Load() }

func (p *Point[T]) move(from, to *place) bool { return p.at.CompareAndSwap(from, to) }

// View is the values of all points at one moment. The zero View has their
// original ones. A View keeps its values in memory: do not store it.
type View struct{ values *snapshot }

// Generation is a number that rises whenever points of the process get other
// values; 0 if none ever did.
func (v View) Generation() uint64 {
	if v.values == nil {
		return 0
	}
	return v.values.generation
}

// Exposed is a [Point] of any type, as hosts see it.
type Exposed interface {
	// Name is the name given to NewPoint, "" for a point that was not made by
	// it.
	Name() string
	// Original is a pointer to the point's original value, which must not be
	// changed; for a *Point[T] it is a *T.
	Original() any

	placed() *place
	move(from, to *place) bool
}

// Exposer is implemented by strategies that let others rebind points of theirs.
// Points is called once, before the strategy gets requests.
type Exposer interface{ Points() []Exposed }

// Binder is implemented by strategies that supply values for points of others.
// Bindings is called once, before the strategy gets requests. The values hold
// from the moment at which the release is served until another one is. Calls of
// a supplied function that have begun may end later than that.
type Binder interface{ Bindings() []Binding }

// Binding is a value for a point. Make it with [Bind].
type Binding struct {
	name  string
	value any // *T
}

// Bind makes a binding. T must be the very type of the point, which the
// compiler may have to be told: Bind[error]("a.b", err).
func Bind[T any](name string, value T) Binding { return Binding{name, &value} }

// Name is the name of the point.
func (b Binding) Name() string { return b.name }

// Value is a pointer to the value, a *T, which must not be changed; nil for a
// Binding that was not made by Bind.
func (b Binding) Value() any { return b.value }

// PointTable is what all points of a process read. Hosts have one; strategies
// need none, except in their tests:
//
//	t := abi.NewPointTable()
//	t.Attach(Fee)
//	t.Publish(1, map[abi.Exposed]abi.Binding{Fee: abi.Bind("pricing.fee", free)})
//
// All values are in one immutable snapshot behind one atomic pointer, so those
// of a Publish appear at one instant for all points and goroutines. A point
// knows its place in the table, and an entry of a snapshot the place that it is
// for: who reads with an old place or an old snapshot gets the value of that time
// or the point's original one, and never another point's.
//
// Changes must not overlap; readers may come at any time.
type PointTable struct{ current atomic.Pointer[snapshot] }

type place struct {
	table *PointTable
	index int // in entries
}

type snapshot struct {
	generation uint64
	entries    []entry
}

type entry struct {
	place *place // nil: free
	value any    // *T of the place's point, nil: the original
}

// has reports whether the place is in use.
func (s *snapshot) has(at *place) bool {
	return s != nil && at.index < len(s.entries) && s.entries[at.index].place == at
}

// NewPointTable makes a table of generation 0 without points.
func NewPointTable() *PointTable {
	t := &PointTable{}
	t.current.Store(&snapshot{})
	return t
}

// Attach makes the point read this table, in which it has its original value at
// first. It reports false if the point is attached already, here or elsewhere.
func (t *PointTable) Attach(p Exposed) bool {
	next, old := t.copied(), p.placed()
	if old != nil && old.table.current.Load().has(old) {
		return false
	}
	at := next.free(old, t)
	if at != old && !p.move(old, at) {
		return false // another table was faster
	}
	next.entries[at.index].place = at
	t.current.Store(next)
	return true
}

// free finds a place: the old one, if nobody has taken it, so that views from
// before still fit.
func (s *snapshot) free(old *place, t *PointTable) *place {
	if old != nil && old.table == t && s.entries[old.index].place == nil {
		return old
	}
	i := slices.IndexFunc(s.entries, func(e entry) bool { return e.place == nil })
	if i < 0 {
		i = len(s.entries)
		s.entries = append(s.entries, entry{})
	}
	return &place{t, i}
}

// Detach gives the points their original values, at one instant, until they are
// attached again. Points that are not attached to this table are left alone.
func (t *PointTable) Detach(points ...Exposed) {
	next := t.copied()
	for _, p := range points {
		if at := p.placed(); at != nil && at.table == t && next.has(at) {
			next.entries[at.index] = entry{}
		}
	}
	t.current.Store(next)
}

// Publish gives the attached points these values, and all others of the table
// their original ones. A value of another type than its point's does not count.
func (t *PointTable) Publish(generation uint64, values map[Exposed]Binding) {
	next := t.copied()
	next.generation = generation
	for i := range next.entries {
		next.entries[i].value = nil
	}
	for p, b := range values {
		if at := p.placed(); at != nil && at.table == t && next.has(at) {
			next.entries[at.index].value = b.value
		}
	}
	t.current.Store(next)
}

// Close gives all points their original values. They may be attached to another
// table then; this one must not be used any more.
func (t *PointTable) Close() { t.current.Store(nil) }

func (t *PointTable) copied() *snapshot {
	s := t.current.Load()
	return &snapshot{s.generation, slices.Clone(s.entries)}
}
