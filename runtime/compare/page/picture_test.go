package page

import (
	"html/template"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// attribute is a number that an element of a class has, without its unit.
func attribute(t *testing.T, picture template.HTML, class, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`class="` + class + `"[^>]* ` + name + `="([-0-9.]+)`).FindStringSubmatch(string(picture))
	if found == nil {
		t.Fatalf("no %s of %q in %s", name, class, picture)
	}
	v, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// judgedRatio is a verdict about a ratio, and its metric.
func judgedRatio(higherIsBetter bool) (compare.Verdict, compare.Metric) {
	v := compare.Verdict{Arm: "b", Metric: "m", Scale: compare.Ratio, Margin: 0.5, Value: compare.Interval{Lo: 0.9, Point: 1.1, Hi: 1.3}}
	return v, compare.Metric{Arm: "b", Name: "m", Scale: compare.Ratio, Change: v.Value, HigherIsBetter: higherIsBetter}
}

func TestTheGaugeNamesTheSideThatIsBetter(t *testing.T) {
	for higher, want := range map[bool]string{false: "← better", true: "← worse"} {
		v, m := judgedRatio(higher)
		if g := string(gauge("g", team{}, v, m, gaugeAxis([]compare.Verdict{v}, compare.Ratio))); !strings.Contains(g, want) {
			t.Errorf("higher is better %v: no %q in %s", higher, want, g)
		}
	}
}

// TestTheMarginIsAsFarEitherWay: 1.5 times as long is as far from the same as 1/1.5,
// in all pictures that have one axis of logarithms.
func TestTheMarginIsAsFarEitherWay(t *testing.T) {
	v, m := judgedRatio(false)
	a := gaugeAxis([]compare.Verdict{v}, compare.Ratio)
	for name, picture := range map[string]template.HTML{
		"gauge":  gauge("g", team{}, v, m, a),
		"bar":    bar(a, 0, m, 0.5),
		"forest": forest("f", team{}, []compare.Metric{m}, compare.Ratio, 0.5).Picture,
	} {
		from, wide, same := attribute(t, picture, "zone", "x"), attribute(t, picture, "zone", "width"), attribute(t, picture, "same", "x1")
		if !(wide > 1) || math.Abs(from+wide/2-same) > 0.02 {
			t.Errorf("%s: the margin is from %v to %v around %v", name, from, from+wide, same)
		}
	}
}

// TestADistributionRisesInStairs: between two steps nothing is known to be reached.
func TestADistributionRisesInStairs(t *testing.T) {
	d := &compare.Distribution{Steps: []compare.Step{{At: time.Microsecond, Share: 0.25}, {At: 2 * time.Microsecond, Share: 0.5}, {At: 8 * time.Microsecond, Share: 1}}}
	p := newPlot("p", "", "", durations("", 1000, 8000), shares(""), 100)
	p.distribution(0, d)
	got := regexp.MustCompile(` d="M([^"]*)"`).FindStringSubmatch(string(p.done()))
	if got == nil {
		t.Fatal("no curve")
	}
	var down []string
	for _, place := range strings.Split(got[1], "L") {
		_, y, _ := strings.Cut(place, " ")
		down = append(down, y)
	}
	if strings.Join(down, " ") != "100 75 75 50 50 0 0" {
		t.Errorf("the curve goes by %v", down)
	}
}

// TestEvidenceThatNobodyCouldGatherIsNoThreshold: a report may be anybody's.
func TestEvidenceThatNobodyCouldGatherIsNoThreshold(t *testing.T) {
	points := []compare.ProofPoint{{At: time.Second, Worse: 1}}
	for threshold, want := range map[float64]string{math.Log(40): "decided: 40 : 1", 700: "decided: 20 : 1", math.NaN(): "decided: 20 : 1", 0: "decided: 20 : 1"} {
		if f := evidence("e", team{}, compare.Proof{Threshold: threshold, Points: points}); !strings.Contains(string(f.Picture), want) {
			t.Errorf("%v: no %q", threshold, want)
		}
	}
}

func TestWhatIsDrawnDoesNotTouchTheEdge(t *testing.T) {
	if lo, hi := withMargin(0.5, 2, 0.1); !(lo < 0.49) || !(hi > 2.04) {
		t.Errorf("from %v to %v", lo, hi)
	}
}
