package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/compare"
)

// goldenComparison compares a text with testdata/compare/NAME.txt.
func goldenComparison(t *testing.T, name, got string) {
	t.Helper()
	golden(t, filepath.Join("..", "compare", name), got)
}

// measured is a report of two arms, such as a quiet machine gives.
func measured() *compare.Report {
	ratio := func(name, label, unit string, a, b float64, i compare.Interval) compare.Metric {
		return compare.Metric{Arm: "wazero", Name: name, Label: label, Unit: unit, Reference: a, Value: b, Change: i, Scale: compare.Ratio, Level: 0.95, Clear: i.Lo > 1 || i.Hi < 1}
	}
	primary := ratio("latency_p50", "latency, p50", "ns", 3720, 45100, compare.Interval{Lo: 11.73, Point: 12.13, Hi: 12.5})
	primary.Primary = true
	throughput := ratio("throughput", "throughput", "1/s", 188267, 18606, compare.Interval{Lo: 0.094, Point: 0.0988, Hi: 0.101})
	throughput.HigherIsBetter = true
	shift := compare.Metric{Arm: "wazero", Name: "latency_shift", Label: "latency, shift of medians", Unit: "ns", Reference: 3720, Value: 45100,
		Change: compare.Interval{Lo: 41100, Point: 41500, Hi: 41700}, Scale: compare.Difference, Clear: true}
	return &compare.Report{
		Title: "riskscore: native against wazero", Strategy: "riskscore", Mode: compare.ModeOffline, Command: "swapline compare native:src wazero:src --inputs in.ndjson --seed 1",
		Health: []compare.Check{{Name: "answers", Light: compare.Green, Text: "all the same"}, {Name: "a against a", Light: compare.Green, Text: "equal"},
			{Name: "machine", Light: compare.Yellow, Text: "other programs used 12 % of the processors' time"}},
		Arms: []compare.Arm{{Name: "native"}, {Name: "wazero"}},
		Verdicts: []compare.Verdict{{Arm: "wazero", Word: compare.Worse, Metric: "latency_p50", Scale: compare.Ratio, Margin: 0.25,
			Sentence: "wazero is 12.1 times slower than native in the median: 45.1µs against 3.72µs (ratio 12.13, 95 % interval 11.73 to 12.50, margin 1.25).",
			Next:     "Keep native where this counts."}},
		Metrics: []compare.Metric{primary, ratio("latency_p99", "latency, p99", "ns", 40400, 41000, compare.Interval{Lo: 0.92, Point: 1.015, Hi: 1.12}),
			ratio("latency_p999", "latency, p99.9", "ns", 214e3, 5.26e6, compare.Interval{Lo: 0, Point: 24.6, Hi: math.Inf(1)}), shift, throughput,
			ratio("instructions", "instructions of a call", "count", 0, 2152327, compare.Unknown()),
			ratio("alloc_bytes", "allocated by a call", "bytes", 2764, 1331, compare.Interval{Lo: 0.48, Point: 0.482, Hi: 0.483}),
			ratio("bytes_in", "copied over the boundary, in", "bytes", 0, 163.4, compare.Unknown())},
		Answers: []compare.Answers{{Arm: "wazero", Compared: 10000}},
		Notes:   []string{"One caller, one call after the other."},
	}
}

// planted is a third arm that answers something else and cannot be judged.
func planted() *compare.Report {
	r := measured()
	r.Title = "riskscore: native against wazero against 2.1.0"
	r.Arms = append(r.Arms, compare.Arm{Name: "2.1.0"})
	r.Health = append(r.Health, compare.Check{Name: "answers of 2.1.0", Light: compare.Red, Text: "3 of 10000 answers differ"})
	r.Verdicts = append(r.Verdicts, compare.Verdict{Arm: "2.1.0", Word: compare.Undecided, Blocked: "answers of 2.1.0", Sentence: "No verdict on 2.1.0: 3 of 10000 answers differ.", Next: "Look at the places below."})
	r.Metrics = append(r.Metrics, compare.Metric{Arm: "2.1.0", Name: "latency_p50", Label: "latency, p50", Unit: "ns", Reference: 3720, Value: 3731,
		Change: compare.Interval{Lo: 0.98, Point: 1.003, Hi: 1.02}, Scale: compare.Ratio, Primary: true})
	r.Answers = append(r.Answers, compare.Answers{Arm: "2.1.0", Compared: 10000, Different: 3, Places: []compare.Place{
		{Pointer: "/score", Count: 3, Reference: "25", Value: "24"}, {Pointer: "/reasons/0/points", Count: 2, Reference: "25", Value: "24"},
		{Pointer: "", Count: 1, Reference: `{"score":25}`, Value: "fault fault_panic\x1b[31m"},
		{Pointer: "/a", Count: 1, Reference: "1", Value: "2"}, {Pointer: "/b", Count: 1, Reference: "absent", Value: "null"}, {Pointer: "/c", Count: 1}, {Pointer: "/d", Count: 1}}})
	return r
}

