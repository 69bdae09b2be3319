package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/trust"
)

// wish is what somebody wants of a rollout.
type wish struct {
	policy        map[string]any   // nil for the strategy's
	experiment    *experiment.Plan // whose policy it is; nil for none
	newBaseline   bool
	actor, reason string
}

// start is Rollouts.Start under the strategy's turn.
func (p *pipeline) start(ctx context.Context, release string, w wish) (*rolling, error) {
	target, err := p.resolve(ctx, release)
	if err != nil {
		return nil, err
	}
	found, err := p.recall(ctx, target)
	if err != nil {
		return nil, err
	}
	if err := p.order(ctx, found.Verified); err != nil {
		return nil, err
	}
	if err := p.checkConfig(ctx, found.Manifest()); err != nil {
		return nil, err
	}
	pl := plan{rolls: true}
	if pl.policy, pl.of, err = p.mayRoll(ctx, found.Verified, w); err != nil {
		return nil, err
	}
	ready, err := p.prepare(ctx, found, rigour{baseline: true, renew: w.newBaseline, own: true})
	if err != nil {
		return nil, err
	}
	return p.roll(ctx, ready, pl, w)
}

// mayRoll checks all that can be checked before the candidate is loaded, and finds
// its policy.
func (p *pipeline) mayRoll(ctx context.Context, v trust.Verified, w wish) (policy *rollout.Policy, of string, err error) {
	err = p.step(ctx, "policy", func(ctx context.Context) (string, error) {
		if err := p.freeToRoll(ctx, v.Digest()); err != nil {
			return "", err
		}
		if policy, of, err = p.rt.policyFor(ctx, p.name, v.Manifest(), w.policy); err != nil {
			return "", err
		}
		policy, of = w.carrier(policy, of)
		return fmt.Sprintf("%s, %d stages", of, len(policy.Stages)), nil
	})
	return policy, of, err
}

func (p *pipeline) freeToRoll(ctx context.Context, digest manifest.Digest) error {
	switch {
	case p.route.Stable == "" || !p.serving():
		return problem.New(problem.RolloutRefused, "%s serves no release that a candidate could be compared with", p.name).
			Cure("deploy or switch to it: a first release gets all traffic at once")
	case p.route.Stable == digest:
		return problem.New(problem.RolloutRefused, "the release is served already").Cure("name another release; the strategy's releases are listed")
	}
	if err := p.free(); err != nil {
		return err
	}
	id, err := p.rt.cfg.Store.Final(ctx, p.name, digest)
	if err == nil && id != 0 {
		err = problem.New(problem.RolloutFinal, "rollout %d of %s took this release back for good", id, p.name).
			Got("%s", digest.Short()).Cure("build and sign a release that is better; swapline rollout explain tells what was wrong")
	}
	return err
}

// serving reports whether the slot hands out what the route names.
func (p *pipeline) serving() bool { return p.serves(p.route.Stable) }

// free refuses a change while a candidate has traffic. A release that is only
// watched after its promotion may be replaced.
func (p *pipeline) free() error {
	ro := p.strategy.rolling.Load()
	if ro == nil {
		return nil
	}
	if phase := ro.phase(); !ro.watches() && !phase.Ended() {
		return problem.New(problem.RolloutActive, "rollout %d of %s is under way", ro.id(), p.name).
			Got("%s", phase).Cure("wait for it, promote it or abort it: swapline rollout get %s", p.name)
	}
	return nil
}

// alone refuses what would change for everybody at once: it cannot be tried with
// a part of the traffic.
func (p *pipeline) alone(ctx context.Context, rel *release) error {
	if claims, err := rel.claim(ctx); err != nil {
		return err
	} else if len(claims.Points)+len(claims.Bindings) == 0 && !p.rt.points.Knows(p.name) {
		return nil
	}
	return problem.New(problem.RolloutRefused, "%s exposes or binds points, which change for everybody at once", rel.label()).
		Cure("switch to it: the change is watched and taken back when it makes things worse")
}

