package sample

import (
	"math"
	"slices"
	"testing"
)

func options() Options { return Options{Level: 0.95, Resamples: 500, Seed: 7} }

func shares() []float64 { return []float64{0.5, 0.9, 0.99} }

func times(rounds [][]float64, factor float64) [][]float64 {
	out := make([][]float64, len(rounds))
	for i, values := range rounds {
		for _, v := range values {
			out[i] = append(out[i], factor*v)
		}
	}
	return out
}

func near(a, b Interval, part float64) bool {
	close := func(x, y float64) bool { return math.Abs(x-y) <= part*math.Abs(y) }
	return close(a.Lo, b.Lo) && close(a.Point, b.Point) && close(a.Hi, b.Hi)
}

// TestRatiosFollowAFactor: twice the values are twice the ratio, and the ratio the
// other way round is the inverse.
func TestRatiosFollowAFactor(t *testing.T) {
	x, y := made(dice(1), 12, 300, 0), made(dice(2), 12, 300, 0)
	a, b, twice := Collect(x), Collect(y), Collect(times(y, 2))
	ask := map[string]func(a, b *Rounds) []Interval{
		"quantiles": func(a, b *Rounds) []Interval { return QuantileRatios(a, b, shares(), options()) },
		"median":    func(a, b *Rounds) []Interval { return []Interval{MedianRatio(a, b, 0.95)} },
		"mean":      func(a, b *Rounds) []Interval { return []Interval{MeanRatio(a, b, options())} },
		"shift":     func(a, b *Rounds) []Interval { return ShiftFunction(a, b, shares(), options()) },
	}
	for name, ratios := range ask {
		back := ratios(b, a)
		double := ratios(a, twice)
		for i, r := range ratios(a, b) {
			if !r.Bounded() || !(r.Lo < r.Point && r.Point < r.Hi) || r.Lo > 1.2 || r.Hi < 0.85 {
				t.Errorf("%s: %v", name, r)
			}
			if !near(double[i], Interval{2 * r.Lo, 2 * r.Point, 2 * r.Hi}, 1e-9) {
				t.Errorf("%s: %v, of twice the values %v", name, r, double[i])
			}
			if !near(back[i], Interval{1 / r.Hi, 1 / r.Point, 1 / r.Lo}, 1e-9) {
				t.Errorf("%s: %v, the other way round %v", name, r, back[i])
			}
		}
	}
}

// TestRoundsOfBothArmsAreDrawnTogether: what both arms have in a round is not in
// their ratio.
func TestRoundsOfBothArmsAreDrawnTogether(t *testing.T) {
	random := dice(3)
	var x, y [][]float64
	for range 20 {
		speed := math.Exp(0.5 * random.NormFloat64())
		x = append(x, times(made(random, 1, 200, 0), speed)[0])
		y = append(y, times(made(random, 1, 200, 0), speed)[0])
	}
	a, b := Collect(x), Collect(y)
	slices.Reverse(y)
	apart := QuantileRatios(a, Collect(y), []float64{0.5}, options())[0]
	for _, r := range []Interval{MedianRatio(a, b, 0.95), QuantileRatios(a, b, []float64{0.5}, options())[0], MeanRatio(a, b, options())} {
		if wide := math.Log(r.Hi / r.Lo); wide > 0.5*math.Log(apart.Hi/apart.Lo) {
			t.Errorf("%v is not narrower than that of rounds that are no pairs, %v", r, apart)
		}
	}
}

func TestTheSameSeedGivesTheSameIntervals(t *testing.T) {
	a, b := Collect(made(dice(4), 10, 100, 0)), Collect(made(dice(5), 10, 100, 0))
	other := options()
	other.Seed++
	first, again, differs := QuantileRatios(a, b, shares(), options()), QuantileRatios(a, b, shares(), options()), QuantileRatios(a, b, shares(), other)
	if !slices.Equal(first, again) || slices.Equal(first, differs) {
		t.Errorf("%v, again %v, another seed %v", first, again, differs)
	}
}

