package runtime

import (
	"context"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/trust"
)

// Actions that leave no entry in the journal.
const (
	actionDryRun  = "dry_run"
	actionHold    = "hold"
	actionRestore = "restore"
)

// Deploy takes an upload through the pipeline and serves it. With DryRun it
// stops after validation and keeps nothing, with Hold it accepts the release
// and leaves the route alone. Deploying what is already served succeeds without
// a new generation.
//
// The error is a *problem.Error whose Check names the stage or check that
// refused; the release that served before goes on doing so.
func (r *Runtime) Deploy(ctx context.Context, up Upload) (out Outcome, err error) {
	ctx, p, end := r.begin(ctx, up.action(), up.Strategy)
	defer end(&err)
	p.tell = up.Progress
	if err := p.precheck(up); err != nil {
		return Outcome{}, err
	}
	v, err := p.verify(ctx, trust.Open, up.Envelope)
	if err != nil {
		return Outcome{}, err
	}
	staged, err := p.stageArtifact(ctx, up.Artifact)
	if err != nil {
		return Outcome{}, err
	}
	m, err := p.match(ctx, staged, v)
	if err != nil {
		return Outcome{}, err
	}
	if p.strategy, err = r.admit(v.Manifest().Name); err != nil {
		return Outcome{}, err
	}
	unlock, err := p.enter(ctx, up.IfGeneration)
	if err != nil {
		return Outcome{}, err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	return p.deploy(ctx, up, m)
}

func (up Upload) action() string {
	switch {
	case up.DryRun:
		return actionDryRun
	case up.Hold:
		return actionHold
	}
	return store.ActionDeploy
}

// precheck refuses cheaply what the checks under the strategy's turn would
// refuse after the upload.
func (p *pipeline) precheck(up Upload) error {
	if p.rt.closing.Load() {
		return shuttingDown()
	}
	if s := p.rt.find(up.Strategy); s != nil && up.IfGeneration != nil && *up.IfGeneration < s.slot.Generation() {
		return stale(s.name, *up.IfGeneration, s.slot.Generation())
	}
	return nil
}

func stale(strategy string, want, got uint64) error {
	return problem.New(problem.StaleGeneration, "strategy %s was changed meanwhile", strategy).
		Want("generation %d", want).Got("generation %d", got).Cure("look at its status and repeat the change with the generation that you saw")
}

// deploy is the part that runs under the strategy's turn.
func (p *pipeline) deploy(ctx context.Context, up Upload, m matched) (Outcome, error) {
	if err := p.order(ctx, m.Verified); err != nil {
		return Outcome{}, err
	}
	if p.serves(m.Digest()) && p.action == store.ActionDeploy {
		return p.unchanged(), nil
	}
	if err := p.checkConfig(ctx, m.Manifest()); err != nil {
		return Outcome{}, err
	}
	w := wish{newBaseline: up.NewBaseline, actor: up.Actor, reason: up.Reason}
	plan, err := p.plan(ctx, up, m, w)
	if err != nil {
		return Outcome{}, err
	}
	c, err := p.commit(ctx, m, up.Envelope)
	if err != nil {
		return Outcome{}, err
	}
	ready, err := p.prepare(ctx, c, rigour{baseline: true, renew: up.NewBaseline, own: true})
	if err != nil {
		return Outcome{}, err
	}
	switch {
	case p.action == actionDryRun:
		return p.kept(ready), nil
	case p.action == actionHold:
		return p.hold(ctx, ready)
	case plan.rolls:
		return p.rollNow(ctx, ready, plan, w)
	}
	return p.switchTo(ctx, ready, Change{Actor: up.Actor, Reason: up.Reason, NewBaseline: up.NewBaseline})
}

// plan is how an upload comes to serve.
type plan struct {
	rolls  bool
	policy *rollout.Policy
	of     string // where the policy comes from
}

// plan refuses, before the artifact is kept, what a rollout under way does not
// allow, and a policy that makes no sense.
func (p *pipeline) plan(ctx context.Context, up Upload, m matched, w wish) (pl plan, err error) {
	if err := p.checkPolicy(ctx, m.Manifest()); err != nil {
		return pl, err
	}
	if pl.rolls = p.rollsOut(up, m.Manifest()); pl.rolls {
		pl.policy, pl.of, err = p.mayRoll(ctx, m.Verified, w)
	} else if p.action == store.ActionDeploy {
		err = p.free()
	}
	return pl, err
}

// rollsOut says whether an upload begins a rollout: if it says so itself, or its
// manifest has a policy for it. A first release has nothing to be compared with.
func (p *pipeline) rollsOut(up Upload, m *manifest.Manifest) bool {
	if p.action != store.ActionDeploy || !p.serving() {
		return false
	}
	if up.Rollout != nil {
		return *up.Rollout
	}
	return m.Rollout != nil
}

// checkPolicy refuses a manifest whose rollout policy makes no sense, also if it is
// not needed now.
func (p *pipeline) checkPolicy(ctx context.Context, m *manifest.Manifest) error {
	if m.Rollout == nil {
		return nil
	}
	return p.step(ctx, "policy", func(context.Context) (string, error) {
		_, _, err := decodedPolicy(m.Rollout, "/rollout", "manifest")
		return "makes sense", err
	})
}

// rollNow begins a rollout of an uploaded release.
func (p *pipeline) rollNow(ctx context.Context, v validated, pl plan, w wish) (Outcome, error) {
	ro, err := p.roll(ctx, v, pl, w)
	if err != nil {
		return Outcome{}, err
	}
	info := v.info
	info.Active = false
	return Outcome{Action: store.ActionRollout, Release: info, Generation: p.route.Generation, Checks: p.checks, Rollout: new(ro.brief())}, nil
}

// prepare loads and validates within the prepare limit.
func (p *pipeline) prepare(ctx context.Context, c committed, want rigour) (v validated, err error) {
	limited, cancel := context.WithTimeout(ctx, p.rt.cfg.PrepareLimit)
	defer cancel()
	l, err := p.load(limited, c)
	if err == nil {
		v, err = p.validate(limited, l, want)
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = problem.New(problem.FaultDeadline, "%s was not ready within %s: %w", p.name, p.rt.cfg.PrepareLimit, err).
			Cure("make its constructor and Validate faster, or raise the host's prepare limit")
	}
	p.tellPanic(ctx, c, err)
	return v, err
}

// order checks the sequence against what was active and what is known.
func (p *pipeline) order(ctx context.Context, v trust.Verified) error {
	return p.step(ctx, "order", func(ctx context.Context) (string, error) {
		if err := v.Advances(p.route.HighWater.Sequence, p.route.HighWater.Digest); err != nil {
			return "", err
		}
		known, err := p.rt.cfg.Store.Releases(ctx, p.name)
		if err != nil {
			return "", err
		}
		for _, r := range known {
			if r.Sequence == v.Manifest().Sequence && r.Digest != v.Digest() {
				return "", problem.New(problem.Equivocation, "an accepted release of %s carries the same sequence", p.name).At("/sequence").
					Want("%s", r.Digest).Got("%s", v.Digest()).Cure("find out who signed both; then sign with a higher sequence")
			}
		}
		return "follows what was active", nil
	})
}

// hold accepts a release without serving it.
func (p *pipeline) hold(ctx context.Context, v validated) (Outcome, error) {
	err := p.step(ctx, "hold", func(ctx context.Context) (string, error) {
		err := p.rt.cfg.Store.Put(ctx, v.stored())
		if err != nil && !p.isHeld(ctx, v) {
			return "", err
		}
		return v.digest.Short(), nil
	})
	if err != nil {
		return Outcome{}, err
	}
	p.strategy.known.Store(true)
	return p.kept(v), nil
}

// isHeld asks the store whether a release is there although Put reported a
// failure. If the store cannot tell, the caller gets the failure and may repeat
// the upload.
func (p *pipeline) isHeld(ctx context.Context, v validated) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rereadLimit)
	defer cancel()
	_, err := p.rt.cfg.Store.Release(ctx, p.name, v.digest)
	return err == nil
}

