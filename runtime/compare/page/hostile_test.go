package page

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// attack is what a name must not become: markup of HTML, SVG, CSS or Markdown, a
// line of its own, a mention.
const attack = "</title></style><script>alert(1)</script>\"' onload=x ](javascript:x) | `x` <!-- \u202e\x00\n# https://evil.example @all"

// hostile has the attack wherever a report has text.
func hostile() *compare.Report {
	r := offline(3)
	live := live()
	r.Evidence = live.Evidence
	b, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		panic(err)
	}
	b, err = json.Marshal(poison(v))
	if err != nil {
		panic(err)
	}
	var out compare.Report
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return &out
}

// poison replaces all texts but moments.
func poison(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = poison(e)
		}
	case []any:
		for i, e := range x {
			x[i] = poison(e)
		}
	case string:
		if _, err := time.Parse(time.RFC3339, x); err != nil {
			return attack
		}
	}
	return v
}

// TestForeignTextStaysText, on the page and in the text for a pull request.
func TestForeignTextStaysText(t *testing.T) {
	r := hostile()
	page := draw(t, r)
	for _, problem := range forbidden(elements(t, page)) {
		t.Error(problem)
	}
	if strings.Contains(page, "<script") || strings.ContainsAny(page, "\u202e\x00") {
		t.Error("the attack went through")
	}
	if strings.Count(page, "&lt;script&gt;") < 30 {
		t.Error("the attack is not shown as what it is")
	}
	checkMarkdown(t, tell(t, r))
}

// TestAPageIsBounded: a report with far too much of everything is cut, and the page
// says so.
func TestAPageIsBounded(t *testing.T) {
	r := flood()
	page := draw(t, r)
	if len(page) > 8<<20 {
		t.Errorf("%d bytes", len(page))
	}
	for _, w := range []string{"92 more arms are in the JSON", "9950 more places are in the JSON", "more metrics are in the JSON"} {
		if !strings.Contains(page, w) {
			t.Errorf("no %q", w)
		}
	}
	checkMarkdown(t, tell(t, r))
}

func flood() *compare.Report {
	r := offline(2)
	big := strings.Repeat("long ", 2000)
	for len(r.Arms) < 100 {
		a := compare.Arm{Name: big + string(rune('a'+len(r.Arms))), Latency: &compare.Distribution{P99: 1e6, Max: 1e6}}
		for i := range 5000 {
			a.Latency.Steps = append(a.Latency.Steps, compare.Step{At: time.Duration(i), Share: float64(i) / 5000})
		}
		r.Arms = append(r.Arms, a)
		r.Verdicts = append(r.Verdicts, compare.Verdict{Arm: a.Name, Sentence: big, Next: big, Metric: "x"})
		r.Shifts = append(r.Shifts, compare.Shift{Arm: a.Name, Points: r.Shifts[0].Points})
		for range 100 {
			m := r.Metrics[0]
			m.Arm, m.Label, m.Name = a.Name, big[:100], big[:100]
			r.Metrics = append(r.Metrics, m)
		}
	}
	big = big[:200]
	for range 10_000 {
		r.Answers[0].Places = append(r.Answers[0].Places, compare.Place{Pointer: big, Reference: big, Value: big})
		r.Health = append(r.Health, compare.Check{Name: big, Light: compare.Yellow, Text: big})
		r.Notes = append(r.Notes, big)
	}
	return r
}

// small cuts what is long in a report, so that a fuzzer gets to the rest.
func small(r *compare.Report) *compare.Report {
	for i := range r.Arms {
		a := &r.Arms[i]
		a.Series = thin(a.Series, 3)
		a.Latency.Steps, a.Open.Steps = thin(a.Latency.Steps, 4), thin(a.Open.Steps, 4)
	}
	for i := range r.Shifts {
		r.Shifts[i].Points = thin(r.Shifts[i].Points, 4)
	}
	for i := range r.Evidence {
		r.Evidence[i].Points = thin(r.Evidence[i].Points, 4)
	}
	return r
}

func FuzzDraw(f *testing.F) {
	for _, r := range []*compare.Report{offline(2), live(), hostile(), {}} {
		b, err := json.Marshal(small(r))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"arms":[{"name":"a","latency":{"steps":[{"at_ns":-1,"share":9e99}]}}],"verdicts":[{"value":{"point":1e308}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r compare.Report
		if json.Unmarshal(b, &r) != nil {
			return
		}
		page := draw(t, &r)
		for _, problem := range forbidden(elements(t, page)) {
			t.Error(problem)
		}
		if len(page) > 2<<20+8*len(b) {
			t.Errorf("%d bytes from %d", len(page), len(b))
		}
		checkMarkdown(t, tell(t, &r))
	})
}

func tell(t testing.TB, r *compare.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkMarkdown wants few lines, even tables, and no markup but the fold's.
func checkMarkdown(t testing.TB, text string) {
	t.Helper()
	list := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(list) > 60 {
		t.Errorf("%d lines", len(list))
	}
	if len(text) > 64<<10 {
		t.Errorf("%d bytes: more than a comment may have", len(text))
	}
	quiet := regexp.MustCompile("\\\\[\\\\`*_\\[\\]|~$]|`[^`]*`") // escaped, or code
	columns := 0
	for _, line := range list {
		if line == "<details><summary>How this was measured</summary>" || line == "</details>" {
			continue
		}
		prose := strings.HasPrefix(line, "    ") // code
		if !prose {
			line = quiet.ReplaceAllString(line, "")
			if strings.ContainsAny(strings.TrimPrefix(line, "> "), "<>") || strings.Contains(line, "](") || strings.Contains(line, "@a") || strings.Contains(line, "://") {
				t.Errorf("markup: %q", line)
			}
		}
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(line, "|")
		if columns != 0 && n != columns {
			t.Errorf("a line of %d bars in a table of %d: %q", n, columns, line)
		}
		columns = n
	}
}
