package runtime

import (
	"context"
	"slices"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// Experiments compares releases on live traffic: the part of a Runtime that starts
// experiments, reports what they find, and ends them. It is safe for concurrent
// use. Its errors are of the kinds that Runtime's are.
type Experiments struct{ rt *Runtime }

// Start begins an experiment with a rollout that carries it, and is refused as
// Rollouts.Start is, or with ExperimentMalformed for a plan that makes no sense.
// When it returns, plan and rollout are durable and the first calls are measured.
func (e *Experiments) Start(ctx context.Context, start ExperimentStart) (out Experiment, err error) {
	plan, err := planned(start.Plan)
	if err != nil {
		return Experiment{}, asProblem("plan", err)
	}
	ctx, p, end := e.rt.begin(ctx, store.ActionRollout, start.Strategy)
	defer end(&err)
	if p.strategy, err = e.rt.accepted(ctx, start.Strategy); err != nil {
		return Experiment{}, err
	}
	unlock, err := p.enter(ctx, start.IfGeneration)
	if err != nil {
		return Experiment{}, err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	ro, err := p.start(ctx, start.Release, wish{experiment: plan, newBaseline: start.NewBaseline, actor: start.Actor, reason: start.Reason})
	if err != nil {
		return Experiment{}, err
	}
	return ro.experiment.view(ctx), nil
}

// planned reads a plan. Its rollout must be one that a restart can read, too.
func planned(doc map[string]any) (*experiment.Plan, error) {
	plan, err := experiment.Decode(doc)
	if err == nil {
		_, err = decodedText(plan.Policy().Encode())
	}
	return plan, malformed(err, problem.ExperimentMalformed, "plan of the experiment", "/plan")
}

func decodedText(text []byte) (*rollout.Policy, error) {
	doc, err := wire.ParseJSONMap(text)
	if err != nil {
		return nil, err
	}
	return rollout.Decode(doc)
}

// Get finds one experiment of a strategy; id 0 is the newest. One that is under way
// tells what is known now.
func (e *Experiments) Get(ctx context.Context, strategy string, id uint64) (Experiment, error) {
	x, carrier, err := e.find(ctx, strategy, id)
	if err != nil {
		return Experiment{}, asProblem("experiment", err)
	}
	v, err := e.view(ctx, x, carrier)
	return v, asProblem("experiment", err)
}

// find returns an experiment under way or, if that is not the one that is meant, the
// rollout that carried it.
func (e *Experiments) find(ctx context.Context, strategy string, id uint64) (*experimenting, store.Rollout, error) {
	if _, err := e.rt.accepted(ctx, strategy); err != nil {
		return nil, store.Rollout{}, err
	}
	if x := e.underWay(strategy, id); x != nil {
		return x, store.Rollout{}, nil
	}
	record, err := e.record(ctx, strategy, id)
	return nil, record, err
}

// underWay is the experiment of a strategy that its rollout carries now, if it has this
// id or, for 0, whatever it has; else nil.
func (e *Experiments) underWay(strategy string, id uint64) *experimenting {
	s := e.rt.find(strategy)
	if s == nil {
		return nil
	}
	if ro := s.rolling.Load(); ro != nil && (id == 0 || ro.id() == id) {
		return ro.experiment
	}
	return nil
}

// record finds the rollout that carries an experiment.
func (e *Experiments) record(ctx context.Context, strategy string, id uint64) (store.Rollout, error) {
	if id == 0 {
		return e.newest(ctx, strategy)
	}
	record, err := e.rt.cfg.Store.Rollout(ctx, strategy, id)
	if problem.CodeOf(err) == problem.UnknownRollout || err == nil && len(record.Experiment) == 0 {
		return store.Rollout{}, problem.New(problem.UnknownExperiment, "%s has had no experiment %d", strategy, id).
			Cure("list the experiments of the strategy: swapline experiment list %s", strategy)
	}
	return record, err
}

func (e *Experiments) newest(ctx context.Context, strategy string) (store.Rollout, error) {
	list, err := e.carriers(ctx, strategy)
	if err == nil && len(list) == 0 {
		err = problem.New(problem.UnknownExperiment, "%s has had no experiment", strategy).
			Cure("start one: swapline experiment start %s RELEASE", strategy)
	}
	if err != nil {
		return store.Rollout{}, err
	}
	return list[0], nil
}

// carriers are the rollouts of a strategy that carry experiments, newest first.
func (e *Experiments) carriers(ctx context.Context, strategy string) ([]store.Rollout, error) {
	list, err := e.rt.cfg.Store.Rollouts(ctx, strategy, store.MaxRollouts)
	return slices.DeleteFunc(list, func(r store.Rollout) bool { return len(r.Experiment) == 0 }), err
}

// view is an experiment as it is now or, if it is not under way, as the store has it.
func (e *Experiments) view(ctx context.Context, x *experimenting, carrier store.Rollout) (Experiment, error) {
	if x != nil {
		return x.view(ctx), nil
	}
	record, err := readExperiment(carrier)
	if err != nil {
		return Experiment{}, err
	}
	plan, err := planOf(record)
	if err != nil { // of a program with other rules; the rest can be told
		plan = nil
	}
	return e.rt.experimentOf(ctx, carrier, plan, record), nil
}

func readExperiment(carrier store.Rollout) (experimentRecord, error) {
	record, err := decodeExperiment(carrier.Experiment)
	if err != nil {
		err = problem.New(problem.StoreCorrupt, "experiment %d of %s: %w", carrier.ID, carrier.Strategy, err)
	}
	return record, err
}

// List returns the newest experiments, newest first, at most limit; strategy "" is
// all.
func (e *Experiments) List(ctx context.Context, strategy string, limit int) ([]Experiment, error) {
	names := []string{strategy}
	if strategy == "" {
		names = e.rt.Strategies()
	} else if _, err := e.rt.accepted(ctx, strategy); err != nil {
		return nil, asProblem("experiment", err)
	}
	list := []Experiment{}
	for _, name := range names {
		of, err := e.of(ctx, name, limit)
		if err != nil {
			return nil, asProblem("experiment", err)
		}
		list = append(list, of...)
	}
	slices.SortStableFunc(list, func(a, b Experiment) int { return b.Started.Compare(a.Started) })
	return list[:max(0, min(limit, len(list)))], nil
}

// of lists the newest experiments of one strategy.
func (e *Experiments) of(ctx context.Context, strategy string, limit int) ([]Experiment, error) {
	carriers, err := e.carriers(ctx, strategy)
	if err != nil {
		return nil, err
	}
	var list []Experiment
	for _, carrier := range carriers[:max(0, min(limit, len(carriers)))] {
		v, err := e.view(ctx, e.underWay(strategy, carrier.ID), carrier)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// Report is the report of one, of the moment while it runs. If what was measured was
// lost it is the one of before, marked partial, until as much was counted anew as the
// plan asks for. NoReport says that there is none.
func (e *Experiments) Report(ctx context.Context, strategy string, id uint64) (*compare.Report, error) {
	x, carrier, err := e.find(ctx, strategy, id)
	if err != nil {
		return nil, asProblem("experiment", err)
	}
	var report *compare.Report
	if x != nil {
		carrier = x.ro.carrier()
		report, err = x.report()
	} else {
		var record experimentRecord
		if record, err = readExperiment(carrier); err == nil {
			report, err = e.shown(carrier, record)
		}
	}
	if err == nil && report == nil {
		err = problem.New(problem.NoReport, "experiment %d of %s has no report", carrier.ID, carrier.Strategy).
			Cure("its verdict and numbers are told: swapline experiment get %s %d", carrier.Strategy, carrier.ID)
	}
	return report, asProblem("experiment", err)
}

// shown is a stored report as it may be shown now.
func (e *Experiments) shown(carrier store.Rollout, record experimentRecord) (*compare.Report, error) {
	if s := e.rt.find(carrier.Strategy); s != nil {
		var own []string
		if plan, err := planOf(record); err == nil {
			own = plan.Mask
		}
		record.obey(own, s.beside.masks())
	}
	return record.report()
}

// Stop ends one early. The report stays, marked partial unless a verdict was there.
// It is refused as commands of rollouts are, and with RolloutEnded if it has ended.
func (e *Experiments) Stop(ctx context.Context, stop ExperimentStop) (Experiment, error) {
	x, carrier, err := e.find(ctx, stop.Strategy, stop.ID)
	switch {
	case err != nil:
	case x == nil && e.rt.closing.Load():
		err = shuttingDown()
	case x == nil:
		err = e.cannotStop(carrier)
	default:
		err = x.stop(ctx, stop)
	}
	if err != nil {
		return Experiment{}, asProblem("experiment", err)
	}
	return x.view(ctx), nil
}

// cannotStop says why an experiment that is not under way is not stopped.
func (e *Experiments) cannotStop(carrier store.Rollout) error {
	record, err := readExperiment(carrier)
	switch {
	case err != nil:
		return err
	case !record.Ended.IsZero() || !carrier.Open():
		return experimentOver(carrier)
	}
	return problem.New(problem.RolloutRefused, "experiment %d of %s could not go on when the host started", carrier.ID, carrier.Strategy).
		Cure("serve a release, which ends it: swapline rollback %s", carrier.Strategy)
}

func experimentOver(carrier store.Rollout) error {
	return problem.New(problem.RolloutEnded, "experiment %d of %s has ended", carrier.ID, carrier.Strategy).
		Cure("look at its report: swapline experiment report %s %d", carrier.Strategy, carrier.ID)
}

// stop ends an experiment as a person wants it.
func (x *experimenting) stop(ctx context.Context, stop ExperimentStop) error {
	c := RolloutCommand{Strategy: stop.Strategy, IfRevision: stop.IfRevision}
	may := func() error {
		if err := x.mayEnd(); err != nil {
			return err
		}
		return x.ro.asSeen(c)
	}
	if err := may(); err != nil {
		return err
	}
	command := rollout.Command{At: x.ro.rt.cfg.Now(), Verb: rollout.VerbAbort, Actor: stop.Actor, Why: stop.Reason}
	if !stop.Promote {
		return x.ro.handleIf(ctx, command, may)
	}
	command.Verb = rollout.VerbPromote
	return x.ro.handleIf(ctx, atOnce{command}, may)
}
