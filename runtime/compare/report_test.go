package compare_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

func TestAReportHoldsWhatWasMeasured(t *testing.T) {
	plan := full()
	var told []compare.Progress
	report := run(t, compare.Trial{Strategy: "riskscore", Command: "swapline compare a b", Plan: plan, Inputs: inputs(50), Progress: func(p compare.Progress) { told = append(told, p) },
		Subjects: []compare.Subject{timed("old", around(100*time.Microsecond, 1), echo), timed("new", around(200*time.Microsecond, 2), echo)}})
	if report.Format != compare.FormatVersion || report.Mode != compare.ModeOffline || report.Title != "riskscore: old against new" || report.Partial != "" ||
		report.Command == "" || len(report.PlanHash) != 64 || report.Host.Go == "" || report.Host.Seed != 1 || !report.Ended.After(report.Started) || len(report.Notes) == 0 {
		t.Errorf("%+v", report)
	}
	for i, factor := range []time.Duration{1, 2} {
		a := report.Arms[i]
		describes(t, a.Latency, 12*100, factor*110*time.Microsecond)
		if a.Open == nil || a.Open.Rate == 0 || len(a.Series) != 12 || a.Series[0].N != 100 {
			t.Errorf("%+v", a)
		}
		c := a.Cost
		if c.Instructions != 1000 || c.Memory != 1<<20 || c.Instances != 2 || c.BytesIn != 100 || c.BytesOut != 50 || c.Callers != 4 || c.Throughput <= 0 || c.CPU <= 0 ||
			c.Compile.Lo < 1e6 || !c.Cold.Known() || c.Instantiate.Point < 10*float64(factor)*1e5 {
			t.Errorf("%+v", c)
		}
		if s := a.Split; s == nil || s.Calls == 0 || s.Strategy < 1.9*s.Encoding || s.Encoding < 1.9*s.Boundary || s.Runtime < 0.9*s.Boundary || s.Runtime > 1.1*s.Boundary {
			t.Errorf("%+v", a.Split)
		}
	}
	names := map[string]compare.Metric{}
	for _, m := range report.Metrics {
		names[m.Name] = m
	}
	for _, name := range strings.Fields("latency_p50 latency_p90 latency_p99 latency_p999 latency_mean latency_shift open_latency_p50 open_latency_p99 throughput instructions bytes_in bytes_out memory compile instantiate cold cpu") {
		m, ok := names[name]
		if !ok || m.Label == "" || m.Unit == "" || m.Method == "" || m.Level != 0.95 || m.Arm != "new" || m.Primary != (name == "latency_p50") {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if m := names["latency_shift"]; m.Scale != compare.Difference || m.P > 0.001 || m.Test == "" || m.Change.Lo < 100_000 || m.Change.Hi > 130_000 {
		t.Errorf("%+v", m)
	}
	if s := report.Shifts[0]; len(s.Points) < 20 || s.Points[10].Change.Lo < 1.7 || s.Points[10].Change.Hi > 2.3 {
		t.Errorf("%+v", s)
	}
	smooth(t, told)
}

func describes(t *testing.T, d *compare.Distribution, n int64, p50 time.Duration) {
	t.Helper()
	if d.N != n || d.P50 < p50*95/100 || d.P50 > p50*105/100 || d.Min > d.P50 || d.P50 > d.P90 || d.P90 > d.P99 || d.P99 > d.P999 || d.P999 > d.Max || d.Mean <= d.P50 {
		t.Errorf("%+v", d)
	}
	if len(d.Steps) < 100 || len(d.Steps) > 400 || d.Steps[0].At != d.Min || d.Steps[len(d.Steps)-1] != (compare.Step{At: d.Max, Share: 1}) || d.Band <= 0 || d.Band >= 1 {
		t.Errorf("%d steps, band %v: %v", len(d.Steps), d.Band, d.Steps)
	}
	for i, s := range d.Steps[1:] {
		if s.At <= d.Steps[i].At || s.Share <= d.Steps[i].Share {
			t.Fatalf("step %d does not rise: %+v", i+1, d.Steps)
		}
	}
	h, err := hdr.Decode([]byte(d.HDR))
	if err != nil || h.TotalCount() != n {
		t.Fatal(err)
	}
	if got := time.Duration(h.ValueAtQuantile(50)); got < d.P50*999/1000 || got > d.P50*1001/1000 {
		t.Errorf("%v in the histogram, %v", got, d.P50)
	}
}

func smooth(t *testing.T, told []compare.Progress) {
	t.Helper()
	stages := map[string]bool{}
	done := -1
	for _, p := range told {
		stages[p.Stage] = true
		if p.Done < done || p.Done > p.Of || p.Text == "" {
			t.Errorf("%+v after %d", p, done)
		}
		done = p.Done
	}
	if len(stages) != 8 {
		t.Errorf("%v", stages)
	}
	if len(told) > 100 {
		t.Errorf("told %d times", len(told))
	}
}

func TestAReportComesBackFromItsText(t *testing.T) {
	report := two(t, full(), timed("old", around(10_000, 1), echo), timed("new", around(20_000, 2), echo))
	text := must(json.Marshal(report))
	back, err := compare.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if again := must(json.Marshal(back)); !bytes.Equal(again, text) {
		t.Errorf("\n got %s\nwant %s", again, text)
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"format":2}`, `{"format":1}x`, `{"format":1,"arms":{}}`, `{"format":1,"started":"yesterday"}`} {
		var p *problem.Error
		if r, err := compare.Decode([]byte(text)); !errors.As(err, &p) || p.Code != problem.ComparisonMalformed {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
}

// FuzzDecode reads what others wrote: it must not fail later, when it is written.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"format":1,"title":"a against b","plan":{"x":1},"arms":[{"name":"a","latency":{"n":1,"steps":[{"at_ns":1,"share":1}]},"cost":{"compile_ns":{"lo":null,"point":1,"hi":2}}}]}`))
	f.Add([]byte(`{"format":1,"started":"2026-11-23T12:00:00+23:59","verdicts":[{"value":{"lo":1,"point":null,"hi":null}}],"metrics":[{"change":{"lo":1e308,"point":-0.0,"hi":1e-320}}]}`))
	f.Add([]byte(`{"format":1,"plan":null,"health":null,"evidence":[{"points":[{}]}],"host":{"seed":18446744073709551615}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := compare.Decode(text)
		if err != nil {
			return
		}
		one, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := compare.Decode(one)
		if err != nil {
			t.Fatalf("%s: %v", one, err)
		}
		if two := must(json.Marshal(again)); !bytes.Equal(one, two) {
			t.Fatalf("\n%s\n%s", one, two)
		}
	})
}
