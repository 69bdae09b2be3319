package main

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store"
)

// point is how far a strategy came: its generation and, in a generation that
// belongs to a rollout, the rollout's revision. What a worker does next, and what
// the store holds, depends on the point alone, so that the check knows it too.
//
// Generations come in rounds of five, with the revisions of the round's rollout:
//
//	place 0  deploy a release
//	place 1  begin to roll out the next one  1, then 2 to 4 without a new route
//	place 2  give it more weight             5, then 6 and 7
//	place 3  take it back, and it is final   8; in odd rounds make it stable
//	         instead, and end the rollout    8, then 9
//	place 4  roll back to the deployed release
type point struct{ generation, revision uint64 }

// round is the number of a point's round, from 0, and its place in it.
func (p point) round() (number, place uint64) {
	return (p.generation - 1) / 5, (p.generation - 1) % 5
}

// base is the generation that began the round.
func (p point) base() uint64 {
	_, place := p.round()
	return p.generation - place
}

// first is the point at which a generation is activated.
func first(generation uint64) point {
	p := point{generation: generation}
	_, place := p.round()
	return point{generation, []uint64{0, 1, 5, 8, 0}[place]}
}

// last is the last point of a generation.
func last(generation uint64) point {
	p := first(generation)
	number, place := p.round()
	return point{generation, []uint64{0, 4, 7, 8 + number%2, 0}[place]}
}

// next is the point after p; the zero point is before all.
func (p point) next() point {
	if p.generation == 0 || p == last(p.generation) {
		return first(p.generation + 1)
	}
	return point{p.generation, p.revision + 1}
}

// before reports whether p is earlier than another point.
func (p point) before(other point) bool {
	return p.generation < other.generation || p.generation == other.generation && p.revision < other.revision
}

// promoted reports whether the candidate of the round becomes stable.
func (p point) promoted() bool {
	number, _ := p.round()
	return number%2 == 1
}

// ended reports whether the round's rollout is over.
func (p point) ended() bool {
	return p.revision > 8 || p.revision == 8 && !p.promoted()
}

// stable is the number of the release that is stable at a point.
func (p point) stable() uint64 {
	if p.revision >= 8 && p.promoted() {
		return p.base() + 1
	}
	return p.base()
}

// route is what the strategy serves at a point.
func (p point) route(strategy string) store.Route {
	r := release(strategy, p.stable())
	route := store.Route{Strategy: strategy, Generation: p.generation, Stable: r.Digest,
		HighWater: store.Mark{Sequence: r.Sequence, Digest: r.Digest}, Methods: []string{"Execute"}, Since: r.Accepted}
	if p.revision > 0 && !p.ended() {
		route.Rollout = p.base() + 1
	}
	if p.revision > 0 && p.revision < 8 {
		route.Candidate = release(strategy, p.base()+1).Digest
		route.Weight, route.Baseline = int(100*first(p.generation).revision), 100 //nolint:gosec // small
	}
	return route
}

// change is the entry of the journal for a generation.
func (p point) change(strategy string) store.Change {
	route := first(p.generation).route(strategy)
	c := store.Change{Strategy: strategy, Action: store.ActionDeploy, To: route.Stable, Generation: p.generation, Weight: route.Weight, At: route.Since}
	switch _, place := p.round(); {
	case place == 1 || place == 2:
		c.Action, c.To = store.ActionRollout, route.Candidate
	case place == 3 && p.promoted():
		c.Action = store.ActionPromote
	case place == 3:
		c.Action = store.ActionReturn
	case place == 4:
		c.Action = store.ActionRollback
	}
	if p.revision > 0 {
		c.Rollout = p.base() + 1
	}
	return c
}

// rollout is the round's rollout at a point.
func (p point) rollout(strategy string) store.Rollout {
	began := time.Unix(int64(p.base()), 0).UTC() //nolint:gosec // small
	r := store.Rollout{Strategy: strategy, ID: p.base() + 1, Kind: store.KindRollout, Stable: release(strategy, p.base()).Digest,
		Candidate: release(strategy, p.base()+1).Digest, Revision: p.revision, Phase: fmt.Sprint("phase ", p.revision),
		State: fmt.Appendf(nil, `{"observed":%q}`, strings.Repeat("n", int(2000*(p.revision%3)))), Policy: []byte(`{"alpha":0.01}`), //nolint:gosec // small
		Started: began, Changed: began.Add(time.Duration(p.revision))} //nolint:gosec // small
	if p.ended() {
		r.Ended, r.Final = r.Changed, !p.promoted()
	}
	return r
}

// decided is how many decisions a rollout has at a revision: two at first, none
// to two more with every other.
func decided(revision uint64) uint64 {
	sum := uint64(1)
	for r := uint64(1); r <= revision; r++ {
		sum += r % 3
	}
	return sum
}

// decisions are those after number from up to number to.
func decisions(from, to uint64) []store.Decision {
	var list []store.Decision
	for n := from + 1; n <= to; n++ {
		list = append(list, store.Decision{Number: n, At: time.Unix(int64(n), 0).UTC(), Verdict: "hold", Text: fmt.Sprint("decision ", n), Actor: "runtime"}) //nolint:gosec // small
	}
	return list
}

// write is what a worker writes about the rollout at a point, nil outside of
// one.
func (p point) write(strategy string) *store.RolloutChange {
	if p.revision == 0 {
		return nil
	}
	from := uint64(0)
	if p.revision > 1 {
		from = decided(p.revision - 1)
	}
	return &store.RolloutChange{Rollout: p.rollout(strategy), Decisions: decisions(from, decided(p.revision))}
}

// activation is what a worker activates at the first point of a generation.
func (p point) activation(strategy string) store.Activation {
	a := store.Activation{Release: release(strategy, p.stable()), Route: p.route(strategy), Change: p.change(strategy), Rollout: p.write(strategy)}
	if p.revision == 1 {
		a.Also = []store.Release{release(strategy, p.base()+1)}
	}
	return a
}

// policies is how often the strategy's rollout policy was set when a generation
// is reached: once a round, before place 2.
func policies(generation uint64) uint64 { return (generation + 2) / 5 }

// rules is the rollout policy of a revision.
func rules(strategy string, revision uint64) store.RolloutPolicy {
	return store.RolloutPolicy{Strategy: strategy, Revision: revision, Text: fmt.Appendf(nil, `{"revision":%d}`, revision),
		Changed: time.Unix(int64(revision), 0).UTC()} //nolint:gosec // small
}

// ackLine is what is printed for a point that was acknowledged.
func ackLine(strategy string, p point) string {
	return fmt.Sprintf("%s %d %d\n", strategy, p.generation, p.revision)
}

// release is release n of a strategy. The strategies share their artifacts.
func release(strategy string, n uint64) store.Release {
	bytes := content(n)
	sequence := int64(n) //nolint:gosec // small
	return store.Release{Strategy: strategy, Version: fmt.Sprintf("1.%d.0", n), Sequence: sequence, Kind: "memory",
		Digest: digest(fmt.Sprint("payload ", strategy, n)), Artifact: digest(bytes), Size: int64(len(bytes)),
		Envelope: []byte(strings.Repeat("envelope ", 200)), Accepted: time.Unix(sequence, 0).UTC()}
}

// content is the artifact of release n: up to 100 kB, so that it takes one write
// or many.
func content(n uint64) string {
	source := rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, n)))
	b := make([]byte, 1+source.Uint64()%100_000)
	_, _ = source.Read(b)
	return string(b)
}

func digest(s string) manifest.Digest { return manifest.DigestOf(sha256.Sum256([]byte(s))) }
