// Package guesttest checks a strategy against its own golden cases in an
// ordinary Go test, before anything is built or signed. A host runs the same
// cases again before a release gets traffic.
//
//	func TestGoldenCases(t *testing.T) { guesttest.Run(t, ".", NewStrategy) }
//
// [Run] reads strategy.json from the folder. Three of its members matter here:
// "config"; "golden", a list of cases; and "golden_file", the path of a file
// with such a list, relative to the folder. A case has a name, an input and
// either the expected output or "rejected", the code of the expected business
// error. A strategy gets the capabilities emit and state if the member
// "capabilities" asks for them; as in a host, every case begins with an empty
// state, and no HTTP request is sent.
package guesttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// Host is an abi.Host for tests: a config, a log that goes to the test and a
// clock that stands still. It is not safe for concurrent use.
type Host struct {
	T      testing.TB
	Values map[string]any // the config; must be in the wire domain
	Clock  time.Time

	// State is what the strategy keeps. Writes are there at once, whatever
	// becomes of the call. nil denies the capability state.
	State map[string]any
	// OnEvent gets what is emitted; nil denies the capability emit.
	OnEvent func(typ string, data any)
	// Answer answers HTTP requests; nil denies the capability http.
	Answer func(abi.HTTPRequest) (abi.HTTPResponse, error)
}

// Config implements abi.Host.
func (h Host) Config() map[string]any { return h.Values }

// Log implements abi.Host.
func (h Host) Log(level abi.Level, message string, fields map[string]any) {
	h.T.Helper()
	h.T.Logf("level %d: %s %v", level, message, fields)
}

// Now implements abi.Host.
func (h Host) Now() time.Time { return h.Clock.UTC() }

// Run constructs the strategy with the config of folder/strategy.json, calls
// its Validate, if it has one, and runs each golden case as a subtest.
func Run(t *testing.T, folder string, constructor abi.Constructor) {
	t.Helper()
	source := readSource(t, folder)
	cases := source.cases(t, folder)
	h := Host{T: t, Values: source.config(), Clock: time.Date(2026, 6, 17, 12, 0, 0, 0, time.UTC)}
	source.grant(&h)
	s, err := constructor(h)
	if err != nil {
		t.Fatalf("constructor: %v", err)
	}
	if v, ok := s.(abi.Validator); ok {
		if err := v.Validate(t.Context()); err != nil {
			t.Fatalf("Validate: %v", err)
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			clear(h.State)
			if err := c.check(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}

type goldenCase struct {
	name          string
	input, output map[string]any
	rejected      string
}

// check runs one case. Input and output pass through the byte encoding, as they
// do on their way to a Wasm guest.
func (c goldenCase) check(ctx context.Context, s abi.Strategy) error {
	b, err := wire.Append(nil, c.input)
	if err != nil {
		return fmt.Errorf("input: %w", err)
	}
	in, err := wire.DecodeMap(b)
	if err != nil {
		return fmt.Errorf("input: %w", err)
	}
	out, err := s.Execute(ctx, in)
	if c.rejected != "" {
		return c.checkRejected(out, err)
	}
	if err != nil {
		return fmt.Errorf("rejected with %w, want an output", err)
	}
	got, err := wire.NormalizeMap(out)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if !wire.Equal(got, c.output) {
		return fmt.Errorf("output is\n  %s\nwant\n  %s", text(got), text(c.output))
	}
	return nil
}

func (c goldenCase) checkRejected(out map[string]any, err error) error {
	var business *abi.Error
	switch {
	case err == nil:
		return fmt.Errorf("output %s, want the business error %s", text(out), c.rejected)
	case !errors.As(err, &business):
		return fmt.Errorf("error without a code: %w, want %s", err, c.rejected)
	case business.Code != c.rejected:
		return fmt.Errorf("business error %w, want the code %s", err, c.rejected)
	}
	return nil
}

// source is strategy.json.
type source map[string]any

func readSource(t *testing.T, folder string) source {
	t.Helper()
	m, ok := read(t, filepath.Join(folder, "strategy.json")).(map[string]any)
	if !ok {
		t.Fatal("strategy.json is not an object")
	}
	return m
}

func (s source) config() map[string]any {
	config, _ := s["config"].(map[string]any)
	if config == nil {
		config = map[string]any{}
	}
	return config
}

// grant gives h what the source asks for.
func (s source) grant(h *Host) {
	words, _ := s["capabilities"].([]any)
	for _, word := range words {
		switch word {
		case abi.CapabilityState:
			h.State = map[string]any{}
		case abi.CapabilityEmit:
			h.OnEvent = func(typ string, data any) { h.T.Logf("event %s: %v", typ, data) }
		case abi.CapabilityHTTP:
			h.Answer = func(abi.HTTPRequest) (abi.HTTPResponse, error) {
				return abi.HTTPResponse{}, abi.Reject(abi.CodeHTTPDenied, "no request is sent while golden cases run")
			}
		}
	}
}

func (s source) cases(t *testing.T, folder string) (cases []goldenCase) {
	t.Helper()
	list, _ := s["golden"].([]any)
	if file, _ := s["golden_file"].(string); file != "" {
		more, _ := read(t, filepath.Join(folder, file)).([]any)
		list = append(list, more...)
	}
	if len(list) == 0 {
		t.Fatal("strategy.json has no golden cases")
	}
	for i, v := range list {
		cases = append(cases, caseOf(t, i, v))
	}
	return cases
}

func caseOf(t *testing.T, i int, v any) goldenCase {
	t.Helper()
	m, _ := v.(map[string]any)
	c := goldenCase{}
	c.name, _ = m["name"].(string)
	c.input, _ = m["input"].(map[string]any)
	c.output, _ = m["output"].(map[string]any)
	c.rejected, _ = m["rejected"].(string)
	if c.name == "" || c.input == nil || (c.output == nil) == (c.rejected == "") {
		t.Fatalf("golden case %d needs a name, an input and either an output or rejected", i)
	}
	return c
}

func read(t *testing.T, path string) any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := wire.ParseJSON(b)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

func text(m map[string]any) string {
	b, err := wire.AppendJSON(nil, m)
	if err != nil {
		return fmt.Sprintf("%v (%v)", m, err)
	}
	return string(b)
}
