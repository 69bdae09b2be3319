package runtime

import (
	"context"
	"errors"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/rollout"
)

// Where an answer comes from.
const (
	VariantStable    = rollout.ArmStable
	VariantCandidate = rollout.ArmCandidate
	VariantBaseline  = rollout.ArmBaseline
)

// trial is how the calls of one table are split and counted. Every table of a
// rollout has its own, so that what is counted belongs to one stage.
type trial struct {
	keys
	hasher rollout.Hasher
	set    *arm.Set
	meters [3]*arm.Meter // in the order of the arms' numbers
	// experiment counts what the guards' meters do not; nil for nothing.
	experiment *experiment.Set
}

// Numbers of arms.
const (
	armStable = iota
	armCandidate
	armBaseline
)

func newTrial(hasher rollout.Hasher, sticky rollout.Sticky, guards []rollout.Guard) *trial {
	t := &trial{hasher: hasher, keys: newKeys(sticky)}
	t.set = arm.NewSet(guards, t.given)
	for i, name := range []string{rollout.ArmStable, rollout.ArmCandidate, rollout.ArmBaseline} {
		t.meters[i] = t.set.Meter(name)
	}
	return t
}

// trial is how the calls of a stage are split and counted.
func (ro *rolling) trial(stage int) *trial {
	t := newTrial(ro.plan, ro.policy.Sticky, ro.policy.At(stage))
	t.experiment = ro.experiment.splits(stage)
	return t
}

// serve runs one call on the release that its key belongs to.
func (t *table) serve(ctx context.Context, c *call, resp *Response) error {
	resp.Variant = VariantStable
	if t.trial == nil {
		return t.stable.answer(ctx, c, resp)
	}
	resp.split = t.candidate != nil
	rel := t.choose(ctx, c, resp)
	return rel.answer(ctx, c, resp)
}

// choose finds the release for a call and the meter that it counts at.
func (t *table) choose(ctx context.Context, c *call, resp *Response) *release {
	var bucket rollout.Weight
	c.key, bucket = t.bucket(ctx, c)
	if t.candidate == nil { // stable is what is watched
		if t.shut.Load() {
			if before := t.standby.Load(); before != nil {
				return before
			}
		}
		c.meter = t.meters[armCandidate]
		return t.stable
	}
	switch t.split.Arm(bucket) {
	case rollout.ArmCandidate:
		if !t.shut.Load() {
			resp.Variant, c.meter, c.experiment = VariantCandidate, t.meters[armCandidate], t.experiment
			return t.candidate
		}
		c.meter = t.meters[armStable] // not of the experiment: the reference's calls are drawn
		return t.stable
	case rollout.ArmBaseline:
		resp.Variant, c.meter = VariantBaseline, t.meters[armBaseline]
		return t.baseline
	}
	c.meter, c.experiment = t.meters[armStable], t.experiment
	return t.stable
}

// bucket finds where a call belongs. Without a key it is drawn.
func (t *trial) bucket(ctx context.Context, c *call) (arm.Key, rollout.Weight) {
	if t.given {
		var room [96]byte
		if key, ok := t.of(ctx, c, room[:0]); ok {
			hash := t.hasher.Sum(key)
			return arm.Key{Hash: hash, Given: true}, rollout.Bucket(hash)
		}
	}
	return arm.Key{}, rollout.Draw()
}

// measure counts a call that a release answered, or broke at.
func (rel *release) measure(c *call, v verdict, resp *Response, err error) {
	if b := rel.cut.Load(); b != nil {
		b.saw(v, resp.Executed)
	}
	if !v.counts() {
		return
	}
	rel.latency.Record(c.lane, resp.Executed)
	if c.meter == nil {
		return
	}
	one := arm.Call{Latency: resp.Executed, Fault: v.faulty(), Business: v == verdictBusiness, Instructions: resp.Instructions, Out: c.out}
	if c.textual && err == nil {
		one.Text = c.dst[c.kept:]
	}
	if one.Business {
		one.Code = businessCode(err)
	}
	c.meter.Record(c.lane, c.key, &one)
	if c.experiment != nil {
		x := experimentCall(resp.Variant == VariantCandidate, c.key, &one)
		c.experiment.Record(c.lane, &x)
	}
}

// businessCode is apart from measure because what errors.As writes to is on the heap.
func businessCode(err error) string {
	if business := (*abi.Error)(nil); errors.As(err, &business) {
		return business.Code
	}
	return ""
}

// counts reports whether the call says anything about the release.
func (v verdict) counts() bool { return v <= verdictBusiness || v.faulty() }

// faulty reports whether the release broke.
func (v verdict) faulty() bool { return v >= verdictPanic && v <= verdictWorker }

// sample adds what the meters do not know.
func (t *table) sample(number int, rel *release) *rollout.Sample {
	if rel == nil {
		return nil
	}
	s := t.meters[number].Sample()
	s.Memory = driver.StatsOf(rel.instance).MemoryBytes
	return s
}
