package arm

import (
	"math"
	"slices"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/rollout"
)

// plan is what a list of guards needs to know of each call.
type plan struct {
	guards   []look  // in their order
	events   []event // that differ from each other
	values   []value // of units
	compares bool    // some guard asks for differences
}

// look is where the count of one guard comes from.
type look struct {
	from  source
	index int // of plan.events or plan.values
}

// source is what a guard counts.
type source uint8

const (
	nothing source = iota // Sample has the latencies
	never                 // no call
	events
	differences
	values
)

// event is what counts as one.
type event struct {
	fault, business bool
	expected        []string // codes of business errors that do not count, in order
}

func (e *event) happened(c *Call) bool {
	return e.fault && c.Fault || e.business && c.Business && !slices.Contains(e.expected, c.Code)
}

func (e event) same(other event) bool {
	return e.fault == other.fault && e.business == other.business && slices.Equal(e.expected, other.expected)
}

// value is a number that a unit has, or 0 or 1 for a share.
type value struct {
	metric rollout.Metric
	field  pointer.Pointer
	equals any
}

func newPlan(guards []rollout.Guard) *plan {
	p := &plan{guards: make([]look, len(guards))}
	for i, g := range guards {
		p.guards[i] = p.add(g)
	}
	return p
}

func (p *plan) add(g rollout.Guard) look {
	switch g.Metric {
	case rollout.ErrorRate:
		return p.addEvent(event{fault: true, business: true, expected: sorted(g.Expected)})
	case rollout.FaultRate:
		return p.addEvent(event{fault: true})
	case rollout.BusinessErrorRate:
		return p.addEvent(event{business: true, expected: sorted(g.Expected)})
	case rollout.DifferenceRate:
		p.compares = true
		return look{from: differences}
	case rollout.Instructions, rollout.FieldMean, rollout.FieldShare:
		return p.addValue(g)
	}
	return look{}
}

func sorted(codes []string) []string {
	codes = slices.Clone(codes)
	slices.Sort(codes)
	return slices.Compact(codes)
}

func (p *plan) addEvent(e event) look {
	i := slices.IndexFunc(p.events, e.same)
	if i < 0 {
		i = len(p.events)
		p.events = append(p.events, e)
	}
	return look{events, i}
}

func (p *plan) addValue(g rollout.Guard) look {
	field, err := pointer.Parse(g.Field)
	if err != nil {
		return look{from: never} // the policy was checked
	}
	p.values = append(p.values, value{g.Metric, field, g.Equals})
	return look{values, len(p.values) - 1}
}

// of returns the value of a unit, if it has one.
func (v *value) of(c *Call) (x float64, ok bool) {
	if v.metric == rollout.Instructions {
		return float64(c.Instructions), c.Instructions > 0
	}
	answered := !c.Fault && !c.Business && (c.Out != nil || len(c.Text) > 0)
	if v.metric == rollout.FieldShare {
		return v.share(c, answered), true
	}
	if !answered {
		return 0, false
	}
	return v.number(c)
}

// share is 1 for an answer that has the value, 0 for another and for none: calls
// with an answer do not fall to the arms by weight when one of them refuses more.
func (v *value) share(c *Call, answered bool) float64 {
	if !answered {
		return 0
	}
	if c.Out != nil {
		got, ok := v.field.In(c.Out)
		return oneIf(ok && wire.Equal(got, v.equals))
	}
	raw, ok := v.field.InText(c.Text)
	return oneIf(ok && pointer.EqualText(raw, v.equals))
}

func oneIf(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

// most is the greatest number whose square can be added up.
const most = 1e140

func (v *value) number(c *Call) (x float64, ok bool) {
	if c.Out != nil {
		got, _ := v.field.In(c.Out)
		x, ok = pointer.Number(got)
	} else {
		raw, _ := v.field.InText(c.Text)
		x, ok = pointer.NumberOfText(raw)
	}
	return x, ok && math.Abs(x) <= most
}
