package experiment

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/swapline/swapline/runtime/compare"
)

func facts() Facts {
	return Facts{Strategy: "risk", Started: time.Unix(1e9, 0).UTC(), Reference: compare.Arm{Name: "native", Version: "1.0.0"},
		Candidate: compare.Arm{Name: "wasm", Version: "1.0.1"}, Notes: []string{"noted"}, Command: "swapline experiment start"}
}

func TestAReportHasAllThatWasMeasured(t *testing.T) {
	for _, text := range []string{`{"sticky": {"header": "X"}}`, `{"mode": "paired"}`} {
		p := decoded(t, text)
		world := arms{reference: 3000, candidate: 3000, slower: 1.1, errors: [2]float64{0.01, 0.02}, instructions: [2]float64{100, 200}}
		var tally *Tally
		if p.paired() {
			tally = world.playPairs(t, p, 0)
		} else {
			tally = world.play(t, p)
		}
		var track Track
		track.Add(p.Look(tally, time.Minute), tally, time.Minute)
		f := facts()
		f.Answers = &compare.Answers{Compared: 7}
		r := p.Report(tally, &track, f)
		checkReport(t, p, r)
		for _, a := range r.Arms {
			checkArm(t, a, 3000)
		}
		if len(r.Answers) != 1 || r.Answers[0].Arm != "wasm" || f.Answers.Arm != "" || r.Notes[len(r.Notes)-1] != "noted" {
			t.Errorf("answers %+v, notes %q", r.Answers, r.Notes)
		}
		if r.Verdicts[0].Sentence != p.Look(tally, time.Minute).Verdict.Sentence {
			t.Errorf("the report says %q", r.Verdicts[0].Sentence)
		}
		back := new(compare.Report)
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, back); err != nil {
			t.Fatal(err)
		}
		if len(back.Metrics) != len(r.Metrics) || back.Verdicts[0] != r.Verdicts[0] {
			t.Errorf("it comes back as %+v", back.Verdicts)
		}
	}
}

func checkReport(t *testing.T, p *Plan, r *compare.Report) {
	t.Helper()
	if r.Title != "risk: native against wasm" || r.Mode != p.Mode || r.PlanHash != p.Hash() || string(r.Plan) != string(p.Encode()) {
		t.Errorf("%q, %s, %s", r.Title, r.Mode, r.Plan)
	}
	var names []string
	for _, m := range r.Metrics {
		names = append(names, m.Name)
		i := m.Change
		if m.Arm != "wasm" || m.Level != 0.95 || m.Primary != (m.Name == "latency_p50") || m.Method == "" || !(i.Lo <= i.Point && i.Point <= i.Hi) {
			t.Errorf("%+v", m)
		}
		none := map[compare.Scale]float64{compare.Ratio: 1}[m.Scale]
		if m.Clear != (i.Lo > none || i.Hi < none) {
			t.Errorf("%s is clear: %v, %+v", m.Name, m.Clear, i)
		}
	}
	if got := strings.Join(names, " "); got != "latency_p50 latency_p90 latency_p99 latency_mean error_rate fault_rate business_error_rate instructions" {
		t.Errorf("rows: %s", got)
	}
	if s := r.Shifts[0]; s.Arm != "wasm" || len(s.Points) != 21 || s.Points[10].P != 0.5 {
		t.Errorf("shift: %+v", s)
	}
	if e := r.Evidence[0]; e.Arm != "wasm" || e.Threshold != math.Log(2/p.Level(0)) || len(e.Points) != 1 || e.Points[0].At != time.Minute || e.Points[0].Units != 6000 {
		t.Errorf("evidence: %+v", e)
	}
}

func checkArm(t *testing.T, a compare.Arm, n int64) {
	t.Helper()
	d := a.Latency
	if a.Calls != n || a.Units != n || d.N != n || a.Cost == nil || a.Cost.Instructions < 99 || len(a.Series) != 1 || a.Series[0].N != n {
		t.Errorf("%s: %d calls, %d units, %d latencies, cost %+v, series %+v", a.Name, a.Calls, a.Units, d.N, a.Cost, a.Series)
	}
	if !(d.Min <= d.P50 && d.P50 < d.P90 && d.P90 < d.P99 && d.P99 <= d.P999 && d.P999 <= d.Max && d.Mean > d.P50 && d.Band > 0.01 && d.Band < 0.2) {
		t.Errorf("%s: %+v", a.Name, d)
	}
	last := compare.Step{}
	for _, s := range d.Steps {
		if s.At <= last.At || s.Share <= last.Share {
			t.Fatalf("%s: step %+v after %+v", a.Name, s, last)
		}
		last = s
	}
	if len(d.Steps) > mostSteps || len(d.Steps) < 100 || last.Share != 1 {
		t.Errorf("%s: %d steps to %v", a.Name, len(d.Steps), last.Share)
	}
	h, err := hdr.Decode([]byte(d.HDR))
	if err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(h.ValueAtQuantile(50)); h.TotalCount() != n || math.Abs(float64(got-d.P50)) > 0.005*float64(d.P50) {
		t.Errorf("%s: the histogram has %d values, median %v, not %v", a.Name, h.TotalCount(), got, d.P50)
	}
}

