package sequential

import (
	"math"
	"testing"
)

func huge() []int64 {
	return []int64{math.MinInt64, -1, 0, 1, 2, 99, 100, 101, 1_000_000, 1_000_000_000_000, math.MaxInt64}
}

func shares() []float64 {
	return []float64{math.NaN(), math.Inf(-1), -1, 0, 1e-300, 1e-9, 0.01, 0.5, 0.999999, 1, 2, math.Inf(1)}
}

func TestNothingThatIsCountedIsNoNumber(t *testing.T) {
	for _, n := range huge() {
		for _, k := range huge() {
			for _, p := range shares() {
				sane(t, k, n, p)
			}
		}
	}
}

// sane checks what holds whatever was counted.
func sane(t *testing.T, k, n int64, p float64) {
	t.Helper()
	number := func(name string, x float64) {
		if math.IsNaN(x) {
			t.Errorf("%s of %d, %d, %v is no number", name, k, n, p)
		}
	}
	ordered := func(name string, lo, hi, least, most float64) {
		if !(least <= lo && lo <= hi && hi <= most) {
			t.Errorf("%s of %d, %d, %v: [%v, %v]", name, k, n, p, lo, hi)
		}
	}
	number("LogE", LogE(k, n, p))
	lo, hi := Rate(k, n, p)
	ordered("Rate", lo, hi, 0, 1)
	a, b := Arm{k, n}, Arm{n, k}
	number("LogIncrease", LogIncrease(a, b, p, 0.1))
	number("LogIncrease", LogIncrease(a, b, 0.1, p))
	lo, hi = Increase(a, b, p, 0.05)
	ordered("Increase", lo, hi, -1, 1)
	lo, hi = Increase(a, b, 0.05, p)
	ordered("Increase", lo, hi, -1, 1)
	r := Radius(n, p)
	ordered("Radius", r, r, 0, 1)
	lo, hi = Mean(n, float64(k), p, 0.01)
	ordered("Mean", lo, hi, math.Inf(-1), math.Inf(1))
	lo, hi = MeanChange(n, float64(k), p, k, p, float64(n), p)
	ordered("MeanChange", lo, hi, math.Inf(-1), math.Inf(1))
}

func TestMoreEventsAreMoreEvidence(t *testing.T) {
	for _, n := range []int64{1, 10, 1000, 1_000_000} {
		for _, p := range []float64{0.001, 0.05, 0.5} {
			for k := range min(n, 50) {
				if LogE(k, n, p) >= LogE(k+1, n, p) || LogE(k+1, n, p) <= LogE(k+1, n, p*1.1) {
					t.Errorf("%d of %d at %v: evidence does not rise with events and fall with theta0", k, n, p)
				}
				fewer, more := Arm{k, n}, Arm{k + 1, n}
				if LogIncrease(fewer, fewer, p, 0.01) >= LogIncrease(more, fewer, p, 0.01) {
					t.Errorf("%d of %d at %v: evidence does not rise with events", k, n, p)
				}
				lo, hi := Rate(k, n, 0.01)
				nextLo, nextHi := Rate(k+1, n, 0.01)
				if lo > nextLo || hi > nextHi || lo > float64(k)/float64(n) || hi < float64(k)/float64(n) {
					t.Errorf("%d of %d: [%v, %v], of one more [%v, %v]", k, n, lo, hi, nextLo, nextHi)
				}
			}
		}
	}
}

func TestMoreOfTheSameNarrowsIntervals(t *testing.T) {
	width := math.Inf(1)
	for n := int64(100); n < 1e15; n *= 10 {
		lo, hi := Rate(n/20, n, 0.001)
		low, high := Increase(Arm{n / 20, n}, Arm{n / 2, n * 10}, 1.0/11, 0.001)
		if !(hi-lo < width) || lo > 0.05 || hi < 0.05 || low > 0 || high < 0 {
			t.Errorf("n %d: [%v, %v], of a difference of 0 [%v, %v]", n, lo, hi, low, high)
		}
		width = hi - lo
	}
	if width > 0.001 {
		t.Errorf("after 1e14: still %v wide", width)
	}
}

func TestAStricterLevelWidensIntervals(t *testing.T) {
	alphas := []float64{0.1, 0.01, 0.001, 1e-6, 0}
	for i, alpha := range alphas[1:] {
		lo, hi := Rate(50, 1000, alphas[i])
		wideLo, wideHi := Rate(50, 1000, alpha)
		low, high := Increase(Arm{50, 1000}, Arm{400, 9000}, 0.1, alphas[i])
		wideLow, wideHigh := Increase(Arm{50, 1000}, Arm{400, 9000}, 0.1, alpha)
		if wideLo >= lo || wideHi <= hi || wideLow >= low || wideHigh <= high {
			t.Errorf("level %v is not wider than level %v", alpha, alphas[i])
		}
	}
}

