package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/compare"
)

// talkative is a report with as much to tell of each part as may be: so many arms, of
// which none answers as the reference does.
func talkative(arms int) *compare.Report {
	r := &compare.Report{Title: "t", Mode: compare.ModeOffline, Partial: "stopped", Command: "swapline compare", PlanHash: "x"}
	for i := range arms {
		name := fmt.Sprintf("arm%d", i)
		r.Arms = append(r.Arms, compare.Arm{Name: name})
		r.Health = append(r.Health, compare.Check{Name: "answers of " + name, Light: compare.Red}, compare.Check{Name: "more of " + name, Light: compare.Yellow})
		if i == 0 {
			continue
		}
		r.Verdicts = append(r.Verdicts, compare.Verdict{Arm: name, Word: compare.Undecided, Blocked: "answers"})
		a := compare.Answers{Arm: name, Compared: 10, Different: 10}
		for k := range 6 {
			a.Places = append(a.Places, compare.Place{Pointer: fmt.Sprintf("/p%d", k), Count: 3})
		}
		r.Answers = append(r.Answers, a)
		for k := range 25 {
			r.Metrics = append(r.Metrics, compare.Metric{Arm: name, Name: fmt.Sprint(k), Label: fmt.Sprint("m", k), Scale: compare.Ratio, Change: compare.Interval{Lo: 1, Point: 1, Hi: 1}})
		}
	}
	return r
}

// TestATextForAPullRequestIsShort however much there is to tell, and has all its parts.
func TestATextForAPullRequestIsShort(t *testing.T) {
	for _, arms := range []int{1, 2, 4, 6, 8, 20} {
		var b strings.Builder
		if err := Markdown(&b, talkative(arms)); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "\n"); n > tellLines || !strings.HasSuffix(b.String(), "</details>\n") || arms > 1 && !strings.Contains(b.String(), "Answers of arm1") {
			t.Errorf("%d arms: %d lines\n%s", arms, n, b.String())
		}
	}
}
