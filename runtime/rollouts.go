package runtime

import (
	"context"
	"encoding/json"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// Rollouts is how releases earn their traffic: the part of a Runtime that starts
// rollouts, judges them and takes them back. It is safe for concurrent use. Its
// errors are of the kinds that Runtime's are.
type Rollouts struct{ rt *Runtime }

// Start begins a rollout of an accepted release: it is loaded and validated, and
// gets the traffic of the policy's first stage. Only one at a time is under way for
// a strategy (RolloutActive), a release that was taken back is refused
// (RolloutFinal), and so is a policy that makes no sense (RolloutPolicyMalformed).
func (r *Rollouts) Start(ctx context.Context, start RolloutStart) (out Rollout, err error) {
	ctx, p, end := r.rt.begin(ctx, store.ActionRollout, start.Strategy)
	defer end(&err)
	if p.strategy, err = r.rt.accepted(ctx, start.Strategy); err != nil {
		return Rollout{}, err
	}
	unlock, err := p.enter(ctx, start.IfGeneration)
	if err != nil {
		return Rollout{}, err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	ro, err := p.start(ctx, start.Release, wish{policy: start.Policy, newBaseline: start.NewBaseline, actor: start.Actor, reason: start.Reason})
	if err != nil {
		return Rollout{}, err
	}
	return ro.brief(), nil
}

// Get finds one rollout of a strategy; id 0 is the newest. One that is under way
// tells what its arms do.
func (r *Rollouts) Get(ctx context.Context, strategy string, id uint64) (Rollout, error) {
	if ro, err := r.open(ctx, strategy, id); err != nil || ro != nil {
		if err != nil {
			return Rollout{}, asProblem("rollout", err)
		}
		return ro.view(ctx), nil
	}
	record, err := r.record(ctx, strategy, id)
	if err != nil {
		return Rollout{}, asProblem("rollout", err)
	}
	v, err := r.rt.recorded(ctx, record)
	return v, asProblem("rollout", err)
}

// open returns the rollout under way if it is the one that is meant.
func (r *Rollouts) open(ctx context.Context, strategy string, id uint64) (*rolling, error) {
	s, err := r.rt.accepted(ctx, strategy)
	if err != nil {
		return nil, err
	}
	if ro := s.rolling.Load(); ro != nil && (id == 0 || ro.id() == id) {
		return ro, nil
	}
	return nil, nil
}

func (r *Rollouts) record(ctx context.Context, strategy string, id uint64) (store.Rollout, error) {
	if id != 0 {
		return r.rt.cfg.Store.Rollout(ctx, strategy, id)
	}
	list, err := r.rt.cfg.Store.Rollouts(ctx, strategy, 1)
	if err == nil && len(list) == 0 {
		err = problem.New(problem.UnknownRollout, "%s has had no rollout", strategy).Cure("start one: swapline rollout start %s RELEASE", strategy)
	}
	if err != nil {
		return store.Rollout{}, err
	}
	return list[0], nil
}

// recorded is a stored rollout as people see it.
func (r *Runtime) recorded(ctx context.Context, record store.Rollout) (Rollout, error) {
	var state rollout.State
	if err := json.Unmarshal(record.State, &state); err != nil {
		return Rollout{}, problem.New(problem.StoreCorrupt, "rollout %d of %s: %w", record.ID, record.Strategy, err)
	}
	doc, err := wire.ParseJSONMap(record.Policy)
	if err != nil {
		return Rollout{}, problem.New(problem.StoreCorrupt, "the policy of rollout %d of %s: %w", record.ID, record.Strategy, err)
	}
	policy, err := rollout.Decode(doc)
	if err != nil { // of a program with other rules; the rest can be told
		policy = &rollout.Policy{}
	}
	return r.viewOf(ctx, record, state, policy), nil
}

// List returns the newest rollouts of a strategy, newest first, at most limit.
func (r *Rollouts) List(ctx context.Context, strategy string, limit int) ([]Rollout, error) {
	if _, err := r.rt.accepted(ctx, strategy); err != nil {
		return nil, asProblem("rollout", err)
	}
	records, err := r.rt.cfg.Store.Rollouts(ctx, strategy, limit)
	if err != nil {
		return nil, asProblem("rollout", err)
	}
	list := make([]Rollout, len(records))
	for i, record := range records {
		if list[i], err = r.rt.recorded(ctx, record); err != nil {
			return nil, asProblem("rollout", err)
		}
	}
	return list, nil
}

// Decisions returns the decisions of a rollout in their order; id 0 is the newest.
func (r *Rollouts) Decisions(ctx context.Context, strategy string, id uint64) ([]Decision, error) {
	if _, err := r.rt.accepted(ctx, strategy); err != nil {
		return nil, asProblem("rollout", err)
	}
	record, err := r.record(ctx, strategy, id)
	if err != nil {
		return nil, asProblem("rollout", err)
	}
	stored, err := r.rt.cfg.Store.Decisions(ctx, strategy, record.ID, 0, maxDecisions)
	if err != nil {
		return nil, asProblem("rollout", err)
	}
	list := make([]Decision, len(stored))
	for i, d := range stored {
		list[i] = decisionOf(d)
	}
	return list, nil
}

func decisionOf(d store.Decision) Decision {
	return Decision{Number: d.Number, At: d.At, Verdict: rollout.Verdict(d.Verdict), Guard: d.Guard, Text: d.Text,
		Actor: d.Actor, Stage: d.Stage, Weight: percent(rollout.Weight(d.Weight))}
}

// Command does what a person wants. It is refused with StaleRollout if the rollout
// was changed since the person looked, with RolloutEnded if nothing follows any
// more, and with RolloutRefused if the wish makes no sense now.
func (r *Rollouts) Command(ctx context.Context, c RolloutCommand) (Rollout, error) {
	ro, err := r.open(ctx, c.Strategy, c.ID)
	if err == nil && ro == nil {
		err = r.notOpen(ctx, c)
	}
	if err == nil {
		err = ro.command(ctx, c)
	}
	if err != nil {
		return Rollout{}, asProblem("rollout", err)
	}
	return ro.view(ctx), nil
}

func (r *Rollouts) notOpen(ctx context.Context, c RolloutCommand) error {
	record, err := r.record(ctx, c.Strategy, c.ID)
	if err != nil {
		return err
	}
	switch {
	case !record.Open():
		return hasEnded(record)
	case r.rt.closing.Load():
		return shuttingDown()
	}
	return problem.New(problem.RolloutRefused, "rollout %d of %s could not go on when the host started", record.ID, record.Strategy).
		Cure("serve a release, which ends it: swapline rollback %s", record.Strategy)
}

func hasEnded(record store.Rollout) error {
	return problem.New(problem.RolloutEnded, "rollout %d of %s has ended", record.ID, record.Strategy).Got("%s", record.Phase).
		Cure("start another one: swapline rollout start %s RELEASE", record.Strategy)
}

// command hands a person's wish to the machine. What the person saw is compared
// before, to be fast, and again under the strategy's turn: the rollout, or somebody
// else, may have gone on while the wish waited.
func (ro *rolling) command(ctx context.Context, c RolloutCommand) error {
	may := func() error { return ro.asSeen(c) }
	if err := may(); err != nil {
		return err
	}
	return ro.handleIf(ctx, rollout.Command{At: ro.rt.cfg.Now(), Verb: c.Verb, Actor: c.Actor, Why: c.Reason}, may)
}

// asSeen refuses a command on a rollout that is not what its sender looked at.
func (ro *rolling) asSeen(c RolloutCommand) error {
	ro.mu.Lock()
	record, steady := ro.record, ro.steady
	ro.mu.Unlock()
	switch {
	case !record.Open():
		return hasEnded(record)
	case ro.s.rolling.Load() != ro: // the host ends, or began it anew
		return shuttingDown()
	case c.IfRevision != nil && (*c.IfRevision < steady || *c.IfRevision > record.Revision):
		return problem.New(problem.StaleRollout, "rollout %d of %s was changed meanwhile", ro.id(), c.Strategy).
			Want("revision %d", *c.IfRevision).Got("revision %d", record.Revision).Cure("look at it again and repeat the command with the revision that you saw")
	}
	return nil
}

// Policy returns the policy under which a strategy's next rollout runs, as far as
// it does not depend on the release.
func (r *Rollouts) Policy(ctx context.Context, strategy string) (StrategyPolicy, error) {
	p, err := r.policy(ctx, strategy)
	return p, asProblem("policy", err)
}

func (r *Rollouts) policy(ctx context.Context, strategy string) (StrategyPolicy, error) {
	s, err := r.rt.accepted(ctx, strategy)
	if err != nil {
		return StrategyPolicy{}, err
	}
	set, err := r.rt.cfg.Store.RolloutPolicy(ctx, strategy)
	if err != nil {
		return StrategyPolicy{}, err
	}
	policy, of, err := r.rt.policyFor(ctx, strategy, s.manifest(), nil)
	if err != nil {
		return StrategyPolicy{}, err
	}
	out := StrategyPolicy{Strategy: strategy, Revision: set.Revision, Of: of, Policy: policy.Encode()}
	if set.Revision > 0 {
		out.Actor, out.Changed = set.Actor, set.Changed
	}
	return out, nil
}

// SetPolicy checks and keeps an operator's policy. It holds for rollouts that
// start later.
func (r *Rollouts) SetPolicy(ctx context.Context, c PolicyChange) (StrategyPolicy, error) {
	p, err := r.setPolicy(ctx, c)
	return p, asProblem("policy", err)
}

func (r *Rollouts) setPolicy(ctx context.Context, c PolicyChange) (StrategyPolicy, error) {
	if _, err := r.rt.accepted(ctx, c.Strategy); err != nil {
		return StrategyPolicy{}, err
	}
	next := store.RolloutPolicy{Strategy: c.Strategy, Actor: c.Actor, Changed: r.rt.cfg.Now().UTC()}
	if c.Policy != nil {
		policy, _, err := decodedPolicy(c.Policy, "", "operator")
		if err != nil {
			return StrategyPolicy{}, err
		}
		next.Text = policy.Encode()
	}
	now, err := r.rt.cfg.Store.RolloutPolicy(ctx, c.Strategy)
	if err != nil {
		return StrategyPolicy{}, err
	}
	if c.IfRevision != nil && *c.IfRevision != now.Revision {
		return StrategyPolicy{}, problem.New(problem.StaleRollout, "the policy of %s was changed meanwhile", c.Strategy).
			Want("revision %d", *c.IfRevision).Got("revision %d", now.Revision).Cure("look at the policy again and repeat the change with the revision that you saw")
	}
	next.Revision = now.Revision + 1
	if err := r.rt.cfg.Store.SetRolloutPolicy(ctx, next); err != nil {
		return StrategyPolicy{}, err
	}
	r.rt.policyChanged(c.Strategy)
	return r.policy(ctx, c.Strategy)
}

// manifest is the stable release's; nil if there is none.
func (s *strategy) manifest() *manifest.Manifest {
	lease, ok := s.slot.Acquire()
	if !ok {
		return nil
	}
	defer lease.Done()
	return lease.Value().stable.manifest
}

// Happenings returns what happened after an id, at most 256 entries and only of
// one strategy unless it is "", and a channel that closes when more does; it is nil
// after Close. Entries that are too old to be kept are skipped; lost says so.
func (r *Rollouts) Happenings(strategy string, after uint64) (list []Happening, lost bool, more <-chan struct{}) {
	return r.rt.happenings.since(strategy, after)
}
