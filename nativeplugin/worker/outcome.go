package worker

import (
	"context"
	"slices"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// outcome is what an answer's kind says; nil for an answer in the narrow sense.
// Whatever the worker sent, the result is an error that Execute may return.
func outcome(ctx context.Context, m message) error {
	switch m.kind {
	case kindOK:
		return nil
	case kindRejected:
		return rejection(m.body)
	case kindFault:
		return fault(ctx, m.body)
	}
	return driver.Faultf(problem.FaultABI, "the worker process answered with kind %d", m.kind)
}

func rejection(body []byte) error {
	v, err := wire.DecodeMap(body)
	if err != nil {
		return driver.Faultf(problem.FaultABI, "the worker's business error: %v", err)
	}
	code, _ := v[abi.KeyCode].(string)
	words, _ := v[abi.KeyMessage].(string)
	details, _ := v[abi.KeyDetails].(map[string]any)
	if code == "" {
		code = abi.CodeBusinessError
	}
	return &abi.Error{Code: code, Message: words, Details: details}
}

func fault(ctx context.Context, body []byte) error {
	code, words, stack := faultOf(body)
	switch code {
	case problem.FaultDeadline:
		if ctx.Err() != nil {
			return driver.Interrupted(ctx)
		}
	case problem.FaultPanic, problem.FaultABI:
	default:
		code = problem.FaultABI
	}
	f := driver.Faultf(code, "%s", words)
	f.Stack = stack
	return f
}

func faultOf(body []byte) (code problem.Code, words, stack string) {
	v, err := wire.DecodeMap(body)
	if err != nil {
		return problem.FaultABI, "the worker's fault: " + err.Error(), ""
	}
	text, _ := v[abi.KeyCode].(string)
	words, _ = v[abi.KeyMessage].(string)
	stack, _ = v[keyStack].(string)
	return problem.Code(text), words, stack
}

// strategy is what a worker says of the strategy that it made.
type strategy struct{ methods, signatures []string }

// made reads the answer to the first question: what there is, or why there is
// nothing.
func made(m message) (*strategy, error) {
	if m.kind != kindOK {
		code, words, _ := faultOf(m.body)
		if !slices.Contains(refusals(), code) {
			code = problem.NativeOpen
		}
		return nil, problem.New(code, "%s", words).In("worker").Cure("correct the strategy or its config; the host has not opened it")
	}
	v, err := wire.DecodeMap(m.body)
	s := &strategy{methods: names(v[abi.KeyMethods]), signatures: names(v[keySignatures])}
	if err != nil || s.methods == nil || s.signatures == nil {
		return nil, problem.New(problem.NativeOpen, "the worker process does not tell what it made").In("worker")
	}
	return s, nil
}

const maxNames = 32

// names reads a list of texts; nil is none.
func names(v any) []string {
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > maxNames {
		return nil
	}
	out := make([]string, len(list))
	for i, name := range list {
		var ok bool
		if out[i], ok = name.(string); !ok {
			return nil
		}
	}
	slices.Sort(out)
	return out
}

// refusals are the codes that a worker may give for why there is no strategy.
func refusals() []problem.Code {
	return []problem.Code{problem.ConstructorFailed, problem.NativeOpen, problem.NativeSymbol, problem.NativeSymbolType,
		problem.NativeToolchain, problem.RebindMalformed, problem.DigestMismatch, problem.StoreFailed}
}
