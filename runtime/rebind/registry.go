// Package rebind knows which points there are in this process (see abi.Point),
// who exposes them and whose values they have. It owns the table that all
// points read.
//
// A strategy's release exposes points and supplies values for points of others;
// the host exposes points of its own. A change of releases goes through two
// calls: [Registry.Admit] checks it while everything is as it was, and
// [Admission.Publish], which cannot fail, makes it true for all goroutines at one
// instant, under one new generation:
//
//	a, err := registry.Admit(ctx, rebind.Release{Strategy: "promo", Version: "1.0.0", Bindings: b}, rebind.Deploy)
//	...                // make the change durable
//	a.Publish()        // promo's values are in place, those of its former release are not
//	a.End()            // let others change points
//	...
//	a.Close()          // promo@1.0.0 was replaced and serves no request any more
//
// # Rules
//
// A release is refused, and nothing has changed, if
//
//	rebind_malformed      a point or a binding was not made by package abi
//	rebind_name           a point is not called <strategy>.<word>, the host's host.<word>,
//	                      with a word of 1 to 64 of a-z 0-9 _ -; so nobody can expose
//	                      a point under another's name
//	rebind_duplicate      it exposes or binds one name twice
//	rebind_nil            a function or interface, exposed or supplied, is nil
//	rebind_undeclared     it binds a name that nobody exposes now
//	rebind_type_mismatch  it binds a value whose type is not identical to the point's
//	rebind_conflict       it binds what another strategy has bound, or exposes a
//	                      point that belongs to another Registry
//	rebind_in_use         others have bound points of the release that it replaces,
//	                      and it does not expose them, or not with the same type
//
// The last four depend on others. [Rollback] waives the last one: what gets a
// broken release out of the way must not wait for other teams. [Restart] waives
// all four but the second half of rebind_conflict, since releases come back in
// any order. What cannot be bound then is not lost: it is listed with the reason,
// and bound by the Publish that makes it possible.
//
// # Who sees what, and when
//
// A Publish takes effect at the instant at which the table is swapped. A point
// whose binder is replaced by a release that does not bind it has its original
// value again. Values move along when the exposing release is replaced: the
// points of the old and of the new build have them, the old one's until it is
// closed. A point that was admitted and is not published yet has its original
// value, unless a release that serves has the very same variable.
package rebind

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// Registry is safe for concurrent use. Make it with [Open].
type Registry struct {
	turn chan struct{} // who puts the one token in may change what is published

	mu     sync.Mutex
	table  *abi.PointTable     // changed under mu, read by everybody
	held   map[abi.Exposed]int // guarded by mu: how many open releases have a point
	now    *plan               // guarded by mu; a plan is immutable
	closed bool                // guarded by mu
}

// Release is what one release exposes and supplies.
type Release struct {
	Strategy, Version string
	Points            []abi.Exposed
	Bindings          []abi.Binding
}

// Rigour says which rules that depend on others hold.
type Rigour int

// Ways to a publish.
const (
	Deploy   Rigour = iota // all of them
	Rollback               // the release's own bindings must be possible
	Restart                // none
)

// Open makes a registry of the host's own points; Close it.
func Open(host []abi.Exposed) (*Registry, error) {
	r := &Registry{turn: make(chan struct{}, 1), table: abi.NewPointTable(), held: map[abi.Exposed]int{}, now: &plan{}}
	a, err := r.Admit(context.Background(), Release{Points: host}, Deploy)
	if err != nil {
		return nil, err
	}
	a.Publish()
	a.End()
	return r, nil
}

// Admission is a release that may be published. A nil Admission does nothing.
// Its methods but Close are for the goroutine that got it.
type Admission struct {
	registry *Registry
	release  *Release
	next     *plan
	ended    bool
	close    sync.Once
}

// Admit checks a release that shall replace its strategy's, and holds all
// others up until End is called. The points are attached: Close must be called
// once the release is not used any more, published or not. After an error
// nothing needs to be ended. It is a problem of one of the codes above or, if
// ctx ends while another change is under way, of Canceled.
func (r *Registry) Admit(ctx context.Context, release Release, rigour Rigour) (*Admission, error) {
	if err := release.check(); err != nil {
		return nil, err
	}
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, problem.New(problem.Canceled, "gave up while points are changed by another release: %w", ctx.Err())
	}
	a := &Admission{registry: r, release: &release}
	if err := a.plan(rigour); err != nil {
		a.End()
		return nil, err
	}
	return a, nil
}

func (a *Admission) plan(rigour Rigour) error {
	r := a.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	a.next = r.now.with(a.release)
	if err := a.next.judge(a.release, r.now, rigour); err != nil {
		return err
	}
	return r.holdLocked(a.release.Points)
}

// Unbound are the bindings that the publish leaves without their points although
// they had them before or are new, each with its reason. After [Deploy] there are
// none.
func (a *Admission) Unbound() []error {
	r := a.registry
	r.mu.Lock()
	before := r.now
	r.mu.Unlock()
	var all []error
	for _, k := range slices.SortedFunc(maps.Keys(a.next.unbound), key.compare) {
		if before.unbound[k] == nil {
			all = append(all, a.next.unbound[k])
		}
	}
	return all
}

// Publish makes the release's points and values those of its strategy. It
// cannot fail, and must come between Admit and End.
func (a *Admission) Publish() {
	if a == nil || a.next == nil {
		return
	}
	r := a.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = a.next
	if !r.closed {
		r.table.Publish(r.now.generation, r.valuesLocked())
	}
}

// valuesLocked are the values of all points that are attached, those of
// releases on their way out too; the table takes none of another type.
func (r *Registry) valuesLocked() map[abi.Exposed]abi.Binding {
	values := map[abi.Exposed]abi.Binding{}
	for p := range r.held {
		if g, ok := r.now.bound[p.Name()]; ok {
			values[p] = g.binding
		}
	}
	return values
}

// End lets others change points. It may be called again.
func (a *Admission) End() {
	if a != nil && !a.ended {
		a.ended = true
		a.next = nil
		<-a.registry.turn
	}
}

// Close gives the release's points their original values, unless another
// release that is not closed has the same variables. It may be called again, by
// any goroutine.
func (a *Admission) Close() {
	if a != nil {
		a.close.Do(func() { a.registry.drop(a.release.Points) })
	}
}

func (r *Registry) holdLocked(points []abi.Exposed) error {
	for i, p := range points {
		if r.held[p] == 0 && (r.closed || !r.table.Attach(p)) {
			r.dropLocked(points[:i])
			return problem.New(problem.RebindConflict, "the point %s belongs to another host in this process", p.Name()).
				Cure("close the other host first; two cannot share one variable")
		}
		r.held[p]++
	}
	return nil
}

func (r *Registry) drop(points []abi.Exposed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropLocked(points)
}

// dropLocked detaches, at one instant, what no other release has.
func (r *Registry) dropLocked(points []abi.Exposed) {
	var last []abi.Exposed
	for _, p := range points {
		if r.held[p]--; r.held[p] <= 0 {
			delete(r.held, p)
			last = append(last, p)
		}
	}
	if !r.closed {
		r.table.Detach(last...)
	}
}

// Close gives all points their original values for good.
func (r *Registry) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.now = &plan{}
		r.table.Close()
	}
}
