package runtime_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// FuzzExperimentRecord reads what a store could have of an experiment.
func FuzzExperimentRecord(f *testing.F) {
	f.Add([]byte(`{"plan":{},"verdict":{"verdict":"better","value":{"lo":1,"point":null}},"report":"H4sIAAAAAAAA"}`))
	f.Add(runtime.RecordOf(&compare.Report{Format: 1, Title: "x"}))
	f.Add([]byte(`{"report":1}`))
	f.Add([]byte(`{"plan":{},"away_ns":-5,"anew":-1,"restarts":99999999999,"progress":{"checkpoint":"c3dseAE=","answers":[{"places":[{}]}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		again, err := runtime.ReadRecord(text)
		if err != nil {
			return
		}
		if _, err := runtime.ReadRecord(again); err != nil {
			t.Fatalf("%q became %q, which does not read: %v", text, again, err)
		}
	})
}

// TestALargeReportIsStoredWithoutWhatCanBeSpared fills examples with what does not
// compress.
func TestALargeReportIsStoredWithoutWhatCanBeSpared(t *testing.T) {
	var b strings.Builder
	for range 1 << 19 {
		b.WriteByte(byte('a' + rand.N(26)))
	}
	report := &compare.Report{Format: 1, Title: "kept", Answers: []compare.Answers{{Examples: []compare.Example{{Text: b.String()}}}},
		Arms: []compare.Arm{{Name: "a", Calls: 7, Latency: &compare.Distribution{N: 7, HDR: "x"}}}}
	text := runtime.RecordOf(report)
	if len(text) > 1<<19 {
		t.Fatalf("%d bytes", len(text))
	}
	got, err := runtime.ReportOf(text)
	must(t, err)
	if n := len(got.Notes); n != 1 || got.Notes[0] != "This report was too large to be kept whole (256 KiB compressed). Left out: the raw histograms; "+
		"the places and examples of differing answers, and the evidence over time." || len(report.Notes) != 0 {
		t.Errorf("%q", got.Notes)
	}
	if got.Title != "kept" || got.Arms[0].Calls != 7 || len(got.Answers) != 0 || got.Arms[0].Latency.N != 7 {
		t.Errorf("%+v", got)
	}
	if report.Arms[0].Latency.HDR != "x" || len(report.Answers) != 1 {
		t.Error("the report itself was changed")
	}
}

// TestAStoredReportThatCannotBeReadIsDamage, and not the mistake of whoever asks for it.
func TestAStoredReportThatCannotBeReadIsDamage(t *testing.T) {
	for name, text := range map[string][]byte{
		"no gzip":           []byte(`{"report":"aGk="}`),
		"half of one":       []byte(`{"report":"H4sIAAAAAAAA"}`),
		"of another format": runtime.RecordOf(&compare.Report{Format: 9}),
	} {
		_, err := runtime.ReportOf(text)
		if problem.CodeOf(err) != problem.StoreCorrupt {
			t.Errorf("%s: %v", name, err)
		}
	}
}