func TestAQuantileLiesInItsBuckets(t *testing.T) {
	none := make([]int64, 10)
	if lo, hi := Quantile(none, 0.5, 0.01); lo != 0 || hi != 10 {
		t.Errorf("without values: %d, %d", lo, hi)
	}
	even := make([]int64, 100)
	for i := range even {
		even[i] = 100
	}
	for _, c := range []struct {
		p        float64
		low, top int // the interval reaches over these
		widest   int
	}{{0.5, 49, 50, 10}, {0.95, 94, 95, 6}, {0.99, 98, 99, 4}} {
		lo, hi := Quantile(even, c.p, 0.001)
		if lo > c.low || hi < c.top || hi-lo > c.widest {
			t.Errorf("quantile %v of an even spread: %d, %d", c.p, lo, hi)
		}
	}
	if lo, hi := Quantile([]int64{0, 0, 99, 0}, 0.999, 0.001); lo != 2 || hi != 4 {
		t.Errorf("p99.9 of 99 values: %d, %d, want no upper bound", lo, hi)
	}
	if lo, hi := Quantile([]int64{0, 5000, 0, 0}, 0.5, 0.001); lo != 1 || hi != 1 {
		t.Errorf("all values in one bucket: %d, %d", lo, hi)
	}
	if lo, hi := Quantile([]int64{1e12, 1e12, 1e12}, 0.5, 1e-9); lo != 1 || hi != 1 {
		t.Errorf("3e12 values: %d, %d", lo, hi)
	}
}

// spread puts values into buckets like a bell.
func spread(size, middle, width int, n float64) []int64 {
	out := make([]int64, size)
	for i := range out {
		far := float64(i-middle) / float64(width)
		out[i] = int64(n / float64(width) / 2.5066 * math.Exp(-far*far/2))
	}
	return out
}

func TestSlownessIsSeenBeyondItsShiftOnly(t *testing.T) {
	fast, slow := spread(482, 240, 10, 100_000), spread(482, 246, 10, 1000)
	for _, c := range []struct {
		shift int
		want  bool
	}{{0, true}, {2, true}, {6, false}, {9, false}} {
		band := Shift(slow, fast, c.shift, 0.001)
		logE, bucket := LogSlower(slow, fast, c.shift, 0.01)
		if band.Slower != c.want || (logE > math.Log(1000)) != c.want {
			t.Errorf("6 buckets slower, %d allowed: band %+v, logE %v", c.shift, band, logE)
		}
		if c.want && (band.Bucket < 230 || band.Bucket > 260 || bucket < 230 || bucket > 270) {
			t.Errorf("found at buckets %d and %d", band.Bucket, bucket)
		}
	}
	if band := Shift(fast, slow, 0, 0.001); band.Slower {
		t.Errorf("faster is not slower: %+v", band)
	}
	if logE, _ := LogSlower(fast, slow, 0, 0.99); logE > 0 {
		t.Errorf("faster is not slower: logE %v", logE)
	}
}

func TestATailIsSeenLongBeforeABandSeesIt(t *testing.T) {
	fast, slow := spread(482, 240, 10, 10_000), spread(482, 240, 10, 95)
	for range 5 {
		slow[300]++ // 5 % of 100
	}
	if logE, bucket := LogSlower(slow, fast, 0, 0.01); logE < math.Log(1000) || bucket < 275 || bucket > 300 {
		t.Errorf("logE %v at bucket %d", logE, bucket)
	}
	if band := Shift(slow, fast, 0, 0.001); band.Slower {
		t.Errorf("%+v: then the comment is wrong", band)
	}
}

func TestEdgesOfTheLadderAreNoEdgesOfTheCode(t *testing.T) {
	for _, shift := range []int{-1000, -482, -1, 0, 1, 481, 482, 1000, math.MaxInt32} {
		for _, buckets := range [][]int64{nil, {}, {5}, {5, 5}, make([]int64, 482), spread(482, 0, 3, 100), spread(482, 481, 3, 100)} {
			logE, bucket := LogSlower(buckets, buckets, shift, 0.5)
			band := Shift(buckets, buckets, shift, 0.01)
			if math.IsNaN(logE) || math.IsNaN(band.Gap) || bucket < 0 || bucket > max(0, len(buckets)-1) {
				t.Errorf("shift %d, %d buckets: %v at %d, %+v", shift, len(buckets), logE, bucket, band)
			}
			if shift >= 0 && (logE > 1e-9 || band.Slower) {
				t.Errorf("shift %d, %d buckets: slower than itself, %v, %+v", shift, len(buckets), logE, band)
			}
		}
	}
}

func FuzzCounts(f *testing.F) {
	f.Add(int64(3), int64(100), 0.01)
	f.Add(int64(1e12), int64(1e12), 1e-300)
	f.Fuzz(sane)
}

func FuzzBuckets(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200}, []byte{5, 6, 7, 8}, 1, 0.5)
	f.Fuzz(func(t *testing.T, slow, fast []byte, shift int, p float64) {
		a, b := make([]int64, len(fast)), make([]int64, len(fast))
		for i := range fast {
			b[i] = int64(fast[i]) << (fast[i] % 32)
			if i < len(slow) {
				a[i] = int64(slow[i]) << (slow[i] % 32)
			}
		}
		lo, hi := Quantile(a, p, 0.01)
		if lo < 0 || lo > hi || hi > len(a) {
			t.Errorf("quantile %v of %v: %d, %d", p, a, lo, hi)
		}
		logE, bucket := LogSlower(a, b, shift, p)
		if math.IsNaN(logE) || bucket < 0 || bucket > len(a) {
			t.Errorf("%v against %v by %d at %v: %v at %d", a, b, shift, p, logE, bucket)
		}
		if band := Shift(a, b, shift, p); !(band.Gap >= 0 && band.Gap <= 1 && band.Radius >= 0 && band.Radius <= 2) {
			t.Errorf("%v against %v by %d at %v: %+v", a, b, shift, p, band)
		}
	})
}
