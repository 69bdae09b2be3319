package rollout

import (
	"fmt"
	"math"

	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// Names of the judgements that no guard of the policy makes. Guards' names have no
// point.
const (
	switchErrors = "switch.errors"
	switchP99    = "switch.p99"
	shadowGuard  = "shadow.different"
)

func log09() float64 { return math.Log(0.9) }

// judgeSwitch compares the time since the candidate is stable with the time before.
// Arms were not drawn here, so that each side is estimated on its own.
func (t *trial) judgeSwitch() []Judgement {
	s := t.policy.Switch
	if s.After == 0 {
		return nil
	}
	q := t.question(-1, Guard{Name: switchErrors, Metric: ErrorRate, Versus: "before"})
	if t.before == nil || t.before.Calls == 0 {
		if t.policy.direct() {
			q.Sentence = switchErrors + ": nothing is known of the time before"
			return []Judgement{q.Judgement}
		}
		return nil
	}
	var out []Judgement
	if s.MaxErrorRise < 1 {
		q.errorRise(s)
		out = append(out, q.finite())
	}
	if s.MaxP99Ratio > 0 && t.before.Latency.N > 0 {
		q := t.question(-1, Guard{Name: switchP99, Metric: LatencyP99, Versus: "before", Floor: s.Floor})
		q.p99Ratio(s)
		out = append(out, q.finite())
	}
	return out
}

// errorRise holds the error rate against what that before can have been at most,
// plus the bound; a tenth of the level pays for the first.
func (q *question) errorRise(s Switch) {
	k, n := q.candAll.Faults+q.candAll.Business, q.candAll.Calls
	kb, nb := q.before.Faults+q.before.Business, q.before.Calls
	q.N, q.Bound, q.Observed, q.Against = n, s.MaxErrorRise, ratio(k, n), ratio(kb, nb)
	_, most := sequential.Rate(kb, nb, 2*q.level/10)
	least, _ := sequential.Rate(kb, nb, 2*passLevel)
	lo, hi := sequential.Rate(k, n, 2*passLevel)
	q.Low, q.High = lo-q.Against, hi-q.Against
	breach := proof{sequential.LogE(k, n, math.Min(1, most+s.MaxErrorRise)), q.against(0).need - log09()}
	q.Plain = q.against(sequential.LogE(k, n, math.Min(1, most+s.MaxErrorRise+plainRise))).enough()
	limit := least + s.MaxErrorRise + rateTolerance
	passed := q.enough(s) && (limit >= 1 || passing(sequential.LogE(n-k, n, 1-limit)))
	text := fmt.Sprintf("errors in %s of %s calls (%s), before %s of %s (%s), %s more allowed", count(k), count(n), share(q.Observed),
		count(kb), count(nb), share(q.Against), exact(100*s.MaxErrorRise)+" points")
	q.settle(text, breach, passed, "surely under "+share(hi))
}

// enough reports whether both times saw enough calls for a pass. A breach needs
// evidence only.
func (q *question) enough(s Switch) bool {
	return q.candAll.Calls >= s.Calls && q.before.Calls >= s.Calls
}

func (q *question) p99Ratio(s Switch) {
	after, before := q.candAll.Latency, q.before.Latency
	if q.candAll.Units.N > 0 && q.before.Units.N > 0 {
		after, before = q.candAll.Units, q.before.Units
	}
	q.N, q.Bound = after.N, s.MaxP99Ratio
	q.Observed, q.Against = inMs(after.Quantile(0.99)), inMs(before.Quantile(0.99))
	// Nobody drew which calls came later; that each was as likely to come after as
	// its neighbours is all that can be said.
	q.theta0 = ratio(after.N, after.N+before.N)
	breach, passed := q.tails(after, before, tailRule{0.99, s.MaxP99Ratio, s.MaxP99Ratio * (1 + ratioTolerance), s.Floor, true})
	text := fmt.Sprintf("p99 is %s of %s calls, before %s of %s, %s times allowed", millis(q.Observed), count(after.N),
		millis(q.Against), count(before.N), exact(s.MaxP99Ratio))
	q.settle(text, breach, passed && q.enough(s), q.upTo())
}
