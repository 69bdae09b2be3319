package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

func draw(t testing.TB, r *compare.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// reports are what pages must be able to show.
func reports() map[string]*compare.Report {
	partial := offline(2)
	partial.Partial = "interrupted after round 7 of 20"
	return map[string]*compare.Report{"two": offline(2), "three": offline(3), "six": offline(6), "live": live(), "rates": rates(), "partial": partial,
		"nothing": {}, "broken": broken()}
}

// broken has what no measurement gives.
func broken() *compare.Report {
	r := offline(3)
	nan, inf := math.NaN(), math.Inf(1)
	for i := range r.Metrics {
		m := &r.Metrics[i]
		m.Reference, m.Value = nan, inf
		m.Change = []compare.Interval{{Lo: nan, Point: nan, Hi: nan}, {Lo: -inf, Point: 1, Hi: inf}, {Lo: 1e300, Point: 1e308, Hi: inf}, {Lo: 0, Point: 0, Hi: 0}, {Lo: -3, Point: -2, Hi: -1}, {Lo: 5, Point: 1, Hi: 0.1}}[i%6]
	}
	for i := range r.Verdicts {
		r.Verdicts[i].Value, r.Verdicts[i].Margin, r.Verdicts[i].Word = compare.Interval{Lo: nan, Point: inf, Hi: -inf}, nan, "splendid"
	}
	r.Shifts[0].Points = append(r.Shifts[0].Points, compare.ShiftPoint{P: nan, Change: compare.Unknown()}, compare.ShiftPoint{P: 7, Change: compare.Interval{Point: 1}})
	r.Evidence = []compare.Proof{{Arm: "nobody", Threshold: nan, Points: []compare.ProofPoint{{At: -5, Worse: nan, Better: inf, Equivalent: -inf, Change: compare.Unknown()}, {At: math.MaxInt64}}}}
	r.Arms[0].Latency, r.Arms[1].Split, r.Arms[2].Cost = nil, nil, nil
	r.Arms[1].Latency.Steps = []compare.Step{{At: -1, Share: nan}, {At: math.MaxInt64, Share: inf}}
	r.Arms[2].Split = &compare.Split{Encoding: nan, Boundary: inf, Strategy: -1, Runtime: 1e300}
	r.Arms[1].Cost = &compare.Cost{Throughput: inf, CPU: nan, Memory: math.MinInt64}
	r.Arms[1].Series = []compare.Moment{{At: math.MaxInt64, N: 1, P50: math.MaxInt64, P99: -1}}
	r.Plan = []byte("{")
	r.Started = time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)
	return r
}

// element is an element of a page with its attributes.
type element struct {
	name       string
	attributes map[string]string
	text       string
}

// elements parses a page as XML, which is stricter than a browser.
func elements(t testing.TB, page string) []element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	var out []element
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			line, _ := d.InputPos()
			t.Fatalf("not well-formed in line %d: %v", line, err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := element{name: x.Name.Local, attributes: map[string]string{}}
			for _, a := range x.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			out = append(out, e)
		case xml.CharData:
			if len(out) > 0 {
				out[len(out)-1].text += string(x)
			}
		}
	}
}

