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

// TestADifferenceIsDrawnAsOne: the interval of a rate is one of points around 0, over
// time as well.
func TestADifferenceIsDrawnAsOne(t *testing.T) {
	r := rates()
	r.Evidence[0].Points = []compare.ProofPoint{{At: time.Second, Change: compare.Interval{Lo: -1, Point: 0.01, Hi: 1}}, {At: 2 * time.Second, Units: 500, Change: r.Verdicts[0].Value}}
	page := draw(t, r)
	at := strings.Index(page, `<figure id="known-1"`)
	if at < 0 {
		t.Fatal("what is known over time is not drawn")
	}
	figure, _, _ := strings.Cut(page[at:], "</figure>")
	if strings.Contains(page, "margin 1.020×") {
		t.Error("the margin of rates is drawn for ratios")
	}
	if strings.Contains(figure, "×") || strings.Contains(figure, "ratio") || !strings.Contains(figure, "−0.200 pp [−1.20, +0.800 pp] after 500 units") || !strings.Contains(figure, "margin +2.00 pp") {
		t.Errorf("%s", figure)
	}
}

// TestABandIsOfTheLevelOfItsReport and not always of 95 %.
func TestABandIsOfTheLevelOfItsReport(t *testing.T) {
	r := offline(2)
	for i := range r.Metrics {
		r.Metrics[i].Level = 0.99
	}
	if page := draw(t, r); !strings.Contains(page, "the band in which the whole curve lies, 99\u00a0%.") {
		t.Errorf("no band at 99 %%")
	}
}

// TestTheMarginOfRatesIsInPoints also for those who have the picture read aloud.
func TestTheMarginOfRatesIsInPoints(t *testing.T) {
	v := compare.Verdict{Arm: "b", Metric: "error_rate", Scale: compare.Difference, Margin: 0.02, Value: compare.Interval{Lo: -0.01, Point: 0.001, Hi: 0.01}}
	m := compare.Metric{Arm: "b", Name: "error_rate", Unit: "share", Scale: compare.Difference, Change: v.Value}
	a := gaugeAxis([]compare.Verdict{v}, compare.Difference)
	if g := string(gauge("g", team{}, v, m, a)); !strings.Contains(g, "margin 2.00 pp</desc>") || !a.inside(0.02) || !a.inside(-0.02) {
		t.Errorf("%s", g)
	}
}

// TestAClearChangeOfARateMayBeWithinTheMargin: the table says what the verdict says.
func TestAClearChangeOfARateMayBeWithinTheMargin(t *testing.T) {
	v := compare.Verdict{Arm: "b", Metric: "error_rate", Scale: compare.Difference, Margin: 0.02}
	m := compare.Metric{Arm: "b", Name: "error_rate", Unit: "share", Scale: compare.Difference, Clear: true, Change: compare.Interval{Lo: 0.001, Point: 0.003, Hi: 0.006}}
	beyond, slower := m, m
	beyond.Change.Hi = 0.03
	slower.Unit = "ns"
	list, _ := tables(team{}, &compare.Report{Verdicts: []compare.Verdict{v}, Metrics: []compare.Metric{m, beyond, slower}})
	for i, want := range []string{"within margin", "worse", "worse"} {
		if got := list[0].Rows[i].Reading; got != want {
			t.Errorf("row %d is %q, want %q", i+1, got, want)
		}
	}
}

// TestCostsHaveTheirLengthsBesideEachOther and the interval that they have.
func TestCostsHaveTheirLengthsBesideEachOther(t *testing.T) {
	cost := func(throughput, compile, wide float64) compare.Arm {
		return compare.Arm{Cost: &compare.Cost{Throughput: throughput, Compile: compare.Interval{Lo: compile - wide, Point: compile, Hi: compile + wide}}}
	}
	g := costs(newTeam(&compare.Report{Arms: []compare.Arm{cost(100, 2e6, 1e6), cost(25, 1e6, 0), cost(math.Inf(1), math.NaN(), 0)}}))
	var got []string
	for _, r := range g.Rows {
		for _, c := range r.Cells {
			length := regexp.MustCompile(`width="([0-9.]+)%"/>`).FindStringSubmatch(string(c.Bar))
			got = append(got, c.Text, c.Exact, strings.Join(length[min(len(length), 1):], ""))
		}
	}
	if want := "100 /s||100|25.0 /s||25|–|||2.00 ms|1.00 ms to 3.00 ms|100|1.00 ms||50|–||"; strings.Join(got, "|") != want {
		t.Errorf("%s, want %s", strings.Join(got, "|"), want)
	}
}

func TestWhereItWasMeasuredIsTold(t *testing.T) {
	for n, want := range map[int]string{0: "linux/amd64", 1: "linux/amd64, 1 processor", 2: "linux/amd64, 2 processors"} {
		if got := where(compare.Host{OS: "linux", Arch: "amd64", Processors: n}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
