// Package problem is the one error type that reaches users. Every refusal
// carries a stable code, says what was checked, what was expected and found,
// and what to do about it. The codes are part of the API: they never change
// their meaning and are listed in codes.go; docs/errors.md lists them with their
// HTTP status.
//
// A layer that only passes an error on wraps it with what it knows (a stage, a
// strategy) and keeps the code:
//
//	return problem.New(problem.DigestMismatch, "artifact is not the one that was signed").
//		Want(m.Artifact.SHA256).Got(staged.Digest).
//		Cure("sign the artifact that you upload")
package problem

import (
	"errors"
	"fmt"
)

// Code is a stable identifier of a class of problems: lower-case words joined
// by underscores.
type Code string

// Error is a problem. Build it with [New] and its methods; a built value is
// immutable and safe to share.
type Error struct {
	// Code is the class of the problem.
	Code Code
	// Message says in one sentence, in lower case, what was wrong and where.
	Message string
	// Check names the pipeline check that failed, for example "golden_cases".
	Check string
	// Expected and Found are set when the problem is a difference.
	Expected, Found string
	// Remedy says what to do.
	Remedy string
	// Pointer is the RFC 6901 JSON Pointer of the offending value, if any.
	Pointer string
	// Differences is the comparison that failed, the most telling line first;
	// DifferencesLeftOut is how many more there are.
	Differences        []Difference
	DifferencesLeftOut int
	// Cause is the error underneath, if any.
	Cause error
}

// Difference is one line of a comparison between a host and what shall be loaded
// into it.
type Difference struct {
	What   string `json:"what"`
	Host   string `json:"host"`
	Plugin string `json:"plugin"`
	// Severity is "fails" (loading would fail), "dangerous" (it would succeed, and
	// is refused) or "harmless".
	Severity string `json:"severity"`
	Cure     string `json:"cure,omitempty"`
}

// New makes a problem. The format follows fmt.Errorf; an operand of %w becomes
// the cause.
func New(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// In returns a copy that names the check.
func (e *Error) In(check string) *Error { c := *e; c.Check = check; return &c }

// Want returns a copy with the expected value.
func (e *Error) Want(format string, args ...any) *Error {
	c := *e
	c.Expected = fmt.Sprintf(format, args...)
	return &c
}

// Got returns a copy with the value found.
func (e *Error) Got(format string, args ...any) *Error {
	c := *e
	c.Found = fmt.Sprintf(format, args...)
	return &c
}

// Cure returns a copy that says what to do.
func (e *Error) Cure(format string, args ...any) *Error {
	c := *e
	c.Remedy = fmt.Sprintf(format, args...)
	return &c
}

// At returns a copy that points at the offending value.
func (e *Error) At(pointer string) *Error { c := *e; c.Pointer = pointer; return &c }

// Differing returns a copy with the table of what differs; more lines than these
// were left out.
func (e *Error) Differing(list []Difference, more int) *Error {
	c := *e
	c.Differences, c.DifferencesLeftOut = list, more
	return &c
}

// Error implements error.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.Pointer != "" {
		s += " at " + e.Pointer
	}
	switch {
	case e.Expected != "":
		s += fmt.Sprintf(" (expected %s, found %s)", e.Expected, orNothing(e.Found))
	case e.Found != "":
		s += fmt.Sprintf(" (found %s)", e.Found)
	}
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is a problem of the same code, so that
// errors.Is(err, &problem.Error{Code: c}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// CodeOf returns the code of the first problem in err's chain, [Internal] for
// any other error and the empty code for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var p *Error
	if errors.As(err, &p) {
		return p.Code
	}
	return Internal
}
