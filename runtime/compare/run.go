package compare

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/problem"
)

// Run compares. When ctx ends, it returns what was measured until then, marked
// partial, if at least all answers were compared; else ctx's error. If a call never
// returns, or one that an arm gave up goes on, that ends it, too: with such a report in
// any case, which says where it happened. Other errors are problems with a code:
// ComparisonMalformed for a plan, arms or inputs that make no sense, or are not those
// that the plan says, with a pointer into {"arms":[...],"inputs":[...],"plan":{...}}.
func Run(ctx context.Context, t Trial) (*Report, error) {
	r, err := prepare(t)
	if err != nil {
		return nil, err
	}
	ctx, r.end = context.WithCancelCause(ctx)
	defer r.end(nil)
	if err := r.measure(ctx); err != nil {
		cause := context.Cause(ctx)
		gone := (*left)(nil)
		switch {
		case errors.As(cause, &gone):
			r.stopped = "stopped in " + r.stage.name + ", " + r.text + ": " + gone.text
		case !r.answered || cause == nil:
			return nil, err
		default:
			r.stopped = "stopped in " + r.stage.name + ": " + cause.Error()
		}
	}
	return r.report(), nil
}

// run is a comparison under way.
type run struct {
	trial  Trial
	plan   Plan
	fixed  json.RawMessage // the plan's canonical text
	hash   string
	clock  clock
	began  time.Time
	random *rand.Rand
	arms   []*arm // the first is the reference
	end    context.CancelCauseFunc

	shuffled []int // numbers of the inputs

	stage    stage
	part     float64       // of the stage that is done
	turn     float64       // of the stage that one turn of one arm is
	text     string        // what was last said
	said     time.Duration // when progress was last told
	rate     float64       // of the open loop
	gauge    gauge         // of this process
	idle     idle          // what this process did while nobody called
	before   load          // of the machine, when the first times were taken
	after    load          // and after the last
	answered bool          // all answers were compared
	repeated int           // inputs that were run again because one arm was late
	self     *Ledger       // the reference's answers against its own, nil if it did not come to that
	stopped  string        // why it did not come to its end
}

// stage is one part of a comparison.
type stage struct {
	name  string
	share int // of the time that all take, roughly
	do    func(context.Context) error
}

func (r *run) stages() []stage {
	return []stage{
		{"answers", 10, r.answers},
		{"warm-up", 4, r.warmUp},
		{"closed loop", 40, r.closed},
		{"throughput", 10, r.throughput},
		{"open loop", 25, r.open},
		{"parts", 3, r.parts},
		{"starts", 6, r.starts},
		{"analysis", 2, func(context.Context) error { return nil }},
	}
}

// prepare checks everything and fixes the plan. Nothing is measured before.
func prepare(t Trial) (*run, error) {
	plan, err := t.Plan.Complete(len(t.Inputs))
	if err != nil {
		return nil, inPlan(err)
	}
	r := &run{trial: t, plan: plan, clock: newClock(t.Now, t.Wait), gauge: gauge{source: thisProcess()}}
	if t.Now == nil {
		t.Now = time.Now
	}
	r.began = t.Now()
	fill(&r.plan.Seed, uint64(r.began.UnixNano())&mostSeed) //nolint:gosec // any number will do
	r.random = rand.New(rand.NewPCG(r.plan.Seed, 0))        //nolint:gosec // chance, not secrecy
	if err := r.takeInputs(); err != nil {
		return nil, err
	}
	if err := r.takeArms(); err != nil {
		return nil, err
	}
	r.fixed, r.hash, err = r.plan.canonical()
	return r, err
}

// takeInputs copies the inputs and computes their digest.
func (r *run) takeInputs() error {
	given := r.trial.Inputs
	if len(given) == 0 {
		return problem.New(problem.ComparisonMalformed, "there are no inputs to compare with").At("/inputs").Want("at least 1").Got("0")
	}
	r.trial.Inputs = make([]map[string]any, len(given))
	sum := digest{sha256.New()}
	for i, in := range given {
		own, err := wire.NormalizeMap(in)
		if err != nil || own == nil {
			return badInput(i, err)
		}
		if err := sum.add(own); err != nil {
			return badInput(i, err)
		}
		r.trial.Inputs[i] = own
	}
	r.shuffled = r.random.Perm(len(given))
	if err := r.plan.checkInputs(len(given), sum.text()); err != nil {
		return inPlan(err)
	}
	r.plan.Inputs, r.plan.Digest = len(given), sum.text()
	return nil
}

func badInput(i int, err error) error {
	return problem.New(problem.ComparisonMalformed, "input %d is no value that a strategy takes: %v", i+1, err).At("/inputs/" + strconv.Itoa(i))
}

// inPlan lets a pointer into the plan begin at the trial.
func inPlan(err error) error {
	var p *problem.Error
	if !errors.As(err, &p) {
		return err
	}
	return p.At("/plan" + p.Pointer)
}

