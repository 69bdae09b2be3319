package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// codeUsage is the code of wrong arguments in reports; servers never send it.
const codeUsage = "usage"

// reported is an error as --json prints it.
type reported struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Check    string `json:"check,omitempty"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Cure     string `json:"cure,omitempty"`
	Pointer  string `json:"pointer,omitempty"`
	// BusinessError says that the strategy itself refused the input; the code
	// is its own.
	BusinessError bool            `json:"business_error,omitempty"`
	Details       json.RawMessage `json:"details,omitempty"`
	// Differences is the table that a refused plugin comes with.
	Differences        []problem.Difference `json:"differences,omitempty"`
	DifferencesLeftOut int                  `json:"differences_left_out,omitempty"`
}

// report tells an error, with --json as one JSON object on standard error.
func (a *app) report(err error) {
	if errors.As(err, new(told)) && !a.json {
		return
	}
	if !a.json {
		fmt.Fprintln(a.stderr, "swapline: "+harmless(err.Error()))
		printDifferences(a.stderr, err)
		return
	}
	_ = json.NewEncoder(a.stderr).Encode(reportOf(err))
}

func reportOf(err error) reported {
	var known *problem.Error
	var business *abi.Error
	var wrong usageError
	var ended *outcome
	switch {
	case errors.As(err, &known):
		return reported{Code: string(known.Code), Message: known.Message, Check: known.Check,
			Expected: known.Expected, Found: known.Found, Cure: known.Remedy, Pointer: known.Pointer,
			Differences: known.Differences, DifferencesLeftOut: known.DifferencesLeftOut}
	case errors.As(err, &business):
		r := reported{Code: business.Code, Message: business.Message, BusinessError: true}
		if b, err := wire.AppendJSON(nil, business.Details); err == nil && business.Details != nil {
			r.Details = b
		}
		return r
	case errors.As(err, &ended):
		return reported{Code: ended.word(), Message: ended.text}
	case errors.As(err, &wrong):
		return reported{Code: codeUsage, Message: err.Error()}
	}
	return reported{Code: string(problem.Internal), Message: err.Error()}
}
