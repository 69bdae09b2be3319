package rebind

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// plan is who exposes and binds what, worked out. It is immutable once it is
// made; the zero plan has nothing.
type plan struct {
	generation uint64
	releases   map[string]*Release // by strategy; "" is the host
	exposed    map[string]abi.Exposed
	bound      map[string]grant
	since      map[string]uint64 // of a point: the generation of its value
	unbound    map[key]error
}

// grant is a binding that holds.
type grant struct {
	by      *Release
	binding abi.Binding
}

// key is a binding of a strategy.
type key struct{ strategy, point string }

func (k key) compare(other key) int {
	return cmp.Or(strings.Compare(k.strategy, other.strategy), strings.Compare(k.point, other.point))
}

// with works out what holds if release replaces its strategy's.
func (p *plan) with(release *Release) *plan {
	next := &plan{
		generation: p.generation + 1, releases: maps.Clone(p.releases), exposed: map[string]abi.Exposed{},
		bound: map[string]grant{}, since: map[string]uint64{}, unbound: map[key]error{},
	}
	if next.releases == nil {
		next.releases = map[string]*Release{}
	}
	next.releases[release.Strategy] = release
	if len(release.Points)+len(release.Bindings) == 0 {
		delete(next.releases, release.Strategy)
	}
	next.match(p)
	next.date(p)
	return next
}

// match finds the point of each binding. Who has bound a point keeps it; in the
// order of names come then the others.
func (p *plan) match(before *plan) {
	for _, r := range p.releases {
		for _, e := range r.Points {
			p.exposed[e.Name()] = e // check sees to it that names are their owner's
		}
	}
	for _, turn := range []bool{true, false} {
		for _, strategy := range slices.Sorted(maps.Keys(p.releases)) {
			r := p.releases[strategy]
			for _, b := range r.Bindings {
				if before.has(strategy, b.Name()) == turn {
					p.bind(r, b)
				}
			}
		}
	}
}

func (p *plan) has(strategy, point string) bool {
	g, ok := p.bound[point]
	return ok && g.by.Strategy == strategy
}

// bind grants a binding or notes why it cannot hold.
func (p *plan) bind(by *Release, b abi.Binding) {
	name := b.Name()
	e, exposed := p.exposed[name]
	g, bound := p.bound[name]
	switch {
	case !exposed:
		p.unbound[key{by.Strategy, name}] = problem.New(problem.RebindUndeclared, "%s binds %s, which nobody exposes now", by.label(), name).
			Cure("check the name; the status of a strategy lists what its release exposes; or deploy the release that exposes it first")
	case valueType(b.Value()) != valueType(e.Original()):
		p.unbound[key{by.Strategy, name}] = problem.New(problem.RebindTypeMismatch, "%s binds %s with a value of another type", by.label(), name).
			Want("%s", Spell(valueType(e.Original()))).Got("%s", Spell(valueType(b.Value()))).
			Cure("supply a value of the point's very type, whose names come from the same packages")
	case bound:
		p.unbound[key{by.Strategy, name}] = problem.New(problem.RebindConflict, "%s binds %s, which is bound by %s", by.label(), name, g.by.label()).
			Cure("roll %s back, or switch it to a release that leaves %s alone", g.by.Strategy, name)
	default:
		p.bound[name] = grant{by, b}
	}
}

// date gives each point the generation of its value: a new one if it is another
// release's than before.
func (p *plan) date(before *plan) {
	for name := range p.exposed {
		p.since[name] = before.since[name]
		if p.bound[name].by != before.bound[name].by {
			p.since[name] = p.generation
		}
	}
}

// judge says whether the plan, which came of release, may follow another.
func (p *plan) judge(release *Release, before *plan, rigour Rigour) error {
	if rigour != Restart {
		for _, b := range release.Bindings {
			if err := p.unbound[key{release.Strategy, b.Name()}]; err != nil {
				return err
			}
		}
	}
	if rigour != Deploy {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(before.bound)) {
		by := before.bound[name].by
		if by.Strategy != release.Strategy && p.bound[name].by != by {
			return inUse(release, before.exposed[name], p.exposed[name], by)
		}
	}
	return nil
}

// inUse: what others have bound cannot be taken from them.
func inUse(release *Release, old, e abi.Exposed, by *Release) error {
	wrong := problem.New(problem.RebindInUse, "%s does not expose %s as it was, and %s has bound it", release.label(), old.Name(), by.label()).
		Want("%s", Spell(valueType(old.Original()))).
		Cure("expose it again, or first roll %s back to a release that leaves it alone", by.Strategy)
	if e != nil {
		return wrong.Got("%s", Spell(valueType(e.Original())))
	}
	return wrong
}

func valueType(pointer any) reflect.Type { return reflect.TypeOf(pointer).Elem() }
