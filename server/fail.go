package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

const mediaProblem = "application/problem+json"

// typePrefix is where a person finds a problem's explanation.
const typePrefix = "https://github.com/swapline/swapline/blob/main/docs/errors.md#"

// Problem is the body of every error (RFC 9457). Fields after Instance are ours.
type Problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance"`
	// Code is one of package problem's, or the strategy's own when Type ends in
	// #business-error.
	Code     string `json:"code"`
	Check    string `json:"check,omitempty"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Cure     string `json:"cure,omitempty"`
	Pointer  string `json:"pointer,omitempty"`
	TraceID  string `json:"trace_id,omitempty"`
	// Errors lists the single problems where there were several.
	Errors []Detail `json:"errors,omitempty"`
	// Differences is the table of what differs between the host and what was
	// uploaded, the most telling line first; DifferencesLeftOut is how many more
	// there are.
	Differences        []problem.Difference `json:"differences,omitempty"`
	DifferencesLeftOut int                  `json:"differences_left_out,omitempty"`
	// Details is what a strategy added to its own error.
	Details json.RawMessage `json:"details,omitempty"`
}

// Detail is one of several problems.
type Detail struct {
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Pointer string `json:"pointer,omitempty"`
}

// fail answers err. It is echo's error handler, so that routing errors take the
// same way.
func (a *api) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := a.problemOf(c, err)
	p.Instance = "urn:swapline:request:" + c.Response().Header().Get(headerRequestID)
	if s := trace.SpanContextFromContext(c.Request().Context()); s.HasTraceID() {
		p.TraceID = s.TraceID().String()
	}
	if p.Status == http.StatusServiceUnavailable {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter(err))
	}
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(p.Status)
		return
	}
	body, err := json.Marshal(p)
	if err != nil {
		a.Log.ErrorContext(c.Request().Context(), "a problem cannot be written", "error", err)
	}
	_ = c.Blob(p.Status, mediaProblem, body)
}

// retryAfter is in how many seconds an error that knows may be gone, rounded up;
// for all others a moment.
func retryAfter(err error) string {
	var knows interface{ RetryAfter() time.Duration }
	if !errors.As(err, &knows) {
		return "1"
	}
	return strconv.FormatInt(max(1, int64((knows.RetryAfter()+time.Second-1)/time.Second)), 10)
}

// problemOf chooses the form: a strategy's own error, echo's routing errors, or
// a problem with a code.
func (a *api) problemOf(c echo.Context, err error) Problem {
	var business *abi.Error
	var routing *echo.HTTPError
	var known *problem.Error
	switch {
	// Before the business error: a problem may have one as its cause, when a
	// strategy refused to be made.
	case errors.As(err, &known) && known.Code != problem.Internal:
		return a.knownProblem(known)
	case known == nil && errors.As(err, &business):
		return businessProblem(business)
	case errors.As(err, &routing):
		return a.knownProblem(routingProblem(c, routing))
	}
	a.Log.ErrorContext(c.Request().Context(), "internal error", "error", err,
		"request_id", c.Response().Header().Get(headerRequestID))
	return a.knownProblem(problem.New(problem.Internal, "something went wrong inside of the server").
		Cure("look for the request id in the server's log and report it"))
}

func businessProblem(e *abi.Error) Problem {
	p := Problem{Type: typePrefix + "business-error", Title: "The strategy refused the input",
		Status: http.StatusUnprocessableEntity, Detail: e.Message, Code: e.Code}
	if details, err := wire.AppendJSON(nil, e.Details); err == nil && e.Details != nil {
		p.Details = details
	}
	return p
}

func (a *api) knownProblem(e *problem.Error) Problem {
	entry, ok := a.answers[string(e.Code)]
	if !ok {
		entry = a.answers[string(problem.Internal)]
	}
	return Problem{
		Type: typePrefix + string(e.Code), Title: entry.Title, Status: entry.Status, Detail: e.Message,
		Code: string(e.Code), Check: e.Check, Expected: e.Expected, Found: e.Found,
		Cure: e.Remedy, Pointer: e.Pointer, Errors: several(e.Cause),
		Differences: e.Differences, DifferencesLeftOut: e.DifferencesLeftOut,
	}
}

// several lists the problems that were joined with errors.Join.
func several(err error) []Detail {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var list []Detail
	for _, e := range joined.Unwrap() {
		var p *problem.Error
		if errors.As(e, &p) {
			list = append(list, Detail{Code: string(p.Code), Detail: p.Message, Pointer: p.Pointer})
		}
	}
	return list
}

func routingProblem(c echo.Context, e *echo.HTTPError) *problem.Error {
	r := c.Request()
	switch e.Code {
	case http.StatusNotFound:
		return problem.New(problem.NotFound, "there is nothing at %.200q", r.URL.Path).Cure("GET /openapi.yaml lists the operations")
	case http.StatusMethodNotAllowed:
		return problem.New(problem.MethodNotAllowed, "%.20q is not possible here", r.Method).
			Want("%s", c.Response().Header().Get(echo.HeaderAllow)).Got("%.20s", r.Method)
	}
	return problem.New(problem.BadRequest, "%v", e.Message)
}
