package server_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

const formRequest = `{"strategy":"risk","arms":` + bothArms + `,"plan":` + smallPlan + `}`

// part is one of a form; encoding is its Content-Encoding.
type part struct{ name, text, encoding string }

// formOf makes a form as curl does.
func formOf(t testing.TB, parts ...part) (body []byte, media string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p.name + `"; filename="x"`}, "Content-Type": {"application/octet-stream"}}
		if p.encoding != "" {
			h.Set("Content-Encoding", p.encoding)
		}
		one, err := w.CreatePart(h)
		check(t, err)
		_, err = io.WriteString(one, p.text)
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

func (h *harness) sendForm(parts ...part) answer {
	h.t.Helper()
	body, media := formOf(h.t, parts...)
	return h.do(request{method: "POST", path: comparisonsPath, body: bytes.NewReader(body), header: map[string]string{"Content-Type": media}})
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	check(t, err)
	check(t, w.Close())
	return b.String()
}

// TestInputsComeAsTheyAreInAFile, in either order of the parts, compressed or not,
// with empty lines, and with or without a line's end at the end.
func TestInputsComeAsTheyAreInAFile(t *testing.T) {
	h := start(t)
	h.rollable()
	const lines = "{\"echo\": 1}\r\n\n{\"echo\": \"two\"}\n  {\"reject\": true}"
	ask := part{"request", formRequest, ""}
	for name, parts := range map[string][]part{
		"plain":              {ask, {"inputs", lines, ""}},
		"inputs first":       {{"inputs", lines + "\n", ""}, ask},
		"compressed":         {ask, {"inputs", zipped(t, lines), ""}},
		"compressed, and so": {ask, {"inputs", zipped(t, lines), "gzip"}},
		"as it is":           {ask, {"inputs", lines, "identity"}},
	} {
		a := h.sendForm(parts...)
		if a.status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", name, a.status, a.body)
		}
		begun := decode[runtime.ComparisonStatus](t, a)
		if a.header.Get("Location") != comparisonsPath+"/"+begun.ID || begun.Inputs != 3 || len(begun.Arms) != 2 || begun.Arms[1].Name != "new" {
			t.Errorf("%s: %+v", name, begun)
		}
		if s := h.over(begun.ID); s.State != "done" {
			t.Errorf("%s: %+v", name, s)
		}
		r := decode[compare.Report](t, h.get(comparisonsPath+"/"+begun.ID+"/report"))
		if d := r.Answers[0]; d.Compared != 3 || d.Different != 2 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestAFormThatIsWrongSaysWhere: with the line and the column for people, and the
// pointer for programs.
func TestAFormThatIsWrongSaysWhere(t *testing.T) {
	h := start(t, func(c *server.Config, _ *server.Timeouts) {
		c.Limits.Comparison, c.Limits.ComparisonText, c.Limits.Input = 1<<20, 2<<20, 1<<10
	})
	h.rollable()
	ask := part{"request", formRequest, ""}
	in := func(text string) []part { return []part{ask, {"inputs", text, ""}} }
	long := `{"a":"` + strings.Repeat("x", 1<<10) + `"}`
	numbers := ""
	for i := range 1000 {
		numbers += `{"a":` + strconv.Itoa(i*i*i) + "}\n"
	}
	for _, c := range []struct {
		name    string
		status  int
		code    problem.Code
		pointer string
		says    string
		parts   []part
	}{
		{"no parts", 400, problem.BadRequest, "", `no part "request"`, nil},
		{"no request", 400, problem.BadRequest, "", `no part "request"`, []part{{"inputs", "{}", ""}}},
		{"two requests", 400, problem.BadRequest, "", "part too many", []part{ask, ask}},
		{"inputs twice", 400, problem.BadRequest, "", "part too many", append(in("{}"), part{"inputs", "{}", ""})},
		{"something else", 400, problem.BadRequest, "", "part too many", append(in("{}"), part{"more", "{}", ""})},
		{"a request that is no JSON", 400, problem.BadJSON, "", "not acceptable JSON", []part{{"request", "strategy", ""}}},
		{"a request of nothing", 400, problem.BadRequest, "/strategy", "", []part{{"request", "{}", ""}, {"inputs", "{}", ""}}},
		{"a request that is null", 400, problem.ValueDomain, "", "", []part{{"request", "null", ""}, {"inputs", "{}", ""}}},
		{"a request with inputs", 422, problem.ComparisonMalformed, "/inputs", `in the part`, []part{{"request", asked(bothArms, `[{}]`, `{}`), ""}}},
		{"a large request", 413, problem.BodyTooLarge, "", "the request", []part{{"request", formRequest + strings.Repeat(" ", 1<<10), ""}}},
		{"a misspelt member", 400, problem.BadRequest, "", "plann", []part{{"request", `{"strategy":"risk","plann":{}}`, ""}, {"inputs", "{}", ""}}},
		{"no inputs", 422, problem.ComparisonMalformed, "/inputs", "", []part{ask}},
		{"empty inputs", 422, problem.ComparisonMalformed, "/inputs", "", in("\n \n")},
		{"both sorts", 422, problem.ComparisonMalformed, "/recorded", "", []part{{"request", strings.Replace(formRequest, "{", `{"recorded":5,`, 1), ""}, {"inputs", "{}", ""}}},
		{"a line that is no JSON", 400, problem.BadJSON, "/inputs/1", "line 3, column 12 of the inputs: not acceptable JSON", in("{}\n\n  {\"ä\": 17,}\n{}")},
		{"a line that is a list", 400, problem.ValueDomain, "/inputs/0", "of the inputs: ", in("[{}, {}]")},
		{"a key twice", 400, problem.DuplicateKey, "/inputs/1/a/b", "line 2, column 13 of the inputs: not acceptable JSON: duplicate key at /a/b", in("{}\n{\"a\":{\"b\":1,\"b\":2}}")},
		{"a number that would be rounded", 400, problem.IntegerRange, "/inputs/0/a", "line 1, column 6 of the inputs: ", in(`{"a":123456789012345678901234567890}`)},
		{"a long line", 413, problem.BodyTooLarge, "/inputs/1", "line 2 of the inputs: ", in("{}\n" + long + "\n{}")},
		{"the rest of an object", 400, problem.BadJSON, "/inputs/0/a", "line 1, column 6 of the inputs: ", in("{\"a\":\n1}")},
		{"another compression", 415, problem.MediaType, "", "", []part{ask, {"inputs", "{}", "br"}}},
		{"no compression where it says so", 400, problem.BadRequest, "", "decompressed", []part{ask, {"inputs", "{\"a\":1,\"b\":2}", "gzip"}}},
		{"damaged compression", 400, problem.BadRequest, "", "decompressed", []part{ask, {"inputs", damagedZip(t), ""}}},
		{"half of a compression", 400, problem.BadRequest, "", "ended early", []part{ask, {"inputs", zipped(t, strings.Repeat("{}\n", 1000))[:30], ""}}},
		{"a compression that ends within a line", 400, problem.BadRequest, "", "ended early", []part{ask, {"inputs", zipped(t, numbers)[:500], ""}}},
		{"a bomb of lines", 413, problem.BodyTooLarge, "", "text of the inputs", []part{ask, {"inputs", zipped(t, strings.Repeat(`{"a":"`+strings.Repeat("x", 990)+"\"}\n", 2200)), ""}}},
		{"a bomb", 413, problem.BodyTooLarge, "", "text of the inputs", []part{ask, {"inputs", zipped(t, strings.Repeat(strings.Repeat(" ", 1000)+"\n", 2100)), ""}}},
		{"a form of many bytes", 413, problem.BodyTooLarge, "", "the form", in(strings.Repeat("{}\n", 400_000))},
	} {
		a := h.sendForm(c.parts...)
		p := a.problem(t)
		if a.status != c.status || p.Code != string(c.code) || p.Pointer != c.pointer || !strings.Contains(string(a.body), strings.ReplaceAll(c.says, `"`, `\"`)) {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		if a.status != http.StatusBadRequest || c.says != "" {
			readable(t, p)
		}
	}
}

// damagedZip is damaged where its checksum notices it.
func damagedZip(t testing.TB) string {
	b := []byte(zipped(t, "{\"a\":1}\n"))
	b[len(b)-8] ^= 1
	return string(b)
}

// TestAFormOfTooManyValuesIsRefused: all of them are in memory.
func TestAFormOfTooManyValuesIsRefused(t *testing.T) {
	h := start(t)
	h.rollable()
	line := `{"a":[` + strings.Repeat("0,", 49_999) + `0]}` + "\n"
	text := strings.Repeat(line, 39) + strings.Repeat("{}\n", 50_000) // an input of nothing is a value, too
	a := h.sendForm(part{"request", formRequest, ""}, part{"inputs", zipped(t, text), ""})
	if p := a.problem(t); a.status != http.StatusBadRequest || p.Code != string(problem.ValueTooLarge) || p.Pointer != "/inputs/49961" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestAFormWithoutABoundaryIsRefused, and one that is compressed as a whole.
func TestAFormWithoutABoundaryIsRefused(t *testing.T) {
	h := start(t)
	for _, header := range []map[string]string{{"Content-Type": "multipart/form-data"}, {"Content-Type": "multipart/mixed; boundary=b"},
		{"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "gzip"}} {
		a := h.do(request{method: "POST", path: comparisonsPath, body: strings.NewReader("--b--"), header: header})
		if a.status != http.StatusUnsupportedMediaType || a.problem(t).Code != string(problem.MediaType) {
			t.Errorf("%v: %d %s", header, a.status, a.body)
		}
	}
	a := h.do(request{method: "POST", path: comparisonsPath, body: strings.NewReader("--b\r\nContent-Disp"), header: map[string]string{"Content-Type": "multipart/form-data; boundary=b"}})
	if a.status != http.StatusBadRequest {
		t.Errorf("half a form: %d %s", a.status, a.body)
	}
}

// TestASlowFormMayTakeItsTime, as every body with inputs.
func TestASlowFormMayTakeItsTime(t *testing.T) {
	h := start(t)
	h.rollable()
	hasty := h.beside(func(c *server.Config, times *server.Timeouts) {
		*times = server.Timeouts{Read: 300 * time.Millisecond, Write: 300 * time.Millisecond}
		c.Limits.UploadIdle = time.Minute
	})
	body, media := formOf(t, part{"request", formRequest, ""}, part{"inputs", "{}\n", ""})
	a := hasty.insists(func() request {
		return request{method: "POST", path: comparisonsPath, body: slowly(body), header: map[string]string{"Content-Type": media}}
	})
	if a.status != http.StatusAccepted {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// FuzzComparisonForms sends any lines as the inputs of a form: the answer is never
// 5xx, and a line that is refused is named.
func FuzzComparisonForms(f *testing.F) {
	h := start(f)
	f.Add([]byte("{\"a\":1}\n\n{"), "")
	f.Add([]byte(zipped(f, "{}\n{\"a\":[1,{\"b\":null}]}\r\n[]")), "gzip")
	f.Add([]byte{0x1f, 0x8b, 8}, "identity")
	f.Fuzz(func(t *testing.T, lines []byte, encoding string) {
		body, media := formOf(t, part{"request", formRequest, ""}, part{"inputs", string(lines), strings.Map(printable, encoding)})
		q, err := http.NewRequestWithContext(t.Context(), "POST", h.base+comparisonsPath, bytes.NewReader(body))
		check(t, err)
		q.Header.Set("Authorization", "Bearer "+testToken)
		q.Header.Set("Content-Type", media)
		res, err := h.client.Do(q)
		check(t, err)
		text, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode < 400 || res.StatusCode >= 500 || !bytes.Contains(text, []byte(`"code":`)) { // there is no such strategy
			t.Errorf("%d %s", res.StatusCode, text)
		}
	})
}
