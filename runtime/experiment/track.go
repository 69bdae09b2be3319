package experiment

import (
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// Track keeps the course of an experiment for its report: at most mostMoments
// moments at even distances, thinned out as time goes on, and the last one. The zero
// value is empty. It is not safe for concurrent use.
type Track struct {
	moments []moment // the last one is replaced until it is gap after the one before
	gap     time.Duration
}

const (
	mostMoments = 160
	leastGap    = time.Second
)

// moment is what was known at one time; latencies are all until then, so that the
// difference of two moments is what came between them, whichever are left.
type moment struct {
	proof     compare.ProofPoint
	latencies [2][coarseSize]uint32 // reference, candidate
}

// Add notes a look and the tally that it looked at.
func (t *Track) Add(f Finding, tally *Tally, since time.Duration) { t.add(f.Proof, tally, since) }

func (t *Track) add(proof compare.ProofPoint, tally *Tally, since time.Duration) {
	m := moment{proof: proof}
	m.proof.At = since
	for i, buckets := range [][]int64{tally.reference.latency, tally.candidate.latency} {
		for b, n := range folded(buckets) {
			m.latencies[i][b] = uint32(n) //nolint:gosec // fewer than four billion in one bucket
		}
	}
	if n := len(t.moments); n > 0 && since < t.moments[n-1].proof.At {
		t.moments = nil // measurements began anew
	}
	t.gap = max(t.gap, leastGap)
	if n := len(t.moments); n > 1 && t.moments[n-1].proof.At-t.moments[n-2].proof.At < t.gap {
		t.moments[n-1] = m
		return
	}
	t.moments = append(t.moments, m)
	if len(t.moments) > mostMoments {
		t.thin()
	}
}

// thin drops every second moment; there is an odd number of them, so that the last
// one stays.
func (t *Track) thin() {
	t.gap *= 2
	kept := t.moments[:0]
	for i, m := range t.moments {
		if i%2 == 0 {
			kept = append(kept, m)
		}
	}
	t.moments = kept
}

func (t *Track) proofs() (out []compare.ProofPoint) {
	for i := range t.moments {
		out = append(out, t.moments[i].proof)
	}
	return out
}

// since is the time of the last look.
func (t *Track) since() time.Duration {
	if len(t.moments) == 0 {
		return 0
	}
	return t.moments[len(t.moments)-1].proof.At
}

// series is p50 and p99 of an arm from moment to moment; 0 is the reference.
func (t *Track) series(arm int) (out []compare.Moment) {
	var before [coarseSize]uint32
	from := time.Duration(0)
	for i := range t.moments {
		m := &t.moments[i]
		stretch := make([]int64, coarseSize)
		for b, n := range m.latencies[arm] {
			stretch[b] = int64(n - before[b])
		}
		before = m.latencies[arm]
		if n := total(stretch); n > 0 {
			out = append(out, compare.Moment{At: (from + m.proof.At) / 2, N: n, P50: span(coarseQuantile(stretch, 0.5)), P99: span(coarseQuantile(stretch, 0.99))})
		}
		from = m.proof.At
	}
	return out
}
