package server

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// A form carries inputs as people have them, in a file with an object a line, in two
// parts that may come in either order:
//
//	curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:7070/v1/comparisons \
//	     -F request=@comparison.json -F inputs=@payments.ndjson
//
// request is the body of a comparison without inputs; inputs may be compressed with
// gzip, and say so with Content-Encoding or by their first two bytes. They are read as
// they arrive, each with the limits of execute.
const (
	mediaForm   = "multipart/form-data"
	partRequest = "request"
	partInputs  = "inputs"
)

// isForm tells whether a body claims to be a form.
func isForm(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	return err == nil && media == mediaForm
}

// comparisonForm reads a form. The inputs are nil if it has none.
func (a *api) comparisonForm(c echo.Context) (body map[string]any, inputs []map[string]any, err error) {
	f, err := a.openForm(c)
	if err != nil {
		return nil, nil, err
	}
	for {
		part, err := f.reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, readProblem(err, "the form", f.limit)
		}
		if err := f.take(part); err != nil {
			return nil, nil, err
		}
	}
	f.patient.done()
	if f.body == nil {
		return nil, nil, problem.New(problem.BadRequest, "the form has no part %q", partRequest).
			Want("the parts %q and %q", partRequest, partInputs).Cure("send it as: curl -F request=@comparison.json -F inputs=@inputs.ndjson")
	}
	return f.body, f.inputs, nil
}

// comparisonForm is one that is being read.
type comparisonForm struct {
	reader  *multipart.Reader
	patient *patient
	limit   int64 // of the body
	text    int64 // of the inputs, decompressed
	line    int64 // of one input, and of the request
	body    map[string]any
	inputs  []map[string]any // not nil once the part was read
	values  int              // in all inputs, and themselves
}

func (a *api) openForm(c echo.Context) (*comparisonForm, error) {
	r, limit := c.Request(), a.Limits.Comparison
	_, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || params["boundary"] == "" {
		return nil, problem.New(problem.MediaType, "the form has no boundary").Want("Content-Type: %s; boundary=...", mediaForm).Got("%.80q", r.Header.Get(echo.HeaderContentType))
	}
	if err := requireMedia(r, mediaForm); err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		return nil, tooLarge("the form", limit).Got("%d bytes", r.ContentLength)
	}
	p := a.patience(c)
	body := http.MaxBytesReader(c.Response(), p, limit)
	return &comparisonForm{reader: multipart.NewReader(body, params["boundary"]), patient: p, limit: limit, text: a.Limits.ComparisonText, line: a.Limits.Input}, nil
}

// take reads one part.
func (f *comparisonForm) take(part *multipart.Part) error {
	switch name := part.FormName(); {
	case name == partRequest && f.body == nil:
		return f.takeRequest(part)
	case name == partInputs && f.inputs == nil:
		return f.takeInputs(part)
	default:
		return problem.New(problem.BadRequest, "the form has a part too many").
			Want("the parts %q and %q, each once", partRequest, partInputs).Got("part %.80q", name)
	}
}

func (f *comparisonForm) takeRequest(part *multipart.Part) error {
	text, err := io.ReadAll(io.LimitReader(part, f.line+1))
	if err != nil {
		return readProblem(err, "the request", f.limit)
	}
	if int64(len(text)) > f.line {
		return tooLarge("the request", f.line).Cure("send the inputs in the part %q", partInputs)
	}
	if f.body, err = wire.ParseJSONMap(text); err != nil {
		return jsonProblem(err)
	}
	if f.body == nil {
		f.body = map[string]any{}
	}
	if f.body["inputs"] != nil {
		return malformed("/inputs", "the request of a form has inputs").Cure("send them in the part %q, an object a line", partInputs)
	}
	return nil
}

