package rollout

import (
	"fmt"
	"math"

	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// mean holds the mean of a number against bounds. Where an interval is all there is,
// its width is the evidence: Evidence is only 0 or 1.
func (q *question) mean() {
	c := q.cand
	q.N, q.Observed = c.Units, ratioOf(c.Sum, c.Units)
	lo, hi := sequential.Mean(c.Units, c.Sum, c.Squares, q.level)
	q.Low, q.High = sequential.Mean(c.Units, c.Sum, c.Squares, 2*passLevel)
	breached, passed := false, c.Units > 0
	if q.guard.Max != nil {
		q.Bound = *q.guard.Max
		breached = lo > q.Bound
		passed = passed && q.High <= q.Bound+q.guard.tolerance(math.Abs(q.Bound)*ratioTolerance)
	}
	if q.guard.Min != nil {
		q.Bound = *q.guard.Min
		breached = breached || hi < q.Bound
		passed = passed && q.Low >= q.Bound-q.guard.tolerance(math.Abs(q.Bound)*ratioTolerance)
	}
	text := fmt.Sprintf("candidate %s %s, mean of %s %s, allowed %s", short(q.Observed), q.guard.what(), count(q.N), q.noun(), q.guard.allowed(exact))
	q.byInterval(text, breached, passed, between(lo, hi, ""))
}

func ratioOf(sum float64, n int64) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// byInterval settles a guard by an interval: beyond the bound, within it, or neither.
func (q *question) byInterval(text string, breached, passed bool, limits string) {
	switch {
	case breached:
		q.Opinion, q.Evidence = Breached, 1
	case passed:
		q.Opinion = Passed
	default:
		limits += ": too little to tell"
	}
	q.Sentence = q.guard.Name + ": " + text + ", " + limits
}

func between(lo, hi float64, unit string) string {
	if math.IsInf(lo, 0) || math.IsInf(hi, 0) || math.IsNaN(lo) || math.IsNaN(hi) {
		return "nothing is sure yet"
	}
	return "surely " + rounded(lo, 3) + " to " + rounded(hi, 3) + unit
}

// quotient compares the mean with so many times the other arm's.
func (q *question) quotient() {
	bound := value(q.guard.MaxRatio)
	q.compareMeans(bound)
	lo, hi := q.excess(bound, q.level)
	_, most := q.excess(bound+q.guard.tolerance(bound*ratioTolerance), 2*passLevel)
	q.Low, q.High = lo, hi
	q.byInterval(q.means()+", "+exact(bound)+" times allowed", lo > 0, most <= 0 && q.Against > 0,
		between(bound+lo/q.Against, bound+hi/q.Against, " times"))
}

// excess is the interval of the mean minus so many times the other arm's.
func (q *question) excess(times, alpha float64) (lo, hi float64) {
	return sequential.MeanChange(q.cand.Units, q.cand.Sum, q.cand.Squares,
		q.other.Units, times*q.other.Sum, times*times*q.other.Squares, alpha)
}

// change compares means in either direction.
func (q *question) change() {
	bound := value(q.guard.MaxChange)
	limit := bound + q.guard.tolerance(bound*ratioTolerance)
	q.compareMeans(bound)
	lo, hi := q.excess(1, q.level)
	q.Low, q.High = q.excess(1, 2*passLevel)
	q.byInterval(q.means()+", change allowed "+exact(bound), lo > bound || hi < -bound, q.Low >= -limit && q.High <= limit,
		between(lo, hi, " more"))
}

func (q *question) compareMeans(bound float64) {
	q.N, q.Bound = q.cand.Units, bound
	q.Observed, q.Against = ratioOf(q.cand.Sum, q.cand.Units), ratioOf(q.other.Sum, q.other.Units)
}

func (q *question) means() string {
	return fmt.Sprintf("candidate %s %s, mean of %s %s, %s %s of %s", short(q.Observed), q.guard.what(), count(q.N), q.noun(), q.guard.Versus,
		short(q.Against), count(q.other.Units))
}

// memory is read, not estimated.
func (q *question) memory() {
	bound, text := value(q.guard.Max), ""
	q.N, q.Observed = q.candAll.Calls, float64(q.candAll.Memory)
	known := q.candAll.Memory > 0
	if q.guard.Versus == "" {
		text = fmt.Sprintf("candidate uses %s bytes, allowed %s", short(q.Observed), exact(bound))
	} else {
		q.Against = float64(q.otherAll.Memory)
		known = known && q.otherAll.Memory > 0
		text = fmt.Sprintf("candidate uses %s bytes, %s %s, %s times allowed", short(q.Observed), q.guard.Versus, short(q.Against), exact(value(q.guard.MaxRatio)))
		bound = value(q.guard.MaxRatio) * q.Against
	}
	q.Bound, q.Low, q.High = bound, q.Observed, q.Observed
	switch {
	case !known:
		text = "memory is not known yet"
	case q.Observed > bound:
		q.Opinion, q.Evidence = Breached, 1
	default:
		q.Opinion = Passed
	}
	q.Sentence = q.guard.Name + ": " + text
}