func TestAReportOfNothingIsAReport(t *testing.T) {
	for _, text := range []string{`{}`, `{"mode": "paired"}`} {
		p := decoded(t, text)
		r := p.Report(NewSet(p).Tally(), new(Track), facts())
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
		if r.Verdicts[0].Word != compare.Undecided || len(r.Metrics) != 0 || r.Arms[0].Latency != nil {
			t.Errorf("%+v", r.Verdicts)
		}
	}
}

func TestARedCheckOfTheRuntimeBlocksTheReportsVerdict(t *testing.T) {
	p := decoded(t, `{}`)
	tally, f := arms{reference: 8000, candidate: 8000}.play(t, p), facts()
	f.Health = []compare.Check{{Name: "start", Light: compare.Yellow, Text: "late"}}
	f.Partial = "stopped by hand"
	if v := p.Report(tally, new(Track), f).Verdicts[0]; v.Word != compare.Equivalent || v.Blocked != "" {
		t.Errorf("a yellow check, and stopping, make it %+v", v)
	}
	f.Health = append(f.Health, compare.Check{Name: "restart", Light: compare.Red, Text: "the host came back"})
	r := p.Report(tally, new(Track), f)
	if v := r.Verdicts[0]; v.Word != compare.Undecided || v.Blocked != "restart" || v.NotWorse || !strings.Contains(v.Sentence, "the host came back") {
		t.Errorf("%+v", v)
	}
	if r.Health[len(r.Health)-1].Name != "restart" {
		t.Errorf("%+v", r.Health)
	}
}

func TestACourseIsBoundedAndEven(t *testing.T) {
	p := decoded(t, `{}`)
	s := NewSet(p)
	var track Track
	for i := 1; i <= 20_000; i++ {
		s.Record(0, &Call{Candidate: i%2 == 0, Latency: time.Duration(1+i/10_000) * time.Millisecond})
		if i%20 != 0 {
			continue
		}
		since := time.Duration(i) * 100 * time.Millisecond
		track.add(compare.ProofPoint{Units: int64(i)}, s.Tally(), since)
		if len(track.moments) > mostMoments {
			t.Fatalf("%d moments", len(track.moments))
		}
	}
	points := track.proofs()
	if len(points) < mostMoments/3 || points[len(points)-1].Units != 20_000 || track.since() != 2000*time.Second {
		t.Errorf("%d moments, the last at %v", len(points), track.since())
	}
	for i := 2; i < len(points)-1; i++ {
		if gap := points[i].At - points[i-1].At; gap < track.gap || gap > 2*track.gap {
			t.Errorf("moment %d is %v after the one before, where they are %v apart", i, gap, track.gap)
		}
	}
	for arm := range 2 {
		n, series := int64(0), track.series(arm)
		for _, m := range series {
			n += m.N
		}
		first, last := series[0].P50, series[len(series)-1].P50
		if n != 10_000 || math.Abs(float64(first)/1e6-1) > 0.03 || math.Abs(float64(last)/2e6-1) > 0.03 {
			t.Errorf("arm %d: %d in all, from %v to %v", arm, n, first, last)
		}
	}
}

func TestACourseBeginsAnewWhenMeasurementsDo(t *testing.T) {
	p := decoded(t, `{}`)
	var track Track
	for _, at := range []time.Duration{time.Minute, time.Hour, time.Second} {
		track.add(compare.ProofPoint{}, NewSet(p).Tally(), at)
	}
	if points := track.proofs(); len(points) != 1 || points[0].At != time.Second {
		t.Errorf("%+v", points)
	}
}

func TestWordsOfNumbers(t *testing.T) {
	got := []string{compare.Count(0), compare.Count(999), compare.Count(1000), compare.Count(1234567), compare.Count(-1234), percentage(0.01234), percentage(1), compare.Time(999), compare.Time(20_130),
		compare.Time(1.5e9), compare.Digits(0, 3), compare.Digits(1234567, 2), compare.Digits(0.00012345, 2), rough(4.2), rough(12_345), rough(999)}
	want := []string{"0", "999", "1,000", "1,234,567", "-1,234", "1.23 %", "100 %", "999 ns", "20.1 µs", "1.5 s", "0", "1200000", "0.00012", "5", "13,000", "1,000"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, not\n%q", got, want)
	}
}