// takeArms checks the subjects and writes into the plan what they are.
func (r *run) takeArms() error {
	subjects := r.trial.Subjects
	if len(subjects) < 2 {
		return problem.New(problem.ComparisonMalformed, "a comparison needs two arms").At("/arms").Want("at least 2").Got("%d", len(subjects))
	}
	seen := map[string]bool{}
	var arms []string
	for i, s := range subjects {
		at := "/arms/" + strconv.Itoa(i)
		if s.Call == nil {
			return problem.New(problem.ComparisonMalformed, "arm %d cannot be called", i+1).At(at)
		}
		if s.Arm.Name == "" || seen[s.Arm.Name] {
			return problem.New(problem.ComparisonMalformed, "arm %d needs a name of its own", i+1).At(at+"/name").Got("%q", s.Arm.Name)
		}
		seen[s.Arm.Name] = true
		a := &arm{Subject: s}
		if i > 0 {
			ledger, err := NewLedger(s.Arm.Name, r.plan.Compare, r.plan.Mask)
			if err != nil {
				return err // not for a plan that was checked
			}
			a.ledger = ledger
		}
		r.arms = append(r.arms, a)
		arms = append(arms, s.Arm.identity())
	}
	if err := r.plan.checkArms(arms); err != nil {
		return inPlan(err)
	}
	r.plan.Arms = arms
	return nil
}

// identity says in one line what an arm is.
func (a Arm) identity() string {
	words := []string{a.Name, "="}
	for _, word := range []string{a.Version, a.Digest, a.Artifact, a.Kind, a.Engine, a.Isolation} {
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func (r *run) measure(ctx context.Context) error {
	for _, s := range r.stages() {
		r.stage, r.part, r.said = s, 0, -between
		r.say("begins")
		if err := s.do(ctx); err != nil {
			return err
		}
		for _, a := range r.arms {
			a.weigh()
		}
	}
	return nil
}

// between is how often progress is told.
const between = 100 * time.Millisecond

// say tells what is done now.
func (r *run) say(format string, args ...any) {
	r.text = fmt.Sprintf(format, args...)
	r.tell()
}

// tell tells how much is done, unless it was told a moment ago.
func (r *run) tell() {
	now := r.clock.now()
	if r.trial.Progress == nil || now-r.said < between {
		return
	}
	r.said = now
	before, all := 0, 0
	for _, s := range r.stages() {
		if s.name == r.stage.name {
			before = all
		}
		all += s.share
	}
	done := float64(before) + r.part*float64(r.stage.share)
	r.trial.Progress(Progress{Stage: r.stage.name, Done: int(1000 * done / float64(all)), Of: 1000, Text: r.text})
}

// answers runs every input through every arm, before any time is taken.
func (r *run) answers(ctx context.Context) error {
	for i, in := range r.trial.Inputs {
		r.part = float64(i) / float64(len(r.trial.Inputs))
		r.say("input %d of %d", i+1, len(r.trial.Inputs))
		if err := r.answer(ctx, int64(i+1), in); err != nil {
			return err
		}
	}
	r.answered = true
	return r.again(ctx)
}

// repeats is how many inputs the reference runs a second time, at most.
const repeats = 200

// again looks whether the reference answers the same input the same way.
func (r *run) again(ctx context.Context) error {
	self, err := NewLedger("", r.plan.Compare, r.plan.Mask)
	if err != nil {
		return err // not for a plan that was checked
	}
	r.self = self
	step := (len(r.trial.Inputs) + repeats - 1) / repeats
	for i := 0; i < len(r.trial.Inputs) && ctx.Err() == nil; i += step {
		in := r.trial.Inputs[i]
		one, ok := r.once(ctx, r.arms[0], in)
		two, also := r.once(ctx, r.arms[0], in)
		if ok && also {
			self.Add(int64(i+1), in, one, two)
		}
		r.settle(ctx)
	}
	return ctx.Err()
}

func (r *run) answer(ctx context.Context, number int64, in map[string]any) error {
	reference, ok := r.once(ctx, r.arms[0], in)
	for _, a := range r.arms[1:] {
		if ctx.Err() != nil {
			break // nobody has to wait for a second one that does not return
		}
		answer, also := r.once(ctx, a, in)
		asked := reference
		for range tries - 1 {
			if ok && also && late(asked) != late(answer) && ctx.Err() == nil {
				r.repeated++
				asked, ok = r.once(ctx, r.arms[0], in)
				answer, also = r.once(ctx, a, in)
			}
		}
		if ok && also {
			a.ledger.Add(number, in, asked, answer)
		}
	}
	r.settle(ctx)
	return ctx.Err()
}

// tries is how often an input is run, at most, until both arms or none are in time.
const tries = 3

// late says that a call ended by its deadline. On a busy machine that says nothing of
// the arm.
func late(a difference.Answer) bool { return a.Fault == string(problem.FaultDeadline) }

// warmUp lets every arm run as it will when times are taken.
func (r *run) warmUp(ctx context.Context) error {
	numbers := r.some(0, r.plan.Calls)
	for done := 0; done < r.plan.WarmUp; {
		chunk := numbers[done%len(numbers):]
		inputs := chunk[:min(len(chunk), atOnce, r.plan.WarmUp-done)]
		done += len(inputs)
		for _, a := range r.arms {
			r.time(ctx, a, r.copies(inputs), &round{})
			r.part = float64(done) / float64(r.plan.WarmUp)
			r.say("call %d of %d", done, r.plan.WarmUp)
			if r.settle(ctx); ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}
