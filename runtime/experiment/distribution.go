package experiment

import (
	"math"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// mostSteps bounds the steps of a distribution function.
const mostSteps = 400

// distribution describes latencies, at most 0.14 % off; nil of none. The band holds
// at every moment at once, at a level of alpha.
func distribution(buckets []int64, alpha float64) *compare.Distribution {
	m := momentsOf(buckets)
	if m.n == 0 {
		return nil
	}
	d := &compare.Distribution{N: m.n, Mean: span(m.mean()), Steps: distributionSteps(buckets), HDR: exported(buckets)}
	d.Min, d.Max = d.Steps[0].At, d.Steps[len(d.Steps)-1].At
	d.P50, d.P90 = span(quantile(buckets, 0.5)), span(quantile(buckets, 0.9))
	d.P99, d.P999 = span(quantile(buckets, 0.99)), span(quantile(buckets, 0.999))
	if band := sequential.Radius(m.n, alpha); band < 1 {
		d.Band = band
	}
	return d
}

// span is a duration of so many nanoseconds.
func span(ns float64) time.Duration { return time.Duration(math.Round(ns)) }

// distributionSteps are at the first and at the last bucket, and between them
// wherever a share or a stretch of the ladder of a part of the whole has passed.
func distributionSteps(buckets []int64) []compare.Step {
	const parts = mostSteps/2 - 2
	first, last := ends(buckets)
	all, stretch := total(buckets), max((last-first+parts-1)/parts, 1)
	out := make([]compare.Step, 0, mostSteps)
	below, told, at := int64(0), int64(0), first
	for b := first; b <= last; b++ {
		below += buckets[b]
		new := below - told
		if new == 0 || b != first && b != last && new*parts < all && b-at < stretch {
			continue
		}
		out = append(out, compare.Step{At: span(middle(b)), Share: float64(below) / float64(all)})
		told, at = below, b
	}
	return out
}

// ends are the first and the last bucket with anything in it.
func ends(buckets []int64) (first, last int) {
	first = -1
	for b, n := range buckets {
		if n > 0 && first < 0 {
			first = b
		}
		if n > 0 {
			last = b
		}
	}
	return max(first, 0), last
}

// exported is the latencies in the format of HdrHistogram V2, compressed, base64:
// three digits, in which the middle of each bucket stands for it.
func exported(buckets []int64) string {
	h := hdr.New(1, int64(time.Hour), 3)
	for b, n := range buckets {
		if n > 0 {
			_ = h.RecordValues(int64(middle(b)), n) // within the bounds
		}
	}
	text, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil { // not to memory
		return ""
	}
	return string(text)
}

// coarseQuantile is quantile on the ladder of a course.
func coarseQuantile(buckets []int64, p float64) float64 { return edge(coarse * position(buckets, p)) }
