package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// actionCompare is what loading an arm is called in spans and metrics.
const actionCompare = "compare"

// contender is a release that is loaded for a comparison and for nothing else: what
// its calls count at is its own.
type contender struct {
	s       *strategy
	found   committed // to load it once more
	rel     *release
	bare    abi.Strategy // to be called directly; nil mostly
	arm     compare.Arm
	effects bool // its calls could write or send something
	told    atomic.Int64
}

// contend loads a release beside what serves. It takes the strategy's turn, as every
// change does, but only until the release is loaded.
func (r *Runtime) contend(ctx context.Context, s *strategy, a ComparisonArm) (_ *contender, err error) {
	ctx, p, end := r.begin(ctx, actionCompare, s.name)
	defer end(&err)
	p.strategy = s
	unlock, err := p.enter(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	return p.contend(ctx, a)
}

func (p *pipeline) contend(ctx context.Context, a ComparisonArm) (*contender, error) {
	target, err := p.resolve(ctx, a.Release)
	if err != nil {
		return nil, err
	}
	found, err := p.recall(ctx, target)
	if err != nil {
		return nil, err
	}
	if found, err = found.changed(a); err != nil {
		return nil, err
	}
	if err := p.checkConfig(ctx, found.Manifest()); err != nil {
		return nil, err
	}
	ready, err := p.prepare(ctx, found, rigour{own: true})
	if err != nil {
		return nil, err
	}
	if err := p.comparable(ctx, ready.release); err != nil {
		return nil, err
	}
	c := &contender{s: p.strategy, found: found, rel: ready.release}
	if err := c.describe(a); err != nil {
		return nil, err
	}
	c.rel.info.Active = false
	c.rel.watch = newWatch(nil, p.now) // it is not there to be withdrawn
	c.rel.keep()
	return c, nil
}

// changed is the release with what an arm replaces in its manifest. What the policy
// allows is for the stage grant to say, as always.
func (c committed) changed(a ComparisonArm) (committed, error) {
	if a.Engine == "" && a.Isolation == "" {
		return c, nil
	}
	m := *c.Manifest()
	if m.Isolation == manifest.IsolationProcess && a.Isolation != "" && a.Isolation != m.Isolation {
		return c, incomparable("/isolation", "%s is signed to run in a process of its own: it is not brought into this one", m.Name)
	}
	if a.Engine != "" {
		m.Engine = a.Engine
	}
	if a.Isolation != "" {
		m.Isolation = a.Isolation
	}
	if err := m.Check(); err != nil {
		return c, incomparable("", "%s cannot be run like this: %w", m.Name, err)
	}
	c.instead = &m
	return c, nil
}

// comparable refuses releases that share variables with others: what those hold
// changes beside a comparison, and with a second constructor.
func (p *pipeline) comparable(ctx context.Context, rel *release) error {
	claims, err := rel.claim(ctx)
	if err != nil {
		return err
	}
	if len(claims.Points)+len(claims.Bindings) == 0 {
		return nil
	}
	return incomparable("/release", "%s exposes or binds points, which others change beside a comparison", rel.label()).
		Cure("compare a build of it without points")
}

// describe says what was loaded, and refuses what is not what was asked for.
func (c *contender) describe(a ComparisonArm) error {
	m := c.found.Manifest()
	c.arm = c.rel.compared()
	c.arm.Name = a.Name
	if a.Engine != "" && a.Engine != c.arm.Engine {
		return incomparable("/engine", "%s does not run on engine %q: its kind %s has none to choose", c.rel.label(), a.Engine, m.Kind)
	}
	if a.Isolation != "" && a.Isolation != c.arm.Isolation {
		return incomparable("/isolation", "%s does not run with isolation %q: its kind %s has it not", c.rel.label(), a.Isolation, m.Kind)
	}
	c.effects = c.asks(abi.CapabilityEmit, abi.CapabilityState, abi.CapabilityHTTP)
	if a.Direct {
		return c.makeBare()
	}
	return nil
}

// compared says what a loaded release is, as reports do.
func (rel *release) compared() compare.Arm {
	m := rel.manifest
	arm := compare.Arm{
		Version: m.Version, Digest: string(rel.digest), Artifact: string(m.Artifact.SHA256),
		Kind: string(m.Kind), Engine: m.Engine, Isolation: m.Isolation, Size: m.Artifact.Size,
	}
	if in, ok := rel.instance.(driver.Housed); ok {
		arm.Engine, arm.Isolation = in.House()
	}
	return arm
}

// makeBare finds the Go function. Called like that it has no session, so that there
// is nothing to keep its writes from happening.
func (c *contender) makeBare() error {
	if in, ok := c.rel.instance.(driver.Bare); ok {
		c.bare, c.arm.Yardstick = in.Strategy(), true
	}
	switch {
	case c.bare == nil:
		return incomparable("/direct", "%s cannot be called directly: it does not run in this process as Go code", c.rel.label()).
			Cure("leave direct out for this arm")
	case c.effects:
		return incomparable("/direct", "%s cannot be called directly: it asks for %s, which needs a call of the host", c.rel.label(), listed(c.found.Manifest().Capabilities)).
			Cure("leave direct out for this arm")
	}
	return nil
}

func (c *contender) asks(words ...string) bool {
	return slices.ContainsFunc(c.found.Manifest().Capabilities, func(w string) bool { return slices.Contains(words, w) })
}

// name names the arms that have no name: by engine or kind, with a number where
// there are more of one.
func (c *comparison) name() {
	taken := map[string]bool{}
	for _, a := range c.arms {
		taken[a.arm.Name] = true
	}
	for _, a := range c.arms {
		if a.arm.Name != "" {
			continue
		}
		name := a.plainName()
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s %d", a.plainName(), n)
		}
		a.arm.Name, taken[name] = name, true
	}
}

