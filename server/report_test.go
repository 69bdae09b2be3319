package server

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// TestAReportComesInTheFormThatIsLikedBest: RFC 9110, section 12.5.1.
func TestAReportComesInTheFormThatIsLikedBest(t *testing.T) {
	for accept, want := range map[string]string{
		"":                                "json",
		" ":                               "json",
		"*/*":                             "json",
		"application/json":                "json",
		"application/*":                   "json",
		"text/html":                       "html",
		"text/*":                          "html",
		"TEXT/HTML; charset=utf-8":        "html",
		"text/markdown":                   "markdown",
		"text/markdown, text/html":        "html", // of equals the first that there is
		"text/html;q=0.4, text/markdown":  "markdown",
		"text/html;q=0.4, */*;q=0.5":      "json",
		"text/html;q=0.5, */*;q=0.5":      "json",
		"*/*;q=0.9, application/json;q=0": "html", // the most specific range counts
		"text/*, text/html;q=0":           "markdown",
		"text/html, application/xhtml+xml, application/xml;q=0.9, image/avif, */*;q=0.8": "html",
		"text/csv, text/markdown;q=0.1":       "markdown",
		"text/html;q=2, text/markdown;q=0.1":  "markdown", // no such weight
		"text/html;q=x, ///, text/markdown":   "markdown",
		"text/html;q=NaN, text/markdown;q=.1": "markdown",
		"text/csv":                            "",
		"application/json;q=0":                "",
		"image/*":                             "",
		"///":                                 "",
	} {
		f, ok := acceptable(forms(), accept)
		if f.name != want || ok != (want != "") {
			t.Errorf("%q chose %q, want %q", accept, f.name, want)
		}
	}
}

func FuzzAccept(f *testing.F) {
	f.Add("text/html;q=0.4, */*;q=0.5")
	f.Add("text/html;q=NaN,,;;,\"")
	f.Fuzz(func(t *testing.T, accept string) {
		got, ok := acceptable(forms(), accept)
		if ok != (got.name != "") || ok != (got.write != nil) {
			t.Errorf("%q: %q, %t", accept, got.name, ok)
		}
	})
}

// histogram is one of so many calls, each a millisecond longer than the one before.
func histogram(t *testing.T, calls int64) *compare.Distribution {
	t.Helper()
	h := hdrhistogram.New(1, int64(time.Hour), 3)
	for i := range calls {
		if err := h.RecordValue((i + 1) * int64(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	return &compare.Distribution{N: calls, Max: time.Duration(calls) * time.Millisecond, HDR: string(text)}
}

// TestHistogramsAreALogThatHdrHistogramReads: every line with its tag.
func TestHistogramsAreALogThatHdrHistogramReads(t *testing.T) {
	began := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	r := &compare.Report{Started: began, Ended: began.Add(90 * time.Second), Arms: []compare.Arm{
		{Name: "native", Latency: histogram(t, 10), Open: histogram(t, 20)},
		{Name: "a, b", Latency: histogram(t, 30), Open: &compare.Distribution{}},
	}}
	for arm, want := range map[string]map[string]int64{
		"":       {"native.closed": 10, "native.open": 20, "a__b.closed": 30},
		"a, b":   {"a__b.closed": 30},
		"native": {"native.closed": 10, "native.open": 20},
	} {
		var b strings.Builder
		if err := histogramLog(&b, r, arm); err != nil {
			t.Fatal(err)
		}
		log := hdrhistogram.NewHistogramLogReader(strings.NewReader(b.String()))
		got := map[string]int64{}
		for {
			h, err := log.NextIntervalHistogram()
			if err != nil {
				t.Fatalf("%v in %s", err, b.String())
			}
			if h == nil {
				break
			}
			got[h.Tag()] = h.TotalCount()
			if from, to := h.StartTimeMs(), h.EndTimeMs(); from != began.UnixMilli() || to-from != 90_000 {
				t.Errorf("%s lasted from %d to %d", h.Tag(), from, to)
			}
		}
		if len(got) != len(want) {
			t.Errorf("arm %q: %v, want %v in\n%s", arm, got, want, b.String())
		}
		for tag, n := range want {
			if got[tag] != n {
				t.Errorf("arm %q: %v, want %v in\n%s", arm, got, want, b.String())
			}
		}
	}
}

func TestWithoutHistogramsThereIsNoLog(t *testing.T) {
	r := &compare.Report{Arms: []compare.Arm{{Name: "native", Latency: histogram(t, 1)}, {Name: "wazero"}}}
	for arm, want := range map[string]problem.Code{"wazero": problem.NoReport, "nobody": problem.BadRequest, "native": ""} {
		if err := histogramLog(&strings.Builder{}, r, arm); problem.CodeOf(err) != want && !(want == "" && err == nil) {
			t.Errorf("%s: %v", arm, err)
		}
	}
	if p := new(problem.Error); !errors.As(histogramLog(&strings.Builder{}, r, "nobody"), &p) || !strings.Contains(p.Expected, "arm=wazero") {
		t.Errorf("%+v", p)
	}
}

// TestAReportOfNothingHasLists: programs need not ask whether there is one.
func TestAReportOfNothingHasLists(t *testing.T) {
	var b strings.Builder
	if err := forms()[0].write(&b, &compare.Report{}); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"health", "arms", "verdicts", "metrics"} {
		if !strings.Contains(b.String(), `"`+list+`":[]`) {
			t.Errorf("no %s in %s", list, b.String())
		}
	}
}