func TestThereAreNoBoundsWithoutEnoughRoundsOrTails(t *testing.T) {
	few, many := Collect(made(dice(6), 4, 500, 0)), Collect(made(dice(6), 20, 500, 0))
	short := Collect(made(dice(7), 10, 100, 0))
	for name, i := range map[string]Interval{
		"ratio of 4 rounds":          QuantileRatios(few, few, []float64{0.5}, options())[0],
		"mean ratio of 4 rounds":     MeanRatio(few, few, options()),
		"shift of 4 rounds":          ShiftFunction(few, few, []float64{0.5}, options())[0],
		"ratio of p99.9 of 1,000":    QuantileRatios(short, short, []float64{0.999}, options())[0],
		"shift at p99.9 of 1,000":    ShiftFunction(short, short, []float64{0.999}, options())[0],
		"no resamples":               QuantileRatios(many, many, []float64{0.5}, Options{Level: 0.95})[0],
		"median ratio of 4 rounds":   MedianRatio(few, few, 0.95),
		"ratio of means of 2 rounds": RatioOfMeans([]float64{1, 2}, []float64{2, 2}, options()),
	} {
		if i.Bounded() || !i.Known() || i.Lo > 0 || !math.IsInf(i.Hi, 1) {
			t.Errorf("%s: %v", name, i)
		}
	}
	if Band(few, options()) != 1 || Band(many, Options{Level: 0.95}) != 1 {
		t.Error("a band of nothing")
	}
	for _, i := range QuantileRatios(many, many, []float64{0.5, 0.99, 0.999}, options()) {
		if !i.Bounded() {
			t.Errorf("%v of 20 rounds of 500", i)
		}
	}
}

// TestATailOfOneRoundBoundsNothing: what happened in one round may happen in any.
func TestATailOfOneRoundBoundsNothing(t *testing.T) {
	rounds := made(dice(8), 10, 100, 0)
	for i := range 60 {
		rounds[3][i] *= 100
	}
	r := Collect(rounds)
	for p, want := range map[float64]bool{0.05: true, 0.5: true, 0.8: true, 0.95: false} {
		if got := QuantileRatios(r, r, []float64{p}, options())[0].Bounded(); got != want {
			t.Errorf("p%v of rounds of which one has the tail: bounded %v", 100*p, got)
		}
	}
}

func TestWhatIsNoPairOrNotPositiveHasNoRatio(t *testing.T) {
	ten, eleven := Collect(made(dice(8), 10, 50, 0)), Collect(made(dice(8), 11, 50, 0))
	zero, none := Collect(times(made(dice(8), 10, 50, 0), 0)), Collect(nil)
	ok := []float64{1, 2, 3, 4, 5, 6}
	for name, i := range map[string]Interval{
		"no pairs":             QuantileRatios(ten, eleven, []float64{0.5}, options())[0],
		"means of no pairs":    MeanRatio(ten, eleven, options()),
		"medians of no pairs":  MedianRatio(ten, eleven, 0.95),
		"shift of no pairs":    ShiftFunction(ten, eleven, []float64{0.5}, options())[0],
		"by nothing":           QuantileRatios(zero, ten, []float64{0.5}, options())[0],
		"nothing":              MedianRatio(ten, zero, 0.95),
		"mean by nothing":      MeanRatio(zero, ten, options()),
		"shift by nothing":     ShiftFunction(zero, ten, []float64{0.5}, options())[0],
		"no rounds":            QuantileRatios(none, none, []float64{0.5}, options())[0],
		"no number":            RatioOfMeans(ok, []float64{1, 2, math.NaN(), 4, 5, 6}, options()),
		"unequal numbers":      RatioOfMeans(ok, ok[1:], options()),
		"negative":             PairedRatio(ok, []float64{1, 2, -3, 4, 5, 6}, 0.95),
		"paired, unequal":      PairedRatio(ok, ok[1:], 0.95),
		"paired, none":         PairedRatio(nil, nil, 0.95),
		"infinite":             PairedRatio(ok, []float64{1, 2, math.Inf(1), 4, 5, 6}, 0.95),
		"Hodges-Lehmann, none": HodgesLehmann(nil, ok, 0.95),
	} {
		if i.Known() || i.Bounded() {
			t.Errorf("%s: %v", name, i)
		}
	}
}

func TestARatioOfMeansMayHaveZeros(t *testing.T) {
	a, b := []float64{0, 2, 0, 2, 0, 2, 0, 2, 1, 1}, []float64{3, 3, 3, 3, 3, 3, 3, 3, 3, 3}
	i := RatioOfMeans(a, b, options())
	if !i.Bounded() || math.Abs(i.Point-3) > 1e-9 || i.Lo > 2.5 || i.Hi < 3.5 {
		t.Errorf("%v", i)
	}
	if same := RatioOfMeans(b, b, options()); !near(same, Interval{1, 1, 1}, 1e-12) {
		t.Errorf("%v of what never differs", same)
	}
}
