package rebind

import (
	"strings"

	"github.com/swapline/swapline/abi"
)

// Point is a point as a status lists it.
type Point struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Generation is the one in which the point got the value that it has; 0 if
	// it was never bound.
	Generation uint64 `json:"generation"`
	// BoundBy is the release, strategy@version, whose value it has; "" if it is
	// the original one.
	BoundBy string `json:"bound_by,omitempty"`
}

// Binding is a value that a release supplies as a status lists it.
type Binding struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Generation is the one in which the point got this value, 0 if it does not
	// have it.
	Generation uint64 `json:"generation"`
	// Problem says why the point does not have the value.
	Problem string `json:"problem,omitempty"`
}

// Knows reports whether the published release of a strategy exposes or supplies
// anything.
func (r *Registry) Knows(strategy string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now.releases[strategy] != nil
}

// Bound finds one of the points that an open release has and whose value is
// another release's; the point is "" if there is none.
func (r *Registry) Bound(points []abi.Exposed) (point, by string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range points {
		if r.held[p] == 0 {
			continue
		}
		if g, ok := r.now.bound[p.Name()]; ok {
			return p.Name(), g.by.label()
		}
	}
	return "", ""
}

// Of lists what the published release of a strategy exposes and supplies, in
// its own order; "" is the host.
func (r *Registry) Of(strategy string) (points []Point, bindings []Binding) {
	r.mu.Lock()
	p := r.now
	r.mu.Unlock()
	release := p.releases[strategy]
	if release == nil {
		return nil, nil
	}
	for _, e := range release.Points {
		one := Point{Name: e.Name(), Type: Spell(valueType(e.Original())), Generation: p.since[e.Name()]}
		if g, ok := p.bound[e.Name()]; ok {
			one.BoundBy = g.by.label()
		}
		points = append(points, one)
	}
	for _, b := range release.Bindings {
		one := Binding{Name: b.Name(), Type: Spell(valueType(b.Value()))}
		if err := p.unbound[key{strategy, b.Name()}]; err != nil {
			one.Problem = err.Error()
		} else {
			one.Generation = p.since[b.Name()]
		}
		bindings = append(bindings, one)
	}
	return points, bindings
}

// Summary says in one line how much a release exposes and binds.
func (a *Admission) Summary() string {
	var names []string
	for _, e := range a.release.Points {
		names = append(names, "exposes "+e.Name())
	}
	for _, b := range a.release.Bindings {
		names = append(names, "binds "+b.Name())
	}
	if len(names) == 0 {
		return "exposes and binds nothing"
	}
	return strings.Join(names, ", ")
}
