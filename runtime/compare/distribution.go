package compare

import (
	"math"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// longestCall is what a histogram holds; what took longer counts as that.
const longestCall = time.Hour

// mostSteps bounds the steps of a distribution function.
const mostSteps = 400

// distribution describes durations, in nanoseconds and grouped by rounds; nil if
// there are none. Quantiles are order statistics of all values.
func distribution(rounds [][]float64, o sample.Options) *Distribution {
	sorted := slices.Concat(rounds...)
	if len(sorted) == 0 {
		return nil
	}
	slices.Sort(sorted)
	total := 0.0
	for _, v := range sorted {
		total += v
	}
	d := &Distribution{
		N: int64(len(sorted)), Min: span(sorted[0]), Max: span(sorted[len(sorted)-1]), Mean: span(total / float64(len(sorted))),
		P50: quantile(sorted, 0.5), P90: quantile(sorted, 0.9), P99: quantile(sorted, 0.99), P999: quantile(sorted, 0.999),
		Steps: steps(sorted), HDR: histogram(sorted),
	}
	if b := sample.Band(sample.Collect(rounds), o); b < 1 {
		d.Band = b
	}
	return d
}

// span is a duration of so many nanoseconds.
func span(ns float64) time.Duration { return time.Duration(math.Round(ns)) }

// quantile is the value at which at least a share of p is reached.
func quantile(sorted []float64, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p * float64(len(sorted))))
	return span(sorted[min(max(rank, 1), len(sorted))-1])
}

// steps are the distribution function at even shares, and finer in its last
// hundredth.
func steps(sorted []float64) []Step {
	const even = 300
	n := float64(len(sorted))
	out := []Step{{At: span(sorted[0]), Share: share(sorted, sorted[0])}}
	add := func(p float64) {
		at := sorted[min(max(int(math.Ceil(p*n)), 1), len(sorted))-1]
		if last := out[len(out)-1]; span(at) > last.At {
			out = append(out, Step{At: span(at), Share: share(sorted, at)})
		}
	}
	for i := range even {
		add(0.99 * float64(i) / even)
	}
	for i := range mostSteps - even - 2 {
		add(1 - 0.01*math.Pow(10, -float64(i)/24))
	}
	add(1)
	return out
}

// share is the part of the values that are at most v.
func share(sorted []float64, v float64) float64 {
	n, _ := slices.BinarySearchFunc(sorted, v, func(a, b float64) int {
		if a <= b {
			return -1
		}
		return 1
	})
	return float64(n) / float64(len(sorted))
}

// histogram is the durations in the format of HdrHistogram V2, compressed, base64:
// three digits of each, from a nanosecond to an hour.
func histogram(durations []float64) string {
	h := hdr.New(1, int64(longestCall), 3)
	for _, v := range durations {
		_ = h.RecordValue(min(max(int64(v), 0), int64(longestCall))) // within the bounds
	}
	text, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil { // not to memory
		return ""
	}
	return string(text)
}
