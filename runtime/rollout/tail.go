package rollout

import (
	"fmt"
	"math"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// What comparisons of latency tolerate that say nothing of it: a share of units for
// whole distributions, a part of the bound for quantiles.
const (
	shiftTolerance = 0.25
	ratioTolerance = 0.5
)

// quantileOf is the share of calls that a latency metric is about.
func quantileOf(m Metric) float64 {
	switch m {
	case LatencyP50:
		return 0.5
	case LatencyP95:
		return 0.95
	case LatencyP99:
		return 0.99
	}
	return 0.999
}

func inMs(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func ofMs(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// over counts what surely took longer than d, under what surely did not.
func over(b []int64, d time.Duration) (n int64) {
	for i := range b {
		if histogram.Low(i) >= d {
			n += b[i]
		}
	}
	return n
}

// above counts all that may have taken longer than d.
func above(b []int64, d time.Duration) int64 { return total(b) - under(b, d) }

func under(b []int64, d time.Duration) (n int64) {
	for i := range b {
		if histogram.High(i) <= d {
			n += b[i]
		}
	}
	return n
}

// total is how many durations there are: what the buckets say, not what is said
// beside them.
func total(b []int64) (n int64) {
	for _, c := range b {
		n += c
	}
	return n
}

// quantile holds a quantile against a bound: is the share of units beyond it larger
// than the quantile leaves?
func (q *question) quantile() {
	p, bound := quantileOf(q.guard.Metric), value(q.guard.Max)
	limit := bound + q.guard.tolerance(bound*ratioTolerance)
	b := buckets(q.candAll.Units)
	n, beyond := total(b), over(b, ofMs(bound))
	q.interval(b, p)
	q.N, q.Bound, q.Observed = n, bound, inMs(q.candAll.Units.Quantile(p))
	passed := passing(sequential.LogE(under(b, ofMs(limit)), n, p))
	text := fmt.Sprintf("candidate %s at %s of %s %s, %s allowed, %s took longer", millis(q.Observed), percentile(p), count(n), q.noun(),
		exact(bound)+" ms", share(ratio(beyond, n)))
	q.settle(text, q.against(sequential.LogE(beyond, n, 1-p)), passed, q.upTo())
	q.excuse(inMs(q.otherAll.Units.Quantile(p)), bound, millis, func() float64 {
		log, _ := sequential.LogSlower(b, buckets(q.otherAll.Units), 0, q.theta0)
		return log
	})
}

func percentile(p float64) string { return "p" + decimal(float64(int64(p*1000))/10).String() }

// interval is that of the candidate's quantile in milliseconds.
func (q *question) interval(b []int64, p float64) {
	lo, hi := sequential.Quantile(b, p, 2*passLevel)
	q.Low, q.High = inMs(histogram.Low(lo)), inMs(histogram.High(hi))
}

func (q *question) upTo() string {
	if q.High >= inMs(histogram.High(histogram.Size-1)) {
		return "no upper limit yet"
	}
	return "surely under " + millis(q.High)
}

// quantiles compares a quantile with that of the other arm.
func (q *question) quantiles() {
	p, bound := quantileOf(q.guard.Metric), value(q.guard.MaxRatio)
	limit := bound + q.guard.tolerance(bound*ratioTolerance)
	q.Bound, q.N = bound, q.candAll.Units.N
	q.Observed, q.Against = inMs(q.candAll.Units.Quantile(p)), inMs(q.otherAll.Units.Quantile(p))
	breach, passed := q.tails(q.candAll.Units, q.otherAll.Units, tailRule{p, bound, limit, q.guard.Floor, false})
	text := fmt.Sprintf("candidate %s at %s of %s %s, %s %s, %s times allowed", millis(q.Observed), percentile(p), count(q.N), q.noun(),
		q.guard.Versus, millis(q.Against), exact(bound))
	q.settleDrawn(text, breach, passed, q.upTo())
}

// tailRule says by how much a quantile may be larger.
type tailRule struct {
	p, bound, limit float64
	floor           time.Duration
	settled         bool // b's values are all known before the first one of a
}

// halves bets half on each of two e-processes.
func halves(a, b float64) float64 {
	most := max(a, b)
	return most + math.Log((math.Exp(a-most)+math.Exp(b-most))/2)
}

// atEdge is the evidence at the one place that is asked for: that more of slow is
// above so many times the edge than of fast is above the edge.
func (q *question) atEdge(slow, fast []int64, edge time.Duration, times float64) float64 {
	k, others := over(slow, ofMs(times*inMs(edge))), above(fast, edge)
	return sequential.LogE(k, k+others, q.theta0)
}

// tails is the evidence that a's quantile is more than bound times b's, and whether
// it is surely less than limit times. Intervals of two quantiles far out would need
// thousands of units; so the evidence is that a is slower by the bound anywhere, and
// counts when the quantile is, too.
func (q *question) tails(a, b histogram.Counts, r tailRule) (breach proof, passed bool) {
	slow, fast := fold(buckets(a), r.floor), fold(buckets(b), r.floor)
	q.interval(slow, r.p)
	breach = q.against(0)
	if inMs(a.Quantile(r.p)) > r.bound*inMs(max(b.Quantile(r.p), r.floor)) {
		breach.log, _ = sequential.LogSlower(slow, fast, histogram.ShiftOf(r.bound), q.theta0)
		if r.settled {
			breach.log = halves(breach.log, q.atEdge(slow, fast, max(b.Quantile(r.p), r.floor), r.bound))
		}
	}
	lo, _ := sequential.Quantile(fast, r.p, 2*passLevel)
	least := ofMs(inMs(max(histogram.Low(lo), r.floor)) * r.limit)
	return breach, total(fast) > 0 && passing(sequential.LogE(under(slow, least), total(slow), r.p))
}

// shift compares whole distributions: it sees all units slower, and a few much
// slower. Latencies up to the floor are as good as each other.
func (q *question) shift() {
	a, b := fold(buckets(q.candAll.Units), q.guard.Floor), fold(buckets(q.otherAll.Units), q.guard.Floor)
	bound := value(q.guard.MaxRatio)
	climb := histogram.ShiftOf(bound)
	log, at := sequential.LogSlower(a, b, climb, q.theta0)
	band := sequential.Shift(a, b, climb, 2*passLevel)
	q.N, q.Bound = total(a), bound
	q.Observed, q.Against = inMs(q.candAll.Units.Quantile(0.95)), inMs(q.otherAll.Units.Quantile(0.95))
	q.Low, q.High = max(0, band.Gap-band.Radius), min(1, band.Gap+band.Radius)
	passed := q.N > 0 && total(b) > 0 && q.High <= q.lenient(shiftTolerance, 2*shiftTolerance)
	text := q.slowest(a, b, at, at-climb)
	q.settleDrawn(text, q.against(log), passed, fmt.Sprintf("surely less than %s are over %s times slower", share(q.High), exact(bound)))
}

// slowest tells how many of both arms are above their edges, or, if nobody is, how
// slow they are.
func (q *question) slowest(a, b []int64, at, other int) string {
	if beyond(a, at) == 0 && beyond(b, other) == 0 {
		return fmt.Sprintf("candidate %s at p95 of %s %s, %s %s of %s", millis(q.Observed), count(q.N), q.noun(), q.guard.Versus, millis(q.Against), count(total(b)))
	}
	return fmt.Sprintf("of candidate's %s %s %s took over %s, of %s's %s %s took over %s", count(q.N), q.noun(),
		share(beyond(a, at)), millis(inMs(histogram.Low(at))), q.guard.Versus, count(total(b)), share(beyond(b, other)),
		millis(inMs(histogram.Low(other))))
}

// beyond is the share of what is in a bucket or above it.
func beyond(b []int64, bucket int) float64 {
	return ratio(total(b[min(max(bucket, 0), len(b)):]), total(b))
}

// fold makes all durations up to the floor equal.
func fold(b []int64, floor time.Duration) []int64 {
	if floor <= 0 {
		return b
	}
	f := histogram.Index(floor)
	for i := range b[:f] {
		b[f] += b[i]
		b[i] = 0
	}
	return b
}
