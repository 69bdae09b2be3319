package histogram_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
)

const (
	least = 64 * time.Nanosecond
	most  = 1 << 36 * time.Nanosecond
)

func TestTheLadderHasTheStepsOfItsDescription(t *testing.T) {
	for _, c := range []struct {
		d      time.Duration
		bucket int
	}{
		{math.MinInt64, 0}, {-1, 0}, {0, 0}, {63, 0},
		{64, 1}, {66, 1}, {67, 2}, {128, 17}, {256, 33},
		{time.Millisecond, 223},
		{962_560, 223}, {962_559, 222}, {1_005_567, 223}, {1_005_568, 224},
		{time.Minute, 477}, {most - 1, 480}, {most, 481}, {math.MaxInt64, 481},
	} {
		if got := histogram.Index(c.d); got != c.bucket {
			t.Errorf("%d ns are in bucket %d, want %d", c.d, got, c.bucket)
		}
	}
	if histogram.Size != 482 {
		t.Errorf("%d buckets", histogram.Size)
	}
}

func TestEveryDurationIsBetweenTheEdgesOfItsBucket(t *testing.T) {
	check := func(d time.Duration) {
		b := histogram.Index(d)
		if d < histogram.Low(b) || d >= histogram.High(b) && b != histogram.Size-1 {
			t.Errorf("%d ns are in bucket %d, from %d to %d", d, b, histogram.Low(b), histogram.High(b))
		}
	}
	for b := range histogram.Size {
		check(histogram.Low(b))
		check(histogram.High(b) - 1)
		if histogram.Index(histogram.Low(b)) != b {
			t.Errorf("bucket %d begins at %d ns, which is in bucket %d", b, histogram.Low(b), histogram.Index(histogram.Low(b)))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(time.Duration(random.Uint64() >> random.UintN(64) >> 1))
	}
}

func TestEdgesAreEvenInTheLogarithm(t *testing.T) {
	for b := 1; b < histogram.Size-1; b++ {
		exact := math.Exp2(6 + float64(b-1)/16)
		limit := 0.0021
		if exact < 256 {
			limit = 0.0085
		}
		if off := float64(histogram.Low(b))/exact - 1; math.Abs(off) > limit {
			t.Errorf("bucket %d begins at %d ns, %.2f %% off", b, histogram.Low(b), 100*off)
		}
		if histogram.Index(time.Duration(exact*math.Exp2(1.0/32))) != b {
			t.Errorf("the middle of bucket %d is in another one", b)
		}
	}
}

func TestAFactorIsTheSameShiftEverywhere(t *testing.T) {
	for _, c := range []struct {
		ratio float64
		up    int // least shift that is at least the ratio
		down  int // greatest shift that is at most the ratio
	}{
		{1, 0, 0}, {2, 16, 16}, {0.5, -16, -16}, {4, 32, 32}, {math.Sqrt2, 8, 8},
		{1.1, 3, 2}, {1.25, 6, 5}, {1.5, 10, 9}, {0.9, -2, -3}, {10, 54, 53},
	} {
		if up, down := histogram.ShiftOf(c.ratio), -histogram.ShiftOf(1/c.ratio); up != c.up || down != c.down {
			t.Errorf("%g shifts by %d to %d, want %d to %d", c.ratio, down, up, c.down, c.up)
		}
	}
	for _, none := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := histogram.ShiftOf(none); got != 0 {
			t.Errorf("%g shifts by %d", none, got)
		}
	}
	for _, ratio := range []float64{1.1, 1.25, 1.5, 2} {
		for d := 300 * time.Nanosecond; d < 10*time.Second; d += d / 7 {
			climbed := histogram.Index(time.Duration(float64(d)*ratio)) - histogram.Index(d)
			if low, high := -histogram.ShiftOf(1/ratio), histogram.ShiftOf(ratio); climbed < low-1 || climbed > high+1 {
				t.Errorf("%s times %g climbs %d buckets, want %d to %d", d, ratio, climbed, low, high)
			}
		}
	}
}