// unfinished was ended before its first round.
func unfinished() *compare.Report {
	r := measured()
	r.Partial = "it was ended by a person in the stage closed loop"
	r.Verdicts[0].Word, r.Verdicts[0].Blocked, r.Verdicts[0].Sentence = compare.Undecided, "complete", "No verdict: the plan was not carried out."
	r.Metrics = nil
	return r
}

func TestAComparisonForPeople(t *testing.T) {
	for name, r := range map[string]*compare.Report{"worse": measured(), "planted": planted(), "partial": unfinished()} {
		var b bytes.Buffer
		comparisonText{report: r, files: []reportFile{{path: "out/report.html"}}}.print(&b, look{unicode: true})
		goldenComparison(t, name, b.String())
	}
	var b bytes.Buffer
	comparisonText{report: planted()}.print(&b, look{width: 70})
	goldenComparison(t, "narrow", b.String())
	for _, line := range strings.Split(b.String(), "\n") {
		if visible(line) > 70 && !strings.HasPrefix(line, "compare: ") && !strings.HasPrefix(line, "again ") {
			t.Errorf("too wide: %q", line)
		}
	}
}

// TestColoursSayNothingAlone: without them the text is the same.
func TestColoursSayNothingAlone(t *testing.T) {
	for _, r := range []*compare.Report{measured(), planted(), unfinished()} {
		var plain, coloured bytes.Buffer
		comparisonText{report: r}.print(&plain, look{unicode: true})
		comparisonText{report: r}.print(&coloured, look{unicode: true, colour: true})
		text := coloured.String()
		for _, code := range []string{good, bad, unsure, dim, "0"} {
			text = strings.ReplaceAll(text, "\x1b["+code+"m", "")
		}
		if text != plain.String() || text == coloured.String() {
			t.Errorf("with colours\n%s\nwithout\n%s", text, plain.String())
		}
	}
}

// TestTheLastLineHasOneForm is what programs and make compare rely on.
func TestTheLastLineHasOneForm(t *testing.T) {
	for _, c := range []struct {
		report *compare.Report
		want   []string
	}{
		{measured(), []string{"compare: inputs=10000 different=0 verdict=worse ratio_p50=12.1 [11.7, 12.5]"}},
		{planted(), []string{"compare: inputs=10000 different=3 verdict=undecided ratio_p50=1.003 [0.98, 1.02] arm=2.1.0",
			"compare: inputs=10000 different=0 verdict=worse ratio_p50=12.1 [11.7, 12.5]"}},
		{unfinished(), []string{"compare: inputs=10000 different=0 verdict=undecided ratio_p50=-"}},
	} {
		var b bytes.Buffer
		comparisonText{report: c.report}.print(&b, look{width: 40})
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if got := strings.Join(lines[len(lines)-len(c.want):], "\n"); got != strings.Join(c.want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", got, strings.Join(c.want, "\n"))
		}
	}
}

func TestExitCodesOfComparisons(t *testing.T) {
	verdicts := func(words ...compare.Word) *compare.Report {
		r := &compare.Report{}
		for _, w := range words {
			r.Verdicts = append(r.Verdicts, compare.Verdict{Word: w})
		}
		return r
	}
	partial := verdicts(compare.Worse)
	partial.Partial = "ended"
	for _, c := range []struct {
		report *compare.Report
		want   int
	}{
		{verdicts(compare.Better), exitOK}, {verdicts(compare.Equivalent, compare.Better), exitOK},
		{verdicts(compare.Worse), exitWorse}, {verdicts(compare.Undecided), exitUndecided},
		{verdicts(compare.Better, compare.Undecided, compare.Worse), exitWorse}, {verdicts(compare.Undecided, compare.Better), exitUndecided},
		{partial, exitPartial}, {verdicts("new words"), exitUndecided},
	} {
		if got := exitCode(endOfComparison(c.report)); got != c.want {
			t.Errorf("%+v: %d, want %d", c.report.Verdicts, got, c.want)
		}
	}
}