// TestThePageAsksForNothing: no script, no style of an element's own, nothing that
// makes a request, and nothing that its policy would block.
func TestThePageAsksForNothing(t *testing.T) {
	for name, r := range reports() {
		for _, problem := range forbidden(elements(t, draw(t, r))) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func forbidden(list []element) []string {
	var out []string
	allowed := regexp.MustCompile(`^(html|head|meta|title|link|style|body|header|main|section|article|footer|figure|figcaption|h[123]|p|span|strong|code|pre|ul|li|dl|dt|dd|div|details|summary|table|caption|thead|tbody|tr|th|td|a|svg|desc|g|line|rect|path|text)$`)
	for _, e := range list {
		if !allowed.MatchString(e.name) {
			out = append(out, "an element "+e.name)
		}
		for name, value := range e.attributes {
			fetches := name == "src" || name == "srcset" || name == "href" || name == "action" || name == "data" || name == "poster" || name == "background"
			if fetches && !strings.HasPrefix(value, "data:") || name == "style" || strings.HasPrefix(name, "on") {
				out = append(out, e.name+" has "+name+"="+value)
			}
		}
		if e.name == "style" && regexp.MustCompile(`url\(|@import|expression`).MatchString(e.text) {
			out = append(out, "the style asks for something")
		}
	}
	return out
}

// TestWhatIsForbiddenIsFound: the test above can fail.
func TestWhatIsForbiddenIsFound(t *testing.T) {
	for _, markup := range []string{`<script/>`, `<img src="data:,"/>`, `<p style="x"/>`, `<a href="https://example.com"/>`, `<p onclick="x"/>`, `<style>@import "x"</style>`, `<form/>`, `<base/>`} {
		if len(forbidden(elements(t, "<html>"+markup+"</html>"))) == 0 {
			t.Errorf("%s is allowed", markup)
		}
	}
}

// TestThePolicyFitsTheStyle: the hash is that of the bytes that a browser hashes.
func TestThePolicyFitsTheStyle(t *testing.T) {
	page := draw(t, offline(3))
	css := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(page, -1)
	if len(css) != 1 {
		t.Fatalf("%d style elements", len(css))
	}
	sum := sha256.Sum256([]byte(css[0][1]))
	hash := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	var stated string
	for _, e := range elements(t, page) {
		if e.attributes["http-equiv"] == "Content-Security-Policy" {
			stated = e.attributes["content"]
		}
	}
	for _, part := range []string{"default-src 'none'", hash, "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(stated, part) || !strings.Contains(Policy(), part) {
			t.Errorf("%s is not in both policies:\n%s\n%s", part, stated, Policy())
		}
	}
	if !strings.Contains(Policy(), "frame-ancestors 'none'") || !strings.Contains(Policy(), "sandbox allow-downloads") || strings.Contains(stated, "frame-ancestors") {
		t.Error("what only a header can say is not in the header alone")
	}
}

// TestNamesWithinThePageAreUnique: each id is there once, and what is labelled by
// one finds it. Every picture has a title and a description.
func TestNamesWithinThePageAreUnique(t *testing.T) {
	for name, r := range reports() {
		ids := map[string]int{}
		list := elements(t, draw(t, r))
		for _, e := range list {
			if id, ok := e.attributes["id"]; ok {
				ids[id]++
			}
		}
		for id, n := range ids {
			if n != 1 {
				t.Errorf("%s: %d elements are called %s", name, n, id)
			}
		}
		for _, e := range list {
			by := strings.Fields(e.attributes["aria-labelledby"])
			if e.attributes["role"] == "img" && len(by) != 2 {
				t.Errorf("%s: a picture that is not described", name)
			}
			for _, id := range by {
				if ids[id] != 1 {
					t.Errorf("%s: nothing is called %s", name, id)
				}
			}
		}
	}
}

// TestPartsStandInTheirOrder, the verdict first.
func TestPartsStandInTheirOrder(t *testing.T) {
	r := live()
	r.Answers = offline(3).Answers
	page, at := draw(t, r), -1
	for _, id := range []string{"verdict", "health", "metrics", "forest", "distributions", "ecdf", "ecdf-open", "shift-1", "time", "p50-time", "p99-time", "looks", "known-1", "evidence-1", "cost", "split", "answers", "method"} {
		i := strings.Index(page, `id="`+id+`"`)
		if i <= at {
			t.Errorf("%s is at %d, after what is at %d", id, i, at)
		}
		at = i
	}
}

// TestAPageSaysWhatIsThere: the words that people look for.
func TestAPageSaysWhatIsThere(t *testing.T) {
	wanted := map[string][]string{
		"two": {"<strong>worse</strong>", "▼", "1.62×", "wazero takes 1.62", "judged", "5f2c9d4be04a3b0e", "swapline compare dist/", "Seed", "margin 1.25×", "report.json", ".hlog", "+0.0400 pp", "With a tolerance for numbers", "SHA-256 of the plan (plan.json)",
			`<span class="whose">wazero</span>`, "not of the two values", "Time: boundary", "95\u00a0% intervals"},
		"three": {`class="matrix"`, "<strong>1</strong> of 10,000 answers differ", "/score", "Input 4,711", "± 1e-09", "wasmtime against native", "If numbers had this tolerance",
			"2 arms share one chance to be wrong", "wasmtime</span><span class=\"value\">"},
		"live":    {"still running", "Blocked", "sample ratio", `class="red"`, "✕", "decided: 20 : 1", "<strong>undecided</strong>", "equivalent</text>"},
		"partial": {"PARTIAL", "interrupted after round 7 of 20", "<title>Partial: "},
		"nothing": {"This report has no verdict.", "<h1>Comparison</h1>"},
		"broken":  {"<strong>undecided</strong>", "∞", "decided: 20 : 1"},
	}
	all := reports()
	for name, words := range wanted {
		page := draw(t, all[name])
		for _, w := range words {
			if !strings.Contains(page, w) {
				t.Errorf("%s: no %q", name, w)
			}
		}
		if strings.Contains(page, "NaN") || strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "Inf") && name != "broken" {
			t.Errorf("%s: a value that is none is shown", name)
		}
	}
}

// TestAPlanThatACommandReadsIsThere: "--plan plan.json" is of no use without the file.
func TestAPlanThatACommandReadsIsThere(t *testing.T) {
	r := live()
	for command, want := range map[string]bool{"swapline experiment start risk 2.0.0 --plan plan.json": true, "swapline compare a b": false} {
		r.Command = command
		if got := strings.Contains(draw(t, r), "Its plan.json is among the raw data"); got != want {
			t.Errorf("%s: said in the page: %v", command, got)
		}
		if got := strings.Contains(tell(t, r), "# plan.json: {"); got != want {
			t.Errorf("%s: in the text: %v", command, got)
		}
	}
}

// TestAnAbsentPartHasNoSection: nothing stands there empty.
func TestAnAbsentPartHasNoSection(t *testing.T) {
	page := draw(t, &compare.Report{Title: "x", Arms: []compare.Arm{{Name: "a"}, {Name: "b"}}})
	for _, id := range []string{"health", "metrics", "distributions", "time", "looks", "cost", "answers"} {
		if strings.Contains(page, `id="`+id+`"`) {
			t.Errorf("%s is there, empty", id)
		}
	}
}

// TestPlacesStayInThePicture: whatever a report says, nothing is drawn far away.
func TestPlacesStayInThePicture(t *testing.T) {
	percents := regexp.MustCompile(`\b(?:x|x1|x2|width)="(-?[0-9.]+)%"`)
	for name, r := range reports() {
		for _, m := range percents.FindAllStringSubmatch(draw(t, r), -1) {
			if v := parse(t, m[1]); v < -6 || v > 106 {
				t.Errorf("%s: %s", name, m[0])
			}
		}
	}
}
