package compare_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/swapline/swapline/runtime/compare"
)

func TestIntervalsDecide(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name    string
		ask     compare.Question
		between [2]float64
		word    compare.Word
		not     bool
	}{
		{"within, either way", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio}, [2]float64{0.97, 1.04}, compare.Equivalent, true},
		{"over the margin", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio}, [2]float64{0.97, 1.06}, compare.Undecided, false},
		{"under the margin, too", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio}, [2]float64{0.94, 1.02}, compare.Undecided, true},
		{"beyond", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio}, [2]float64{1.051, 2}, compare.Worse, false},
		{"beyond without end", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio}, [2]float64{1.051, inf}, compare.Worse, false},
		{"beyond, other way", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio}, [2]float64{0, 0.95}, compare.Better, true},
		{"1/1.05 is the margin, not 0.95", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio}, [2]float64{0.9525, 1}, compare.Equivalent, true},
		{"not worse", compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: 0.25, Scale: compare.Ratio}, [2]float64{0.9, 1.24}, compare.Equivalent, true},
		{"better at all", compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: 0.25, Scale: compare.Ratio}, [2]float64{0.9, 0.99}, compare.Better, true},
		{"worse by more", compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: 0.25, Scale: compare.Ratio}, [2]float64{1.26, 1.3}, compare.Worse, false},
		{"worse, by how much is open", compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: 0.25, Scale: compare.Ratio}, [2]float64{1.1, 1.3}, compare.Undecided, false},
		{"better than nothing", compare.Question{Hypothesis: compare.WhetherBetter, Scale: compare.Ratio}, [2]float64{0.9, 0.99}, compare.Better, true},
		{"better is not shown", compare.Question{Hypothesis: compare.WhetherBetter, Margin: 0.1, Scale: compare.Ratio}, [2]float64{0.9, 0.99}, compare.Undecided, true},
		{"worse at all", compare.Question{Hypothesis: compare.WhetherBetter, Margin: 0.1, Scale: compare.Ratio}, [2]float64{1.01, 1.02}, compare.Worse, true},
		{"of throughput more is better", compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: 0.05, Scale: compare.Ratio, HigherIsBetter: true}, [2]float64{1.06, 2}, compare.Better, true},
		{"of throughput less is worse", compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: 0.05, Scale: compare.Ratio, HigherIsBetter: true}, [2]float64{0.5, 0.9}, compare.Worse, false},
		{"points", compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: 0.01, Scale: compare.Difference}, [2]float64{-0.02, 0.009}, compare.Equivalent, true},
		{"points beyond", compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: 0.01, Scale: compare.Difference}, [2]float64{0.011, 0.02}, compare.Worse, false},
	} {
		word, not := c.ask.Decide(compare.Interval{Lo: c.between[0], Point: (c.between[0] + c.between[1]) / 2, Hi: c.between[1]})
		if word != c.word || not != c.not {
			t.Errorf("%s: %s, not worse %v", c.name, word, not)
		}
		if word, not := c.ask.Decide(compare.Unknown()); word != compare.Undecided || not {
			t.Errorf("%s, unknown: %s, %v", c.name, word, not)
		}
	}
}

// TestNarrowerIntervalsDoNotTurnAVerdictRound draws intervals and others within them.
func TestNarrowerIntervalsDoNotTurnAVerdictRound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	turned := map[compare.Word]compare.Word{compare.Worse: compare.Better, compare.Better: compare.Worse, compare.Equivalent: compare.Worse}
	for range 50_000 {
		q := compare.Question{
			Hypothesis: []compare.Hypothesis{compare.WhetherEquivalent, compare.WhetherNotWorse, compare.WhetherBetter}[random.IntN(3)],
			Margin:     float64(random.IntN(4)) * 0.05, Scale: []compare.Scale{compare.Ratio, compare.Difference}[random.IntN(2)], HigherIsBetter: random.IntN(2) == 0,
		}
		wide := compare.Interval{Lo: 0.7 + 0.6*random.Float64(), Hi: 0}
		wide.Hi = wide.Lo + 0.3*random.Float64()
		if q.Scale == compare.Difference {
			wide.Lo, wide.Hi = wide.Lo-1, wide.Hi-1
		}
		narrow := compare.Interval{Lo: wide.Lo + (wide.Hi-wide.Lo)*random.Float64()/2, Hi: wide.Hi - (wide.Hi-wide.Lo)*random.Float64()/2}
		before, not := q.Decide(wide)
		after, notAfter := q.Decide(narrow)
		if before != compare.Undecided && (after == turned[before] || after == compare.Undecided) || not && !notAfter {
			t.Fatalf("%+v: %s, %v of %+v became %s, %v of %+v", q, before, not, wide, after, notAfter, narrow)
		}
	}
}

func TestWhatIsNotKnownIsNull(t *testing.T) {
	for _, c := range []struct {
		is   compare.Interval
		text string
	}{
		{compare.Interval{Lo: 1, Point: 2, Hi: 3}, `{"lo":1,"point":2,"hi":3}`},
		{compare.Unknown(), `{"lo":null,"point":null,"hi":null}`},
		{compare.Interval{Lo: math.Inf(-1), Point: 2, Hi: math.Inf(1)}, `{"lo":null,"point":2,"hi":null}`},
	} {
		text := must(json.Marshal(c.is))
		var back compare.Interval
		if err := json.Unmarshal(text, &back); err != nil || string(text) != c.text {
			t.Errorf("%s, %v", text, err)
		}
		if again := must(json.Marshal(back)); string(again) != c.text || back.Known() != c.is.Known() || math.IsInf(back.Hi, 1) != math.IsInf(c.is.Hi, 1) {
			t.Errorf("%+v came back as %+v", c.is, back)
		}
	}
	if err := json.Unmarshal([]byte(`[1]`), new(compare.Interval)); err == nil {
		t.Error("a list is an interval")
	}
}
