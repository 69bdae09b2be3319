package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// story is what a store says about a strategy, held against what can be and what
// clients were told.
type story struct {
	*strand
	t         tally
	route     store.Route
	changes   []store.Change // newest first, as the store has them; check turns them
	rollouts  map[uint64]store.Rollout
	decisions map[uint64][]store.Decision
	newest    uint64
	scenes    []scene // by generation, from 1
}

// scene is what a generation serves.
type scene struct {
	stable    manifest.Digest
	candidate manifest.Digest // "" for none
	before    manifest.Digest // stable before; at hand while stable is watched
	weight    int
	rollout   uint64
}

func (y *story) check() {
	y.mu.Lock()
	defer y.mu.Unlock()
	slices.Reverse(y.changes)
	if y.route.Generation < y.generation {
		y.t.lose("generation %d of %s, it is at %d", y.generation, y.name, y.route.Generation)
	}
	for i, c := range y.changes {
		if c.Generation != uint64(i+1) { //nolint:gosec // an index
			y.t.contradict("journal of %s: %+v is entry %d", y.name, c, i+1)
			return
		}
		y.scenes = append(y.scenes, y.scene(c))
	}
	y.checkRoute()
	for _, r := range y.rollouts {
		y.checkRollout(r)
	}
	y.checkTold()
	y.checkServed()
}

// scene plays one entry of the journal.
func (y *story) scene(c store.Change) scene {
	now := scene{}
	if n := len(y.scenes); n > 0 {
		now = y.scenes[n-1]
	}
	if now.stable != c.From {
		y.t.contradict("journal of %s: %+v does not follow %+v", y.name, c, now)
	}
	r := y.rollouts[c.Rollout]
	switch c.Action {
	case store.ActionRollout:
		return scene{stable: now.stable, before: now.before, candidate: r.Candidate, weight: c.Weight, rollout: c.Rollout}
	case store.ActionPromote:
		if c.To != now.candidate || c.Rollout != now.rollout {
			y.t.contradict("journal of %s: %+v does not follow %+v", y.name, c, now)
		}
		return scene{stable: c.To, before: now.stable, rollout: c.Rollout}
	case store.ActionReturn, store.ActionAbort, store.ActionWithdraw:
		if now.rollout != 0 && c.To != now.stable && c.To != now.before {
			y.t.contradict("journal of %s: %+v does not go back to what was before, %+v", y.name, c, now)
		}
		if c.To == now.stable {
			return scene{stable: c.To, before: now.before}
		}
		return scene{stable: c.To, before: now.stable}
	}
	watched := y.rollouts[c.Generation] // if the change is one
	return scene{stable: c.To, before: now.stable, rollout: watched.ID}
}

// checkRoute wants the route to be what the journal led to, and to name the rollout
// that is under way.
func (y *story) checkRoute() {
	if len(y.scenes) == 0 {
		if y.route.Generation != 0 {
			y.t.contradict("%s has a route without a journal: %+v", y.name, y.route)
		}
		return
	}
	last, open := y.scenes[len(y.scenes)-1], y.rollouts[y.route.Rollout]
	if y.route.Generation != uint64(len(y.scenes)) || y.route.Stable != last.stable || y.route.Candidate != last.candidate || y.route.Weight != last.weight {
		y.t.contradict("route of %s is %+v, its journal leads to %+v", y.name, y.route, last)
	}
	if y.route.Rollout != 0 && (!open.Open() || open.ID != y.newest || open.ID != last.rollout) {
		y.t.contradict("route of %s names rollout %d: %+v", y.name, y.route.Rollout, open)
	}
	for id, r := range y.rollouts {
		if r.Open() && id != y.route.Rollout {
			y.t.contradict("rollout %d of %s is under way, but not the route's: %+v", id, y.name, y.route)
		}
	}
}

// path is how a rollout went through its stages, as the journal has it.
type path struct {
	*story
	store.Rollout
	policy  *rollout.Policy
	state   rollout.State
	stage   int  // reached so far, -1 at first
	over    bool // nothing may follow
	decided []store.Decision
}

// checkRollout follows a rollout from stage to stage.
func (y *story) checkRollout(r store.Rollout) {
	p := path{story: y, Rollout: r, stage: -1, decided: y.decisions[r.ID]}
	var err error
	if p.policy, err = policyOf(r.Policy); err == nil {
		err = json.Unmarshal(r.State, &p.state)
	}
	if err != nil {
		p.wrong("cannot be read: %v", err)
		return
	}
	for i, d := range p.decided {
		if d.Number != uint64(i+1) { //nolint:gosec // an index
			p.wrong("decision %d has number %d", i+1, d.Number)
		}
	}
	if first := y.changes[r.ID-1]; r.ID > uint64(len(y.changes)) || r.Kind == store.KindRollout && (first.Action != store.ActionRollout || first.Rollout != r.ID) {
		p.wrong("did not begin with its generation")
		return
	}
	for _, c := range y.changes[r.ID-1:] {
		if y.scenes[c.Generation-1].rollout == r.ID || c.Generation > r.ID && y.scenes[c.Generation-2].rollout == r.ID {
			p.follow(c)
		}
	}
	p.checkEnd()
	p.checkTimes()
}

