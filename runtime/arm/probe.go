package arm

import "github.com/swapline/swapline/runtime/rollout"

// Probe tells of one call what meters count of it, for who counts otherwise. It is
// safe for concurrent use.
type Probe struct{ plan *plan }

// NewProbe makes a probe for guards that [rollout.Decode] accepted.
func NewProbe(guards []rollout.Guard) Probe { return Probe{newPlan(guards)} }

// Value is what the i-th guard looks at: 1 or 0 for an event or a share, or a
// number; false if it does not look at the call.
func (p Probe) Value(i int, c *Call) (float64, bool) {
	switch g := p.plan.guards[i]; g.from {
	case events:
		return oneIf(p.plan.events[g.index].happened(c)), true
	case differences:
		return oneIf(c.Different), c.Compared
	case values:
		return p.plan.values[g.index].of(c)
	}
	return 0, false
}
