package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/rollout"
)

// trial is one rollout in one world, on a clock that jumps from call to call. The
// machine, the meters and the buckets are those of the product.
type trial struct {
	policy *rollout.Policy
	keyed  bool
	worse  release // what the candidate does; stable does what same does
	look   time.Duration
	most   int64 // calls of the candidate after which it is given up; 0: never

	random  *rand.Rand
	traffic *traffic
	answers *answers

	state rollout.State
	set   *arm.Set
	split rollout.Split
	meter map[string]*arm.Meter
	found outcome
	naive naive
}

// outcome is how a trial ended.
type outcome struct {
	End      string        `json:"end"` // promoted, rolled_back, held or open
	Guard    string        `json:"guard,omitempty"`
	Calls    int64         `json:"canary_calls"` // of the candidate below 100 %, until then
	Looks    int           `json:"looks"`
	Took     time.Duration `json:"took_ns"`
	Stage    int           `json:"stage"`
	Naive    int64         `json:"naive_calls"` // until the repeated test, 0 if it found nothing
	Sentence string        `json:"sentence,omitempty"`
}

const (
	endPromoted   = "promoted"
	endRolledBack = "rolled_back"
	endHeld       = "held"
	endOpen       = "open"
)

// newTrial is trial number n of a case.
func newTrial(c *scenario, seed uint64, n int) *trial {
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	hasher := rollout.NewHasher("judge", fmt.Sprintf("%s-%d-%d", c.name, seed, n))
	return &trial{
		policy: c.policy, keyed: c.world.keys > 0, worse: c.release, look: c.look, most: c.most,
		random: random, traffic: newTraffic(c.world, random, hasher), answers: newAnswers(),
	}
}

func (t *trial) run() outcome {
	current := t.watchBefore()
	t.step(rollout.Start{At: t.at(), Current: current})
	next := t.traffic.now + t.look
	for t.going() {
		t.call()
		if t.traffic.now >= next {
			next = t.traffic.now + t.look
			t.peek()
		}
	}
	t.found.Took = t.traffic.now
	return t.found
}

// watchBefore is what the release that serves does before all traffic is switched at
// once; a ladder does not ask for it.
func (t *trial) watchBefore() *rollout.Sample {
	if len(t.policy.Stages) > 1 {
		return nil
	}
	t.measure(rollout.Split{})
	for t.traffic.now < t.policy.Switch.Before {
		t.call()
	}
	return t.meter[rollout.ArmStable].Sample()
}

// going reports whether there is something left to see: with a limit, also what the
// repeated test finds after the machine did.
func (t *trial) going() bool {
	if t.most == 0 {
		return t.found.End == ""
	}
	if t.candidate() >= t.most {
		if t.found.End == "" {
			t.found.End, t.found.Calls = endOpen, t.candidate()
		}
		return false
	}
	return t.found.End == "" || t.found.Naive == 0
}

func (t *trial) at() time.Time { return time.Unix(0, 0).Add(t.traffic.now) }

// call makes one call and records it where it falls.
func (t *trial) call() {
	d := t.traffic.next()
	name, by := t.split.Arm(d.bucket), same()
	if name == rollout.ArmCandidate {
		by = t.worse
	}
	var c arm.Call
	by.answer(&d, t.random, &c, t.answers)
	t.meter[name].Record(0, d.key, &c)
}

// candidate is how many calls it had at this stage.
func (t *trial) candidate() int64 {
	return t.naive.calls
}

// peek tells the machine what the arms did.
func (t *trial) peek() {
	candidate, stable := t.meter[rollout.ArmCandidate].Sample(), t.meter[rollout.ArmStable].Sample()
	if t.state.Weight < rollout.Full {
		t.test(candidate, stable)
	}
	if t.found.End != "" {
		return
	}
	t.found.Looks++
	e := rollout.Observed{At: t.at(), Candidate: candidate, Stable: stable}
	if t.state.Weight == rollout.Full {
		e.Stable = nil
	}
	if t.split.Baseline > 0 {
		e.Baseline = t.meter[rollout.ArmBaseline].Sample()
	}
	t.step(e)
}

// test repeats the tests for a fixed number of calls.
func (t *trial) test(candidate, stable *rollout.Sample) {
	t.naive.calls = candidate.Calls
	if t.found.Naive == 0 && t.naive.worse(candidate, stable) {
		t.found.Naive = t.naive.before + candidate.Calls
	}
}

// step lets the machine go on and does what it asks for, which is always possible
// here.
func (t *trial) step(e rollout.Event) {
	before := t.state
	state, actions, err := t.policy.Step(t.state, e)
	if err != nil {
		panic(err) // only commands are refused
	}
	t.state = state
	for _, a := range actions {
		t.do(a, before)
	}
	if t.state.Phase == rollout.Paused {
		t.end(endHeld, t.state.Reason, before)
	}
}

func (t *trial) do(a rollout.Action, before rollout.State) {
	switch a := a.(type) {
	case rollout.SetWeight:
		t.publish(rollout.Split{Candidate: a.Weight, Baseline: a.Baseline})
	case rollout.MakeStable:
		t.publish(rollout.Split{Candidate: rollout.Full})
	case rollout.Finish:
		t.end(endPromoted, "", before)
	case rollout.Return:
		t.end(endRolledBack, t.state.Reason, before)
	case rollout.Decide:
		t.found.Guard = a.Guard
	}
}

// publish serves a stage.
func (t *trial) publish(s rollout.Split) {
	t.naive.next()
	t.measure(s)
	t.step(rollout.Published{At: t.at()})
}

// measure begins the measurements of a split.
func (t *trial) measure(s rollout.Split) {
	t.split, t.set = s, arm.NewSet(t.policy.At(t.state.Stage), t.keyed)
	t.meter = map[string]*arm.Meter{}
	for _, name := range []string{rollout.ArmCandidate, rollout.ArmStable, rollout.ArmBaseline} {
		t.meter[name] = t.set.Meter(name)
	}
}

// end notes how the machine decided; with a limit the trial may go on.
func (t *trial) end(how, sentence string, before rollout.State) {
	if t.found.End != "" {
		return
	}
	t.found.End, t.found.Sentence, t.found.Stage = how, sentence, before.Stage
	t.found.Calls = t.naive.before + t.naive.calls
}