// kept is the outcome of a change that leaves the route alone.
func (p *pipeline) kept(v validated) Outcome {
	info := v.info
	info.Active = p.serves(v.digest)
	return Outcome{Action: p.action, Release: info, Generation: p.route.Generation, Checks: p.checks}
}

// serves reports whether the slot serves the release that the route names.
func (p *pipeline) serves(digest manifest.Digest) bool {
	lease, ok := p.strategy.slot.Acquire()
	if !ok {
		return false
	}
	defer lease.Done()
	return p.route.Stable == digest && lease.Value().stable.digest == digest && lease.Generation() == p.route.Generation
}

// unchanged is the outcome of a change to what is served already.
func (p *pipeline) unchanged() Outcome {
	out := Outcome{Action: p.action, Generation: p.route.Generation, Checks: append(p.checks, Check{Name: "unchanged", Detail: "the release is served already"})}
	if info, _, ok := p.strategy.current(); ok {
		out.Release = info
	}
	return out
}

// stored is the release as the store keeps it.
func (v validated) stored() store.Release {
	m := v.Manifest()
	return store.Release{
		Strategy: m.Name, Version: m.Version, Sequence: m.Sequence, Kind: m.Kind, Digest: v.Verified.Digest(),
		Artifact: v.artifact.Digest, Size: v.artifact.Size, Envelope: v.envelope, Accepted: v.accepted.UTC(),
	}
}