// roll begins the rollout of a validated release.
func (p *pipeline) roll(ctx context.Context, v validated, pl plan, w wish) (*rolling, error) {
	if err := p.alone(ctx, v.release); err != nil {
		return nil, err
	}
	ro := p.rt.newRolling(p.strategy, pl.policy, p.record(store.KindRollout, v.digest, pl.policy, pl.of, w.actor, w.reason))
	ro.candidate = v.release
	if w.experiment != nil {
		ro.carry(w.experiment)
	}
	err := ro.experiment.load(ctx, p)
	if err == nil {
		err = p.endWatch(ctx, "rollout %d begins", ro.id())
	}
	if err != nil {
		return nil, err
	}
	next, actions, err := pl.policy.Step(rollout.State{}, rollout.Start{At: p.now})
	if err != nil {
		return nil, refused(err)
	}
	st := ro.plans(next, actions, w.actor)
	st.also, st.ends = []store.Release{v.stored()}, p.ends
	if st.weigh == nil && !st.promote { // a replay comes first
		st.weigh = &rollout.SetWeight{}
	}
	follow, err := ro.perform(ctx, p, st)
	if failed, is := follow.(rollout.Failed); is {
		err = problem.New(problem.RolloutRefused, "%s", failed.Why).Cure("mend what is wrong, and start it again")
	}
	if err != nil {
		ro.stop()
		return nil, err
	}
	p.supersede()
	ro.begin(follow)
	return ro, nil
}

// record is a rollout that begins with the next generation.
func (p *pipeline) record(kind string, candidate manifest.Digest, policy *rollout.Policy, of, actor, reason string) store.Rollout {
	at := p.now.UTC()
	return store.Rollout{
		Strategy: p.name, ID: p.route.Generation + 1, Kind: kind, Stable: p.route.Stable, Candidate: candidate,
		Policy: policy.Encode(), PolicyOf: of, Actor: actor, Reason: reason, Started: at, Changed: at,
	}
}

// underWay is the rollout that the route names, nil for none. One that could not go
// on after a restart is only read.
func (p *pipeline) underWay(ctx context.Context) (*rolling, error) {
	ro := p.strategy.rolling.Load()
	if ro != nil || p.route.Rollout == 0 {
		return ro, nil
	}
	ro, _, err := p.rt.recallRollout(ctx, p.strategy, p.route)
	return ro, err
}

// endWatch ends the watch of the release that serves, if it is watched: another
// change takes its place. The end is stored with that change.
func (p *pipeline) endWatch(ctx context.Context, why string, args ...any) error {
	ro, err := p.underWay(ctx)
	if ro == nil || err != nil {
		return err
	}
	ro.mu.Lock()
	state := ro.state
	ro.mu.Unlock()
	next, actions, err := ro.policy.Step(state, rollout.Command{At: p.now, Verb: rollout.VerbAbort, Actor: itself, Why: fmt.Sprintf(why, args...)})
	if err != nil {
		return refused(err)
	}
	st := ro.plans(next, actions, itself)
	p.ends, p.ended = &st.change, func() { ro.keep(st) }
	return nil
}

// watched begins to watch a change of all traffic at once, if the policy says so
// and there is a release to go back to.
func (p *pipeline) watched(ctx context.Context, v validated, c Change) (*rolling, *step, error) {
	if p.action != store.ActionDeploy && p.action != store.ActionSwitch || !p.serving() || v.points != nil {
		return nil, nil, nil
	}
	policy, of, err := p.rt.policyFor(ctx, p.name, v.manifest, nil)
	if err != nil || policy.Switch.After <= 0 {
		return nil, nil, err
	}
	policy = policy.Direct()
	ro := p.rt.newRolling(p.strategy, policy, p.record(store.KindSwitch, v.digest, policy, of, c.Actor, c.Reason))
	next, actions, err := policy.Step(rollout.State{}, rollout.Start{At: p.now, Current: p.strategy.before(policy.Switch.Before, time.Now())})
	if err != nil {
		return nil, nil, refused(err)
	}
	return ro, ro.plans(next, actions, c.Actor), nil
}

// policyFor finds the policy under which a release rolls: the request's, the
// operator's, the manifest's, or the host's.
func (r *Runtime) policyFor(ctx context.Context, strategy string, m *manifest.Manifest, asked map[string]any) (*rollout.Policy, string, error) {
	if asked != nil {
		return decodedPolicy(asked, "/policy", "request")
	}
	set, err := r.cfg.Store.RolloutPolicy(ctx, strategy)
	if err != nil {
		return nil, "", err
	}
	if set.Text != nil {
		doc, err := wire.ParseJSONMap(set.Text)
		if err != nil {
			return nil, "", problem.New(problem.StoreCorrupt, "the stored rollout policy of %s: %w", strategy, err)
		}
		return decodedPolicy(doc, "", "operator")
	}
	if m != nil && m.Rollout != nil {
		return decodedPolicy(m.Rollout, "/rollout", "manifest")
	}
	return r.cfg.Rollout, "default", nil
}