func (c *contender) plainName() string {
	switch {
	case c.bare != nil:
		return c.arm.Kind + " direct"
	case c.arm.Engine != "":
		return c.arm.Engine
	}
	return c.arm.Kind
}

// notes are what a reader must know of how the arm's calls run.
func (c *contender) notes() (list []string) {
	if c.bare != nil {
		list = append(list, fmt.Sprintf("%s is called directly: without copies of values and accounts. Its calls have the deadline of others, %v, but nothing ends them; one that does not return ends the comparison.",
			c.arm.Name, c.rel.timeout))
	}
	if c.effects {
		list = append(list, c.arm.Name+" asks for "+listed(c.found.Manifest().Capabilities)+": its writes and events are dropped, and its requests are refused.")
	}
	return list
}

func (c *contender) subject() compare.Subject {
	call := c.call
	if c.bare != nil {
		call = c.direct
	}
	s := compare.Subject{Arm: c.arm, Call: call, Start: c.start, Memory: func() (int64, int) {
		stats := driver.StatsOf(c.rel.instance)
		return stats.MemoryBytes, stats.Instances
	}}
	if in, ok := c.rel.instance.(driver.Apart); ok {
		s.Elsewhere = func(ctx context.Context, thorough bool) compare.Apart {
			return compare.Apart(in.Consumed(ctx, thorough))
		}
		return s // a process ends what is given up
	}
	s.Limit = c.limit()
	s.Abandoned = func() int { return driver.StatsOf(c.rel.instance).Abandoned }
	return s
}

// limit is the deadline of calls that nobody but their caller could end, and 0 if all
// others end by themselves. One with a cooperative deadline may have waited for a place
// before it ran.
func (c *contender) limit() time.Duration {
	switch {
	case c.bare != nil:
		return c.rel.timeout
	case c.rel.cooperative:
		return 2 * c.rel.timeout
	}
	return 0
}

// call runs one input as live calls run, but without effects.
func (c *contender) call(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
	return c.measure(ctx, c.rel, in, used)
}

func (c *contender) measure(ctx context.Context, rel *release, in map[string]any, used *compare.Use) difference.Answer {
	var tape *capability.Recorder
	if c.effects {
		ctx, tape = capability.Aside(ctx)
	}
	var parts *driver.Parts
	if used.Parts {
		parts = new(driver.Parts)
	}
	one, resp := call{in: in}, Response{}
	err := rel.measured(ctx, &one, &resp, parts)
	if used.Instructions = resp.Instructions; parts != nil {
		rel.split(parts, used)
	}
	if tape != nil && tape.Refused() {
		used.Skip = "it wants to send a request, which is not sent"
	}
	return c.compared(ctx, one.out, err, used)
}

// compared is what is compared of a call.
func (c *contender) compared(ctx context.Context, out map[string]any, err error, used *compare.Use) difference.Answer {
	e := endingOf(err)
	if problem.CodeOf(err) == problem.Overloaded { // by nobody but the comparison itself
		e = ending{tells: true, fault: string(problem.Overloaded)}
	}
	if !e.tells && used.Skip == "" {
		used.Skip = err.Error()
	}
	if f := (*driver.Fault)(nil); errors.As(err, &f) {
		c.tellFault(ctx, f)
	}
	return difference.Answer{Out: out, Business: e.business, Fault: e.fault}
}

// direct calls the Go function itself.
func (c *contender) direct(ctx context.Context, in map[string]any, used *compare.Use) (a difference.Answer) {
	defer func() {
		if p := recover(); p != nil {
			a = difference.Answer{Fault: string(driver.PanicFault(p).Code)}
		}
	}()
	out, err := c.bare.Execute(ctx, in)
	var business *abi.Error
	switch {
	case err == nil:
		return difference.Answer{Out: orEmpty(out)}
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		used.Skip = "its caller went away"
		return difference.Answer{}
	case errors.As(err, &business) && business.Code != "":
		return difference.Answer{Business: business.Code}
	}
	return difference.Answer{Business: abi.CodeBusinessError}
}

// start loads the arm once more, which takes nobody's turn, since it changes nothing.
func (c *contender) start(ctx context.Context, in map[string]any, fresh bool) (s compare.Start, err error) {
	rel, end, err := c.again(ctx, fresh)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if in, err = wire.NormalizeMap(in); err != nil {
		return s, err
	}
	clock := &c.rel.rt.clock
	began := clock.now()
	answer := c.measure(ctx, rel, in, new(compare.Use))
	s.Cold = clock.now() - began
	if answer.Fault != "" {
		return s, problem.New(problem.Code(answer.Fault), "the first call of a further loading broke")
	}
	if in, ok := rel.instance.(driver.Started); ok {
		starts := in.Starts()
		if s.Instantiate = starts.Instantiate; !starts.Cached || !fresh {
			s.Compile, s.Opening = starts.Compile, starts.Opening
		}
	}
	return s, nil
}

// again loads the arm once more; the result closes it. It is no change of the
// strategy and is not reported as one.
func (c *contender) again(ctx context.Context, fresh bool) (_ *release, end func() error, err error) {
	r := c.rel.rt
	p := &pipeline{rt: r, action: actionCompare, name: c.s.name, now: r.cfg.Now(), strategy: c.s, fresh: fresh}
	limited, cancel := context.WithTimeout(ctx, r.cfg.PrepareLimit)
	defer cancel()
	l, err := p.load(limited, c.found)
	p.unwind(ctx, err != nil)
	if err != nil {
		return nil, nil, asProblem(p.stage, err)
	}
	return l.release, func() error { return l.close(context.WithoutCancel(ctx)) }, nil
}
