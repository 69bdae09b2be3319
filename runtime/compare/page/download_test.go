package page

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/swapline/swapline/runtime/compare"
)

// files are the downloads of a page by their names.
func files(t *testing.T, r *compare.Report) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, e := range elements(t, draw(t, r)) {
		file := e.attributes["download"]
		if file == "" {
			continue
		}
		_, content, ok := strings.Cut(e.attributes["href"], ";base64,")
		b, err := base64.StdEncoding.DecodeString(content)
		if !ok || err != nil || out[file] != nil {
			t.Errorf("%s: %v", file, err)
		}
		out[file] = b
	}
	return out
}

// TestHistogramsCanBeReadByOthers: the log is read by HdrHistogram's own reader.
func TestHistogramsCanBeReadByOthers(t *testing.T) {
	h := hdrhistogram.New(1, 1e10, 3)
	for i := range int64(1000) {
		if err := h.RecordValue(9000 + 10*i); err != nil {
			t.Fatal(err)
		}
	}
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	r := offline(2)
	r.Arms[1].Name, r.Arms[1].Latency.HDR, r.Arms[1].Latency.Max = "with, a comma", string(encoded), 18_990
	if list := files(t, r); !strings.Contains(string(list["latency-2.hlog"]), "Tag=with__a_comma,0.000,94.000,0.018990,") {
		t.Errorf("%s", list["latency-2.hlog"])
	}
	log := hdrhistogram.NewHistogramLogReader(bytes.NewReader(files(t, r)["latency-2.hlog"]))
	got, err := log.NextIntervalHistogram()
	if err != nil || got == nil {
		t.Fatal(got, err)
	}
	if got.TotalCount() != 1000 || got.ValueAtQuantile(50) != h.ValueAtQuantile(50) || got.Tag() != "with__a_comma" {
		t.Errorf("%d values, median %d, tag %q", got.TotalCount(), got.ValueAtQuantile(50), got.Tag())
	}
}

// TestALogOfWhatGoesOnLastsUntilNow and never less than nothing.
func TestALogOfWhatGoesOnLastsUntilNow(t *testing.T) {
	for ended, want := range map[time.Time]string{{}: ",0.000,3600.", time.Now().Add(-2 * time.Hour): ",0.000,0.000,"} {
		r := &compare.Report{Started: time.Now().Add(-time.Hour), Ended: ended}
		log := HistogramLog(r, Tagged{"one", &compare.Distribution{HDR: "HIST"}}, Tagged{"two", nil}, Tagged{"three", &compare.Distribution{}})
		if !strings.Contains(string(log), "Tag=one"+want) || strings.Contains(string(log), "two") || strings.Contains(string(log), "three") {
			t.Errorf("%s", log)
		}
	}
}

// TestTheWholeReportIsInThePage, as JSON that reads back as the same.
func TestTheWholeReportIsInThePage(t *testing.T) {
	r := offline(2)
	list := files(t, r)
	var back compare.Report
	if err := json.Unmarshal(list["report.json"], &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Metrics, r.Metrics) || !reflect.DeepEqual(back.Arms[1].Latency, r.Arms[1].Latency) {
		t.Error("not the same")
	}
	var one histogram
	if err := json.Unmarshal(list["open-latency-2.json"], &one); err != nil || one.Arm != "wazero" || one.Unit != "ns" || one.P99 != r.Arms[1].Open.P99 {
		t.Errorf("%+v, %v", one, err)
	}
	if len(r.Plan) == 0 || !bytes.Equal(list["plan.json"], r.Plan) { // or it had another hash
		t.Errorf("the plan is %s", list["plan.json"])
	}
	if len(list) != 10 {
		t.Errorf("%d files", len(list))
	}
}

// TestWhatIsNoJSONIsNoDownload: the page is drawn all the same.
func TestWhatIsNoJSONIsNoDownload(t *testing.T) {
	r := offline(2)
	r.Metrics[0].Value = math.NaN()
	if _, ok := files(t, r)["report.json"]; ok {
		t.Error("a report with NaN was written")
	}
}