func (p *path) wrong(format string, args ...any) {
	p.t.contradict("rollout %d of %s: "+format, append([]any{p.ID, p.name}, args...)...)
}

// follow takes one entry of the journal that is the rollout's, or ends it.
func (p *path) follow(c store.Change) {
	last := len(p.policy.Stages) - 1
	switch {
	case p.over:
		p.wrong("something follows its end: %+v", c)
	case c.Action == store.ActionRollout && c.Rollout == p.ID:
		p.weigh(c)
	case c.Action == store.ActionPromote:
		if p.stage != last-1 {
			p.wrong("was promoted after stage %d of %d", p.stage, last)
		}
		p.stage = last
	case c.Generation == p.ID: // a change of all traffic, which is watched
		p.stage = last
	default:
		p.over = true
	}
	asked := c.Generation == p.ID && p.Kind == store.KindSwitch // a person's reason, not a decision
	told := c.Rollout == p.ID && !asked && !strings.HasPrefix(c.Reason, "withdrawn: ")
	if told && !slices.ContainsFunc(p.decided, func(d store.Decision) bool { return d.Text == c.Reason }) {
		p.wrong("no decision led to %+v", c)
	}
}

// weigh wants the weight of the next stage, or, only because of a restart, of the
// same.
func (p *path) weigh(c store.Change) {
	weight := func(stage int) int {
		if stage < 0 || stage >= len(p.policy.Stages)-1 {
			return -1
		}
		return int(p.policy.Stages[stage].Weight)
	}
	switch {
	case c.Weight == weight(p.stage) && strings.HasPrefix(c.Reason, cameBack):
	case c.Weight == weight(p.stage+1):
		p.stage++
	default:
		p.wrong("got weight %d after stage %d: %+v", c.Weight, p.stage, c)
	}
}

// What decisions begin with.
const (
	cameBack = "the host came back: "
	resumed  = "resumed "
)

// checkEnd wants the record to be where the journal is.
func (p *path) checkEnd() {
	phase := rollout.Phase(p.Phase)
	if phase != p.state.Phase || phase.Ended() == p.Open() || p.Final != p.state.Final {
		p.wrong("contradicts itself: %+v %+v", p.Rollout, p.state)
	}
	switch {
	case p.Open() && (p.over || p.state.Stage != p.stage || int(p.state.Weight) != p.scenes[len(p.scenes)-1].weight && p.state.Weight != rollout.Full):
		p.wrong("is at stage %d with %v %%, its journal at %d", p.state.Stage, p.state.Weight, p.stage)
	case phase == rollout.Promoted && p.stage != len(p.policy.Stages)-1:
		p.wrong("was promoted at stage %d", p.stage)
	case phase.Ended() && phase != rollout.Promoted && !p.over:
		p.wrong("is %s, but serves", phase)
	}
	if p.Final && p.conduct(p.Candidate) == good {
		p.wrong("took a good release back for good: %s", p.state.Reason)
	}
	if p.Final {
		p.finals[p.Candidate] = p.ID
	}
	if id := p.finals[p.Candidate]; id != 0 && p.ID > id && p.Kind == store.KindRollout {
		p.wrong("began although rollout %d took its candidate back for good", id)
	}
}

// checkTimes wants the decisions to lead from stage to stage without gaps, and every
// stage that was passed to have had its time since it was entered, resumed, or begun
// anew by a restart.
func (p *path) checkTimes() {
	const rounding = 20 * time.Millisecond // a restart's time begins a little before it is told
	stage := 0
	var since time.Time
	for _, d := range p.decided {
		least := p.policy.Stages[min(stage, len(p.policy.Stages)-1)].For
		switch passed := strings.Contains(d.Text, " passed after ") || strings.Contains(d.Text, "nothing worse was seen"); {
		case d.Stage < stage || d.Stage > stage+1:
			p.wrong("decision %d leads from stage %d to %d", d.Number, stage, d.Stage)
		case d.Stage > stage && !passed && !strings.Contains(d.Text, " was promoted by "):
			p.wrong("stage %d was left without being passed: %s", stage, d.Text)
		case passed && d.At.Sub(since) < least-rounding:
			p.wrong("stage %d took %v of %v: %s", stage, d.At.Sub(since), least, d.Text)
		}
		if d.Stage != stage || since.IsZero() || strings.HasPrefix(d.Text, cameBack) || strings.HasPrefix(d.Text, resumed) {
			stage, since = d.Stage, d.At
		}
	}
}