// TestAFileThatCannotBeWrittenDoesNotTakeTheResultAlong: it took minutes to measure.
func TestAFileThatCannotBeWrittenDoesNotTakeTheResultAlong(t *testing.T) {
	dir := t.TempDir()
	files, err := reportFiles([]string{filepath.Join(dir, "folder.html"), filepath.Join(dir, "fine.json")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder.html", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, markdown := range []bool{false, true} {
		var out bytes.Buffer
		a := &app{stdout: &out}
		if err := a.tellComparison(measured(), slices.Clone(files), compareOptions{markdown: markdown}); exitCode(err) != exitError || !strings.Contains(err.Error(), "folder.html") {
			t.Errorf("%v", err)
		}
		if text := out.String(); !strings.Contains(text, "12.1 times slower") || strings.Contains(text, "folder.html") || strings.Contains(text, "fine.json") == markdown {
			t.Errorf("%s", text)
		}
		if err := os.Remove(filepath.Join(dir, "fine.json")); err != nil {
			t.Error(err)
		}
	}
}

func TestValuesHaveUnits(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{3720, "ns", "3.72µs"}, {0.4, "ns", "0s"}, {188267.4, "1/s", "188,267/s"}, {163.4, "bytes", "163 B"}, {2764, "bytes", "2.7 KiB"},
		{0.0123, "share", "1.23 %"}, {2152327, "count", "2,152,327"}, {30.77, "count", "30.8"}, {math.NaN(), "ns", "-"}, {-2490, "ns", "-2.49µs"},
	} {
		if got := unitText(c.v, c.unit); got != c.want {
			t.Errorf("%v %s: %s, want %s", c.v, c.unit, got, c.want)
		}
	}
}

func TestTheCommandRepeatsAComparison(t *testing.T) {
	a := &app{}
	c := a.compareCommand()
	args := []string{"native:my risk", "it's=wazero:x.wasm", "--inputs", "in file.ndjson", "--margin", "25%", "--mask", "/card", "--mask", "/a b", "--direct",
		"--max-different", "100%", "--open", "0s", "--report", "r.html", "--markdown"}
	if err := c.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	const want = `swapline compare 'native:my risk' 'it'\''s=wazero:x.wasm' --direct --inputs 'in file.ndjson' --margin 0.25 --mask /card --mask '/a b' --max-different 1 --open 0s --seed 7`
	if got := commandAgain(c.Flags(), c.Flags().Args(), 7); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestColoursFollowWhatIsBetter(t *testing.T) {
	for _, c := range []struct {
		metric compare.Metric
		want   string
	}{
		{compare.Metric{Scale: compare.Ratio, Clear: true, Change: compare.Interval{Lo: 1.1, Point: 1.2, Hi: 1.3}}, bad},
		{compare.Metric{Scale: compare.Ratio, Clear: true, Change: compare.Interval{Lo: 0.7, Point: 0.8, Hi: 0.9}}, good},
		{compare.Metric{Scale: compare.Ratio, Clear: true, HigherIsBetter: true, Change: compare.Interval{Lo: 1.1, Point: 1.2, Hi: 1.3}}, good},
		{compare.Metric{Scale: compare.Ratio, Clear: true, HigherIsBetter: true, Change: compare.Interval{Lo: 0.7, Point: 0.8, Hi: 0.9}}, bad},
		{compare.Metric{Scale: compare.Difference, Clear: true, Change: compare.Interval{Lo: 0.1, Point: 0.2, Hi: 0.3}}, bad},
		{compare.Metric{Scale: compare.Difference, Clear: true, Change: compare.Interval{Lo: -3, Point: -2, Hi: -1}}, good},
		{compare.Metric{Scale: compare.Ratio, Change: compare.Interval{Lo: 0.9, Point: 1.2, Hi: 1.3}}, dim},
		{compare.Metric{Scale: compare.Ratio, Clear: true, Change: compare.Unknown()}, dim},
	} {
		if got := colourOfChange(c.metric); got != c.want {
			t.Errorf("%+v: %s, want %s", c.metric, got, c.want)
		}
	}
}

func TestNoAnswersAreNotTheSameOnes(t *testing.T) {
	for want, a := range map[string]compare.Answers{"answers  none could be compared": {}, "answers  all the same, 3 compared": {Compared: 3}} {
		if got := answerLines(a, false, look{}); len(got) != 1 || got[0] != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
