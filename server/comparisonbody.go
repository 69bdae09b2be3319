package server

import (
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Bounds of what a comparison is asked for with.
const (
	// comparisonItems is how many elements and members all inputs may have in sum:
	// 100,000 inputs of 20 values. Each input also has the limits of execute.
	comparisonItems = 2_000_000
	comparisonWord  = 80   // bytes of a name, a release, an engine, a metric
	comparisonLine  = 2000 // bytes of the command

	comparisonsRead = 2 // bodies at the same time: some 100 bytes of memory a value
)

// comparisonOf reads a whole comparison:
//
//	{"strategy": "risk", "arms": [{"release": "1.0.0"}, {"release": "2.0.0"}],
//	 "inputs": [{...}, ...], "plan": {"metric": "latency_p50", "margin": 0.1}}
//
// with "recorded": 1000 in place of inputs for those that the host keeps; or the same
// as a form, with the inputs in a file.
func (a *api) comparisonOf(c echo.Context) (runtime.Comparison, error) {
	if !isForm(c.Request()) {
		body, err := a.comparisonObject(c)
		if err != nil {
			return runtime.Comparison{}, err
		}
		return askedIn(body, actor(c))
	}
	body, inputs, err := a.comparisonForm(c)
	if err != nil {
		return runtime.Comparison{}, err
	}
	ask, err := askedIn(body, actor(c))
	ask.Inputs = inputs
	return ask, err
}

// askedIn reads the members of a body.
func askedIn(body map[string]any, actor string) (ask runtime.Comparison, err error) {
	ask.Actor = actor
	if err := onlyKeys(body, "strategy", "arms", "inputs", "recorded", "plan", "command"); err != nil {
		return ask, err
	}
	if ask.Strategy, err = strategyIn(body); err != nil {
		return ask, err
	}
	if ask.Command, err = commandIn(body); err != nil {
		return ask, err
	}
	if ask.Arms, err = armsIn(body); err != nil {
		return ask, err
	}
	if ask.Inputs, ask.Recorded, err = inputsIn(body); err != nil {
		return ask, err
	}
	ask.Plan, err = planIn(body)
	return ask, err
}

// comparisonObject reads the body, which may be large and take its time.
func (a *api) comparisonObject(c echo.Context) (map[string]any, error) {
	if err := requireMedia(c.Request(), mediaJSON); err != nil {
		return nil, err
	}
	p := a.patience(c)
	body, err := readAll(c, a.Limits.Comparison, "the body")
	if err != nil {
		return nil, err
	}
	p.done()
	v, err := wire.Limits{Bytes: int(a.Limits.Comparison), Items: comparisonItems}.ParseJSON(body)
	if err != nil {
		return nil, jsonProblem(err)
	}
	if m, ok := v.(map[string]any); ok {
		return m, nil
	}
	return nil, problem.New(problem.ValueDomain, "the body is no JSON object").Cure("send one JSON object")
}

// patient gives every read of a body its own time, and all of them together that of
// an upload. A connection that cannot move its deadlines keeps the server's own.
type patient struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	end     time.Time
}

// patience makes the request's body patient, and the answer to it.
func (a *api) patience(c echo.Context) *patient {
	p := &patient{ReadCloser: c.Request().Body, control: http.NewResponseController(c.Response()), idle: a.Limits.UploadIdle, end: time.Now().Add(a.Limits.Upload)}
	c.Request().Body = p
	_ = p.control.SetWriteDeadline(p.end.Add(p.idle))
	return p
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	next := time.Now().Add(p.idle)
	if next.After(p.end) {
		next = p.end
	}
	_ = p.control.SetReadDeadline(next)
	return p.ReadCloser.Read(b)
}

// done leaves a deadline that does not pass before the answer: net/http takes one
// that did for a client that left.
func (p *patient) done() { _ = p.control.SetReadDeadline(p.end) }

// strategyIn reads the name of a strategy that the body must have.
func strategyIn(body map[string]any) (string, error) {
	name, err := text(body, "strategy", comparisonWord)
	switch {
	case err != nil:
		return "", err
	case name == "":
		return "", problem.New(problem.BadRequest, "the body does not say which strategy").At("/strategy").
			Cure("GET /v1/strategies lists the names")
	case !manifest.ValidName(name):
		return "", problem.New(problem.UnknownStrategy, "%.80q cannot be the name of a strategy", name).At("/strategy").
			Cure("GET /v1/strategies lists the names")
	}
	return name, nil
}

// commandIn reads the command that repeats the comparison: it stands in the report,
// where people copy it from.
func commandIn(body map[string]any) (string, error) {
	line, err := text(body, "command", comparisonLine)
	if err == nil && !printableLine(line) {
		err = problem.New(problem.BadRequest, "command is not one line that can be shown").At("/command").
			Want("printable UTF-8 on one line").Got("%.80q", line)
	}
	return line, err
}

func printableLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// inputsIn reads the inputs, or how many recorded ones to take. Which of both there
// must be, and what an input may be, the runtime says.
func inputsIn(body map[string]any) (inputs []map[string]any, recorded int, err error) {
	if v, given := body["recorded"]; given {
		n, ok := v.(int64)
		if !ok || n < 0 || n > math.MaxInt32 {
			return nil, 0, malformed("/recorded", "recorded is not how many inputs to take").Want("a whole number from 0")
		}
		recorded = int(n)
	}
	v, given := body["inputs"]
	if !given {
		return nil, recorded, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, 0, malformed("/inputs", "the inputs are no list").Want("a list of objects")
	}
	inputs = make([]map[string]any, len(list))
	for i, v := range list {
		if inputs[i], ok = v.(map[string]any); !ok {
			return nil, 0, malformed("/inputs/"+strconv.Itoa(i), "the input is no object").Want("an object")
		}
	}
	return inputs, recorded, nil
}

// planIn reads the plan, in the engine's words. Defaults and bounds are the engine's, too.
func planIn(body map[string]any) (p compare.Plan, err error) {
	v, given := body["plan"]
	if !given {
		return p, nil
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return p, malformed("/plan", "there is no object").Want("an object")
	}
	p, err = compare.DecodePlan(doc)
	var wrong *problem.Error
	if errors.As(err, &wrong) {
		return p, wrong.At("/plan" + wrong.Pointer)
	}
	return p, err
}

func malformed(place, format string, args ...any) *problem.Error {
	return problem.New(problem.ComparisonMalformed, format, args...).At(place)
}
