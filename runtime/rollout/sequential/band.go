package sequential

import "math"

// Radius is the time-uniform half width of a band around the empirical distribution
// function of n independent values: at no n, and nowhere, is the true one further
// away, but for a probability of alpha. It is 1 while it says nothing.
//
// It is 0.85*sqrt((log(log(e*n)) + 0.8*log(1612/alpha)) / n), theorem 2 of Howard
// and Ramdas (2022) with their constants, which hold for alpha up to 0.25.
func Radius(n int64, alpha float64) float64 {
	if n <= 0 || !(alpha > 0) {
		return 1
	}
	t := float64(n)
	c := 0.8 * math.Log(1612/math.Min(alpha, 0.25))
	return math.Min(1, 0.85*math.Sqrt((math.Log(1+math.Log(t))+c)/t))
}

// Band is what [Shift] finds.
type Band struct {
	Slower bool    // Gap is more than Radius
	Gap    float64 // greatest excess, as a difference of probabilities
	Radius float64 // of both bands together
	Bucket int     // of slow, from which on values are counted where the gap is
}

// Shift tells whether slow is stochastically slower than fast by more than shift
// buckets: whether, at some edge, more of slow lies shift buckets above it than of
// fast lies above it, by more than the two bands of alpha/2 are wide. It judges
// independent values; [LogSlower] finds the same sooner where arms are drawn.
func Shift(slow, fast []int64, shift int, alpha float64) Band {
	n, m := sum(slow), sum(fast)
	band := Band{Radius: Radius(n, alpha/2) + Radius(m, alpha/2)}
	if n == 0 || m == 0 {
		return band
	}
	edges(slow, fast, shift, 1, func(bucket int, above, otherAbove int64) {
		gap := float64(above)/float64(n) - float64(otherAbove)/float64(m)
		if gap > band.Gap {
			band.Gap, band.Bucket = gap, bucket
		}
	})
	band.Slower = band.Gap > band.Radius
	return band
}

// edges visits every so many edges of the ladder from its end, with how many values
// of fast lie above it and how many of slow above the bucket that is shift above.
func edges(slow, fast []int64, shift, every int, visit func(bucket int, above, otherAbove int64)) {
	above, otherAbove, next := int64(0), int64(0), len(slow)
	for edge := len(fast) - 1; edge > 0; edge-- {
		otherAbove += fast[edge]
		for next > max(edge+shift, 0) {
			next--
			above += slow[next]
		}
		if edge%every == 0 {
			visit(min(next, len(slow)-1), above, otherAbove)
		}
	}
}
