package experiment

import (
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// patience is how long the phase of the policy that carries an experiment lasts: the
// most that a policy can say, so that the machine never moves on by itself. Who runs
// the experiment ends it.
const patience = 30 * 24 * time.Hour

// Policy is the rollout that carries the experiment. A split one has a stage at the
// plan's weight behind a gate, with the plan's guards, and then all traffic, watched
// for a minute. A paired one has a shadow, in which answers may differ as they like,
// since Look judges that, and then all traffic. Breaker and switch are as in
// rollout.Default; who knows the strategy's own switch takes that.
func (p *Plan) Policy() *rollout.Policy {
	policy := rollout.Default()
	policy.Sticky, policy.Guards = p.Sticky, p.Guards
	last := rollout.Stage{Weight: rollout.Full, For: time.Minute, Calls: defaultCalls, Hold: time.Hour, Then: rollout.ThenPause}
	if p.paired() {
		last.For, last.Calls = 0, 0
		policy.Stages = []rollout.Stage{last}
		policy.Shadow = &rollout.Shadow{Share: p.Share, Budget: p.Budget, For: patience, Calls: 1, Hold: patience, Different: 1, Compare: p.Compare}
		return policy
	}
	policy.Stages = []rollout.Stage{{Weight: p.Weight, Hold: patience, Then: rollout.ThenPause, Gate: true}, last}
	return policy
}
