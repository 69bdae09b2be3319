package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// inputLimits bound what is read of a file of inputs: all of it is in memory
// while arms run, or reading would be measured.
type inputLimits struct {
	count int // inputs
	one   int // bytes of one of them
	all   int // bytes of all of them
}

func defaultInputLimits() inputLimits {
	return inputLimits{count: 100_000, one: 1 << 20, all: 256 << 20}
}

// readInputs reads the file of inputs, "-" for standard input.
func (a *app) readInputs(path string) ([]map[string]any, error) {
	if path == "-" {
		return defaultInputLimits().read("standard input", a.stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usageError{err}
	}
	defer f.Close()
	return defaultInputLimits().read(path, f)
}

// read reads inputs: an object a line (NDJSON; empty lines are left out), or one
// JSON array of objects, which is told by its first character. Each one is read as
// strictly as a server reads the body of a call. Errors name the line or the
// element.
func (l inputLimits) read(name string, r io.Reader) ([]map[string]any, error) {
	in := &inputs{name: name, limits: l}
	b := bufio.NewReader(&capped{r: r, left: l.all, most: l.all})
	read := in.lines
	if isArray(b) {
		read = in.array
	}
	if err := read(b); err != nil {
		return nil, err
	}
	if len(in.list) == 0 {
		return nil, in.wrong("", errors.New("there is no input in it"))
	}
	return in.list, nil
}

// isArray looks at the first character that is no white space.
func isArray(b *bufio.Reader) bool {
	head, _ := b.Peek(512) // shorter at the end of a short file
	return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("["))
}

// capped fails when more is read than is allowed, instead of ending there.
type capped struct {
	r    io.Reader
	left int
	most int
}

func (c *capped) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if c.left -= n; c.left < 0 {
		return 0, fmt.Errorf("the inputs have more than %s together", bytesText(int64(c.most)))
	}
	return n, err
}

// inputs are those that were read.
type inputs struct {
	name   string
	limits inputLimits
	list   []map[string]any
}

// lines reads NDJSON.
func (in *inputs) lines(b *bufio.Reader) error {
	s := bufio.NewScanner(b)
	s.Buffer(nil, in.limits.one+2) // and the end of the line
	line := 1
	for ; s.Scan(); line++ {
		if text := bytes.TrimSpace(s.Bytes()); len(text) > 0 {
			if err := in.add(fmt.Sprintf("line %d", line), text); err != nil && s.Err() == nil { // a line that was cut is not wrong
				return err
			}
		}
	}
	where := fmt.Sprintf("line %d", line)
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return in.tooLarge(where)
	}
	if s.Err() != nil {
		return in.wrong(where, s.Err())
	}
	return nil
}

// array reads one JSON array. The decoder only finds where elements end.
func (in *inputs) array(b *bufio.Reader) error {
	d := json.NewDecoder(b)
	if _, err := d.Token(); err != nil {
		return in.wrong("", err)
	}
	for n := 1; d.More(); n++ {
		var text json.RawMessage
		where := fmt.Sprintf("element %d", n)
		if err := d.Decode(&text); err != nil {
			return in.wrong(where, err)
		}
		if err := in.add(where, text); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return in.wrong("", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return in.wrong("", errors.New("something follows the array"))
	}
	return nil
}

func (in *inputs) add(where string, text []byte) error {
	if len(text) > in.limits.one {
		return in.tooLarge(where)
	}
	if len(in.list) == in.limits.count {
		return in.wrong(where, fmt.Errorf("there are more than %s inputs", compare.Count(int64(in.limits.count))))
	}
	v, err := wire.ParseJSONMap(text)
	if err != nil {
		return in.wrong(where, errors.New(strings.TrimPrefix(err.Error(), "wire: "))) // whoever wrote the file knows of no package
	}
	in.list = append(in.list, v)
	return nil
}

func (in *inputs) tooLarge(where string) error {
	return in.wrong(where, fmt.Errorf("it has more than %s", bytesText(int64(in.limits.one))))
}

func (in *inputs) wrong(where string, err error) error {
	if where != "" {
		where = ", " + where
	}
	return problem.New(problem.ComparisonMalformed, "%s%s: %w", in.name, where, err).
		Cure("inputs are one JSON object a line, or one JSON array of objects")
}
