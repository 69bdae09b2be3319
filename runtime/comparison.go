package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/recorder"
	"github.com/swapline/swapline/runtime/store"
)

// Bounds of a comparison.
const (
	fewestArms     = 2
	mostArms       = 6
	mostInputs     = 100_000
	mostInputBytes = 64 << 20 // of their encodings, of all comparisons that are kept going
)

// comparison is an ask that makes sense, with inputs of its own.
type comparison struct {
	ask    Comparison
	s      *strategy
	inputs []map[string]any
	bytes  int64           // of the inputs' encodings
	fixed  json.RawMessage // the plan, complete
	notes  []string
	arms   []*contender
}

// plan checks what is asked for and takes the inputs.
func (c *Comparisons) plan(ctx context.Context, ask Comparison) (*comparison, error) {
	if c.rt.closing.Load() {
		return nil, shuttingDown()
	}
	s, err := c.rt.accepted(ctx, ask.Strategy)
	if err != nil {
		return nil, err
	}
	one := &comparison{ask: ask, s: s}
	if one.ask.Arms, err = c.pinned(ctx, s, ask.Arms); err != nil {
		return nil, err
	}
	if err := one.take(); err != nil {
		return nil, err
	}
	if err := one.fix(); err != nil {
		return nil, at("/plan", err)
	}
	one.ask.Inputs = nil
	return one, nil
}

// fix completes the plan, for people to look at: the engine completes it again, draws
// what is to be drawn, and adds the names of arms and the inputs' digest. What the plan
// says already of these must be so.
func (c *comparison) fix() error {
	plan, err := c.ask.Plan.Complete(len(c.inputs))
	if err != nil {
		return err
	}
	if err := plan.CheckInputs(c.inputs); err != nil {
		return err
	}
	var releases []string
	for _, a := range c.ask.Arms {
		releases = append(releases, a.Release)
	}
	if err := plan.CheckReleases(releases); err != nil {
		return err
	}
	c.fixed, err = json.Marshal(plan)
	return err
}

// pinned are the arms with the digests of their releases, so that a comparison that
// waits compares what was meant. It refuses what can be refused without loading.
func (c *Comparisons) pinned(ctx context.Context, s *strategy, arms []ComparisonArm) ([]ComparisonArm, error) {
	if n := len(arms); n < fewestArms || n > mostArms {
		return nil, incomparable("/arms", "there are too few arms, or too many").Want("%d to %d arms", fewestArms, mostArms).Got("%d", n)
	}
	if err := distinct(arms); err != nil {
		return nil, err
	}
	releases, err := c.rt.cfg.Store.Releases(ctx, s.name)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(arms)
	for i, a := range list {
		if a.Release == "" {
			a.Release = string(s.active())
		}
		found, err := s.meant(releases, a.Release)
		if err == nil {
			err = c.rt.cfg.allowsEngine(a.Engine)
		}
		if err == nil {
			err = knownIsolation(a.Isolation)
		}
		if err != nil {
			return nil, at(armPointer(i), err)
		}
		list[i].Release = string(found.Digest)
	}
	return list, nil
}

// knownIsolation refuses what no manifest can say.
func knownIsolation(name string) error {
	all := []string{manifest.IsolationRequest, manifest.IsolationInstance, manifest.IsolationProcess}
	if name == "" || slices.Contains(all, name) {
		return nil
	}
	return incomparable("/isolation", "there is no isolation %q", name).Want("one of %s", strings.Join(all, ", "))
}

// meant finds the release of an arm.
func (s *strategy) meant(releases []store.Release, name string) (store.Release, error) {
	if name == "" {
		return store.Release{}, problem.New(problem.NoActiveRelease, "strategy %q serves no release", s.name).Cure("name the arm's release")
	}
	found, err := pick(s.name, releases, name)
	var p *problem.Error
	if errors.As(err, &p) {
		return found, p.At("/release")
	}
	return found, err
}

func armPointer(i int) string { return fmt.Sprintf("/arms/%d", i) }

// at says which part of the ask a problem is about. What points into that part goes
// on pointing there; what points into a manifest does not.
func at(place string, err error) error {
	var p *problem.Error
	if !errors.As(err, &p) {
		return err
	}
	asked := []problem.Code{problem.ComparisonMalformed, problem.EngineDenied, problem.UnknownRelease, problem.AmbiguousRelease}
	if slices.Contains(asked, p.Code) {
		place += p.Pointer
	}
	return p.At(place)
}

// incomparable is the problem of an ask that makes no sense.
func incomparable(pointer, format string, args ...any) *problem.Error {
	return problem.New(problem.ComparisonMalformed, format, args...).At(pointer)
}

// distinct refuses two arms of one name.
func distinct(arms []ComparisonArm) error {
	seen := map[string]bool{}
	for i, a := range arms {
		if a.Name != "" && seen[a.Name] {
			return incomparable(armPointer(i)+"/name", "two arms are named %q", a.Name).Want("names that differ, or none")
		}
		seen[a.Name] = true
	}
	return nil
}

