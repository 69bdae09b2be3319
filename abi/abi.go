// Package abi is what a strategy, the native driver and the Wasm calling
// convention agree on. It is the only package that a native plugin shares with
// its host, so it is small, imports nothing but the standard library and is
// frozen per [Version].
//
// A strategy is a Go type with one method:
//
//	type Limit struct{ max int64 }
//
//	func NewStrategy(h abi.Host) (abi.Strategy, error) {
//		max, ok := h.Config()["max"].(int64)
//		if !ok {
//			return nil, abi.Reject("bad_config", "config.max must be an integer")
//		}
//		return &Limit{max: max}, nil
//	}
//
//	func (l *Limit) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
//		amount, ok := in["amount"].(int64)
//		if !ok {
//			return nil, abi.Reject("bad_input", "amount must be an integer in minor units")
//		}
//		return map[string]any{"approved": amount <= l.max}, nil
//	}
//
// # Values
//
// Inputs, outputs and config are maps over the closed domain that package
// abi/wire defines: nil, bool, int64, float64, string, []byte, []any and
// map[string]any. A strategy may return any Go integer or float type; the host
// normalises it or refuses the answer.
//
// # Business errors and faults
//
// An error that Execute returns is a business error: an answer, given to the
// caller with its code, never a reason to roll a release back by itself. A
// panic, a trap, a missed deadline, an exceeded limit or a broken calling
// convention is a fault.
//
// # Concurrency
//
// A native strategy is one value called by many goroutines at once; Execute
// must be safe for that. A Wasm guest is instantiated several times and each
// copy serves one call at a time. Code that must run as both keeps no mutable
// state outside of what it guards.
package abi

import (
	"context"
	"time"
)

// Version is the version of the contract in this package and of the calling
// convention in wasm.go. A host refuses a release that declares another one.
const Version = 1

// ConstructorSymbol is the name of the function that a native plugin exports.
// Its type must be exactly [Constructor].
const ConstructorSymbol = "NewStrategy"

// Method names, as a manifest's method set lists them.
const (
	MethodExecute  = "Execute"
	MethodValidate = "Validate"
)

// Strategy is a business function that can be replaced while it is in use.
type Strategy interface {
	// Execute computes one answer. It must not keep in or ctx after it
	// returns, and should return soon after ctx is done. Errors are business
	// errors; use [Reject] to give them a code.
	Execute(ctx context.Context, in map[string]any) (map[string]any, error)
}

// Validator is implemented by strategies that can tell, before they get
// traffic, that they would not work: an illegal config, a dependency out of
// reach. An error from Validate refuses the release.
type Validator interface {
	Validate(ctx context.Context) error
}

// Host is what a strategy gets at construction. It is valid for the life of
// the strategy and safe for concurrent use. What else a host can do is in
// [Emitter], [State] and [HTTP]. Log and Now need the capabilities log and
// clock: without them lines are dropped, and the clock of a strategy that shares
// the host's process stands still at the time at which the release was issued.
type Host interface {
	// Config returns the manifest's config. The map is the strategy's own.
	Config() map[string]any
	// Log writes a line to the host's log under the name of the strategy and
	// its release. Fields are limited to the wire domain.
	Log(level Level, message string, fields map[string]any)
	// Now returns the host's clock in UTC.
	Now() time.Time
}

// Constructor makes a strategy. It is called once for a native release and
// once for each Wasm instance.
type Constructor = func(Host) (Strategy, error)

// Level is the severity of a log line; the numbers are those of log/slog.
type Level int

// Log levels.
const (
	LevelDebug Level = -4
	LevelInfo  Level = 0
	LevelWarn  Level = 4
	LevelError Level = 8
)

// Error is a business error with a code that callers can switch on.
type Error struct {
	// Code is lower-case words joined by underscores, stable over releases.
	Code string
	// Message says to a person what is wrong and what to do.
	Message string
	// Details is optional and limited to the wire domain.
	Details map[string]any
}

// CodeBusinessError is the code given to business errors that have none.
const CodeBusinessError = "business_error"

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Reject makes a business error.
func Reject(code, message string) *Error { return &Error{Code: code, Message: message} }