func decodedPolicy(doc map[string]any, at, of string) (*rollout.Policy, string, error) {
	policy, err := rollout.Decode(doc)
	return policy, of, malformed(err, problem.RolloutPolicyMalformed, "rollout policy", at)
}

// malformed gives what package rollout or experiment refuses about a document its code
// and place.
func malformed(err error, code problem.Code, of, at string) error {
	var m *rollout.Malformed
	if !errors.As(err, &m) {
		return err
	}
	p := problem.New(code, "the %s has a mistake: %s", of, m.Text).At(at + m.Pointer)
	p.Expected, p.Found, p.Remedy = m.Want, m.Got, m.Cure
	return p
}

// resume goes on with a stored rollout after a restart. A candidate that does not
// load ends it: nothing of it was lost, since stable serves. If the store cannot
// tell of it stable serves without it, and the next change ends it.
func (r *Runtime) resume(ctx context.Context, p *pipeline, route store.Route) (ro *rolling, first rollout.Event) {
	ro, damage, err := r.recallRollout(ctx, p.strategy, route)
	if err != nil {
		r.cfg.Log.ErrorContext(ctx, "a stored rollout cannot go on", "strategy", p.name, "rollout", route.Rollout, "error", err)
		return nil, nil
	}
	if err := ro.reload(ctx, p, route); err != nil {
		ro.missing = "the candidate did not load when the host started: " + err.Error()
	}
	if damage != nil {
		return ro, rollout.Failed{At: r.cfg.Now(), Why: "what is stored of it cannot be read: " + damage.Error()}
	}
	return ro, rollout.Restarted{At: r.cfg.Now()} // loading is no time of the stage
}

// reload loads the arms that a restart finds in the route.
func (ro *rolling) reload(ctx context.Context, p *pipeline, route store.Route) (err error) {
	if route.Candidate == "" {
		return nil
	}
	candidate, err := p.again(ctx, route.Candidate)
	if err == nil && route.Baseline > 0 {
		ro.fresh, err = p.again(ctx, route.Stable)
	}
	if err != nil && candidate != nil {
		return errors.Join(err, candidate.close(context.WithoutCancel(ctx)))
	}
	if ro.candidate = candidate; err == nil && ro.experiment.pairs() && ro.experiment.measures(ro.state) {
		_ = ro.experiment.load(ctx, p) // it waits for it, and says so
	}
	return err
}

// recallRollout reads a stored rollout. What is damaged of it is replaced by
// something with which it can end.
func (r *Runtime) recallRollout(ctx context.Context, s *strategy, route store.Route) (ro *rolling, damage, err error) {
	record, err := r.cfg.Store.Rollout(ctx, s.name, route.Rollout)
	if err != nil {
		return nil, nil, err
	}
	policy, damage := storedPolicy(record)
	if damage != nil {
		policy = rollout.Bare()
	}
	ro = r.newRolling(s, policy, record)
	damage = errors.Join(damage, ro.recarry(record))
	if err := ro.adopt(ctx, record); err != nil {
		ro.stop()
		return nil, nil, err
	}
	if ro.state.Phase == "" {
		damage = errors.Join(damage, errors.New("its state"))
		ro.state = rollout.State{Phase: rollout.Running, Served: true, Live: route.Candidate == ""}
	}
	return ro, damage, nil
}

func storedPolicy(record store.Rollout) (*rollout.Policy, error) {
	doc, err := wire.ParseJSONMap(record.Policy)
	if err != nil {
		return nil, err
	}
	return rollout.Decode(doc)
}

// adopt makes what is stored the rollout's own.
func (ro *rolling) adopt(ctx context.Context, record store.Rollout) error {
	list, err := ro.rt.cfg.Store.Decisions(ctx, ro.s.name, record.ID, 0, maxDecisions)
	if err != nil {
		return err
	}
	var state rollout.State
	if json.Unmarshal(record.State, &state) != nil {
		state = rollout.State{}
	}
	ro.experiment.adopt(record)
	ro.mu.Lock()
	defer ro.mu.Unlock()
	ro.record, ro.state, ro.steady = record, state, record.Revision
	if len(list) > 0 {
		ro.decisions = list[len(list)-1].Number
	}
	return nil
}

// maxDecisions is more than a rollout makes.
const maxDecisions = 1 << 20