// take copies the inputs, so that nobody changes them meanwhile.
func (c *comparison) take() error {
	switch {
	case c.ask.Recorded != 0 && len(c.ask.Inputs) != 0:
		return incomparable("/recorded", "there are inputs, and recorded ones are asked for").Want("one of both")
	case c.ask.Recorded < 0, c.ask.Recorded > mostInputs:
		return incomparable("/recorded", "%d recorded inputs are asked for", c.ask.Recorded).Want("1 to %d", mostInputs)
	case c.ask.Recorded > 0:
		return c.takeRecorded()
	case len(c.ask.Inputs) == 0, len(c.ask.Inputs) > mostInputs:
		return incomparable("/inputs", "there are %d inputs", len(c.ask.Inputs)).Want("1 to %d, or recorded ones", mostInputs)
	}
	for i, in := range c.ask.Inputs {
		if err := c.add(in); err != nil {
			return inputProblem(i, err)
		}
	}
	return nil
}

// inputProblem says which input is wrong.
func inputProblem(i int, err error) error {
	if problem.CodeOf(err) == problem.ComparisonMalformed {
		return err
	}
	wrong := incomparable(fmt.Sprintf("/inputs/%d", i), "the input is not of the value domain: %v", err)
	wrong.Cause = err
	return wrong
}

// add takes one input.
func (c *comparison) add(in map[string]any) error {
	in, err := wire.NormalizeMap(in)
	if err != nil {
		return err
	}
	if in == nil {
		in = map[string]any{}
	}
	text, err := wire.Append(nil, in)
	if err != nil {
		return err
	}
	if c.bytes += int64(len(text)); c.bytes > mostInputBytes {
		return incomparable("/inputs", "the inputs are too large").Want("at most %d bytes of all encodings", mostInputBytes).Cure("compare with fewer inputs")
	}
	c.inputs = append(c.inputs, in)
	return nil
}

// takeRecorded takes the newest inputs of live calls.
func (c *comparison) takeRecorded() error {
	rec, masks := c.s.beside.recording()
	if rec == nil {
		return incomparable("/recorded", "no inputs of %s are recorded", c.s.name).
			Cure(`send inputs; or turn on recording, by {"record": {"last": 1000}} in a file for: swapline rollout policy %s --set FILE`, c.s.name)
	}
	for i, text := range rec.Snapshot(c.ask.Recorded) {
		in, err := wire.ParseJSONMap(text)
		if err == nil {
			err = c.add(in)
		}
		if err != nil {
			return inputProblem(i, err)
		}
	}
	if len(c.inputs) == 0 {
		return incomparable("/recorded", "no input of %s is recorded yet", c.s.name).Cure("send inputs, or repeat it after some calls")
	}
	c.mask(masks)
	c.notes = append(c.notes, recordedNote(len(c.inputs), masks))
	return nil
}

// mask hides what inputs are masked at: answers are no more to be kept than they. The
// masks of a plan that was carried out are there already.
func (c *comparison) mask(more []string) {
	mask := slices.Clone(c.ask.Plan.Mask)
	for _, at := range more {
		if !slices.Contains(mask, at) {
			mask = append(mask, at)
		}
	}
	c.ask.Plan.Mask = mask
}

func recordedNote(n int, masks []string) string {
	note := fmt.Sprintf("The inputs are the newest %d that were recorded from live calls.", n)
	if len(masks) > 0 {
		note += " They were masked when they were recorded, at " + strings.Join(masks, ", ") + ": where the strategy looks at these, it does something else than live."
	}
	return note
}

// recording returns what records the strategy's calls, or nil, and what it masks.
func (b *beside) recording() (*recorder.Recorder, []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.record == nil {
		return nil, nil
	}
	return b.recorder(), b.record.Mask
}

// run loads the arms, compares them and closes them again, whatever happens.
func (c *comparison) run(ctx context.Context, rt *Runtime) (report *compare.Report, err error) {
	defer c.let(rt)
	defer func() {
		if p := recover(); p != nil {
			fault := driver.PanicFault(p)
			rt.cfg.Log.Error("panic in a comparison", "strategy", c.s.name, "stack", fault.Stack)
			report, err = nil, problem.New(problem.Internal, "the comparison panicked: %s", fault.Message)
		}
	}()
	for i, a := range c.ask.Arms {
		arm, err := rt.contend(ctx, c.s, a)
		if err != nil {
			return nil, at(armPointer(i), err)
		}
		c.arms = append(c.arms, arm)
	}
	c.name()
	trial := c.trial(rt)
	c.inputs = nil // it makes copies, and this would hold on to the others all the time
	if report, err = compare.Run(ctx, trial); report != nil {
		report.Notes = append(report.Notes, c.notes...)
	}
	return report, err
}

// let closes the arms.
func (c *comparison) let(rt *Runtime) {
	for _, a := range c.arms {
		rt.let(c.s, a.rel)
	}
	c.arms = nil
}

func (c *comparison) trial(rt *Runtime) compare.Trial {
	t := compare.Trial{
		Strategy: c.s.name, Plan: c.ask.Plan, Inputs: c.inputs, Command: c.ask.Command, Progress: c.ask.Progress,
		Now: rt.cfg.Now, Host: rt.host(),
	}
	var names []string
	for _, a := range c.arms {
		names = append(names, a.arm.Name)
		t.Subjects = append(t.Subjects, a.subject())
		c.notes = append(c.notes, a.notes()...)
	}
	t.Title = c.s.name + ": " + strings.Join(names, " against ")
	return t
}

// host says where it is measured.
func (r *Runtime) host() compare.Host {
	return compare.Host{
		Version: r.cfg.HostVersion, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Processor: processor(), Processors: runtime.GOMAXPROCS(0),
	}
}

// processor is the model, where the system tells.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