// takeInputs reads inputs, an object a line; empty lines are passed over.
func (f *comparisonForm) takeInputs(part *multipart.Part) error {
	text, err := plainInputs(part)
	if err != nil {
		return f.unreadable(err)
	}
	f.inputs = []map[string]any{}
	lines := bufio.NewScanner(&ceiling{text, f.text})
	lines.Buffer(nil, int(f.line)+2) // and the end of the line
	number := 1
	for ; lines.Scan(); number++ {
		if err := f.takeLine(number, lines.Bytes()); err != nil {
			return cmp.Or(f.unreadable(lines.Err()), err) // a line that was cut is not wrong
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return f.atLine(number, 0, tooLarge("the input", f.line).Cure("send fewer or shorter values in one input"))
	}
	return f.unreadable(lines.Err())
}

func (f *comparisonForm) takeLine(number int, line []byte) error {
	text := bytes.TrimLeft(line, " \t\r")
	if len(text) == 0 {
		return nil
	}
	in, err := wire.ParseJSONMap(text)
	if err != nil {
		p, column := lineProblem(err, line, len(line)-len(text))
		return f.atLine(number, column, p)
	}
	if f.values += 1 + valuesIn(in); f.values > comparisonItems {
		return f.atLine(number, 0, problem.New(problem.ValueTooLarge, "the inputs have too many values").Want("at most %d in all of them", comparisonItems).Cure("compare with fewer inputs"))
	}
	f.inputs = append(f.inputs, in)
	return nil
}

// atLine says which input a problem is about: its line, and the column if it is known,
// for people; its number, from 0, in the pointer.
func (f *comparisonForm) atLine(number, column int, p *problem.Error) error {
	p = p.At("/inputs/" + strconv.Itoa(len(f.inputs)) + p.Pointer)
	where := "line " + strconv.Itoa(number)
	if column > 0 {
		where += ", column " + strconv.Itoa(column)
	}
	p.Message = where + " of the inputs: " + p.Message
	return p
}

// lineProblem is jsonProblem of a line, with the column, in characters from 1.
func lineProblem(err error, line []byte, skipped int) (p *problem.Error, column int) {
	_ = errors.As(jsonProblem(err), &p) // it is one
	p.Message = strings.TrimPrefix(p.Message, "the body is ")
	if at := new(wire.Error); errors.As(err, &at) && at.Offset >= 0 {
		p.Message = strings.TrimSuffix(p.Message, fmt.Sprintf(" (offset %d)", at.Offset))
		column = 1 + utf8.RuneCount(line[:min(skipped+at.Offset, len(line))])
	}
	return p.Cure("send one JSON object a line"), column
}

// valuesIn counts the members and elements in all of a value.
func valuesIn(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		n = len(v)
		for _, member := range v {
			n += valuesIn(member)
		}
	case []any:
		n = len(v)
		for _, element := range v {
			n += valuesIn(element)
		}
	}
	return n
}

// errText says that there is more text of inputs than may be.
var errText = errors.New("too much text")

// ceiling fails where more is read than may be, instead of ending there.
type ceiling struct {
	io.Reader
	left int64
}

// Read implements io.Reader.
func (c *ceiling) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if c.left -= int64(n); c.left < 0 {
		return 0, errText
	}
	return n, err
}

// plainInputs decompresses what is compressed.
func plainInputs(part *multipart.Part) (io.Reader, error) {
	b := bufio.NewReader(part)
	head, _ := b.Peek(2) // what cannot be read is reported by whoever reads on
	packed := bytes.Equal(head, []byte{0x1f, 0x8b})
	switch encoding := strings.ToLower(part.Header.Get(echo.HeaderContentEncoding)); encoding {
	case "", "identity":
	case "gzip":
		packed = true
	default:
		return nil, problem.New(problem.MediaType, "the inputs are compressed in a way that is not known").Want("gzip, or nothing").Got("%.40q", encoding)
	}
	if !packed {
		return b, nil
	}
	return gzip.NewReader(b)
}

// unreadable names why the inputs could not be read, nil for nil.
func (f *comparisonForm) unreadable(err error) error {
	var p *problem.Error
	var corrupt flate.CorruptInputError
	switch {
	case err == nil, errors.As(err, &p):
		return err
	case errors.Is(err, errText):
		return tooLarge("the text of the inputs", f.text).Cure("compare with fewer inputs")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return problem.New(problem.BadRequest, "the inputs cannot be decompressed: %w", err).Cure("compress them with gzip, or send them as they are")
	}
	return readProblem(err, "the inputs", f.limit)
}
