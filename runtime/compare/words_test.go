package compare_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
)

// weighed is a subject that executes so many instructions.
func weighed(name string, instructions int64) compare.Subject {
	s := timed(name, always(10*time.Microsecond), echo)
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		a := call(ctx, in, used)
		used.Instructions = instructions
		return a
	}
	return s
}

func TestVerdictsOnOtherMetrics(t *testing.T) {
	for _, c := range []struct {
		metric     string
		hypothesis compare.Hypothesis
		a, b       compare.Subject
		word       compare.Word
		says       string
	}{
		{"instructions", "", weighed("old", 1000), weighed("new", 1100), compare.Worse,
			"new is 10 % dearer than old in instructions: 1100 against 1000 (ratio 1.100, 95 % interval 1.100 to 1.100, margin 1.05)."},
		{"instructions", compare.WhetherBetter, weighed("old", 1000), weighed("new", 500), compare.Better, "new is 2 times cheaper than old in instructions: "},
		{"instructions", "", weighed("old", 0), weighed("new", 500), compare.Undecided, "It is not known how new compares with old in instructions: "},
		{"latency_mean", "", weighed("old", 0), timed("new", always(11*time.Microsecond), echo), compare.Worse, "new is 10 % slower than old on average: 11 µs against 10 µs"},
		{"latency_p90", "", weighed("old", 0), timed("new", always(11*time.Microsecond), echo), compare.Worse, "new is 10 % slower than old at the 90th percentile: "},
		{"latency_p99", compare.WhetherNotWorse, timed("old", around(10_000, 1), echo), timed("new", around(10_000, 2), echo), compare.Undecided,
			"It is undecided whether new is not slower than old by more than 1 % at the 99th percentile: "},
	} {
		plan := small()
		plan.Metric, plan.Hypothesis = c.metric, c.hypothesis
		if c.word == compare.Undecided {
			plan.Margin = 0.01
		}
		v := two(t, plan, c.a, c.b).Verdicts[0]
		if v.Word != c.word || !strings.HasPrefix(v.Sentence, c.says) || v.Metric != c.metric {
			t.Errorf("%s: %+v, want %s", c.metric, v, c.says)
		}
	}
}

func TestWhatIsUndecidedSaysHowManyRoundsMayDecide(t *testing.T) {
	plan := small()
	plan.Margin = 0.002
	v := two(t, plan, timed("old", around(10_000, 1), echo), timed("new", around(10_000, 2), echo)).Verdicts[0]
	if v.Word != compare.Undecided || !strings.Contains(v.Next, "rounds") {
		t.Errorf("%+v", v)
	}
	plan.Margin, plan.Rounds, plan.Alpha = 0.05, 10, 0.0005
	v = two(t, plan, timed("old", around(10_000, 1), echo), timed("new", around(10_000, 2), echo)).Verdicts[0]
	if v.Word != compare.Undecided || !strings.Contains(v.Sentence, "too few rounds to bound it") || !strings.Contains(v.Next, "more than 10") {
		t.Errorf("%+v", v)
	}
}
