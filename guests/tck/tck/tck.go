// Package tck is the conformance strategy: one source with every behaviour that
// a driver must handle, built as a Go plugin, as a Wasm guest and used in
// process by memdriver. Package drivertest compares what comes out.
//
// The config chooses the behaviour:
//
//	{"behaviour": "adder", "version": 2}
//
// The behaviour [Choose] takes it from the input's key "behaviour" instead, so
// that one release can fault in one call and answer in the next.
package tck

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/abi"
)

// Behaviours. What Execute does is said beside each.
const (
	Echo     = "echo"     // answers its input
	Adder    = "adder"    // answers {"sum": a+b, "version": config.version}
	Reject   = "reject"   // a business error with code, message and details
	Plain    = "plain"    // an error without a code
	Panic    = "panic"    // panics
	Spin     = "spin"     // loops until its context is done
	Stubborn = "stubborn" // loops for a fifth of a second whatever its context says
	Domain   = "domain"   // answers a value outside of the domain
	NaN      = "nan"      // answers a float that is not a number
	Deep     = "deep"     // answers a list nested 10,000 deep
	Empty    = "empty"    // answers a nil map
	Numbers  = "numbers"  // answers Go numbers of many types, all 1
	Config   = "config"   // answers {"config": config}
	Counter  = "counter"  // answers {"count": n}, n = calls of this copy so far
	Log      = "log"      // logs a line, answers {}
	Now      = "now"      // answers {"unix": seconds of the host's clock}
	Goexit   = "goexit"   // ends its goroutine (Go in process only)
	Emit     = "emit"     // emits two events; a business error after that if the input has "reject"
	State    = "state"    // counts in the state: answers {"count": n}; a business error after that if the input has "reject"
	Forget   = "forget"   // deletes the count, answers {"found": whether there was one}
	Choose   = "choose"   // the input's "behaviour" decides

	// Constructors.
	ConstructError = "construct_error" // returns a business error
	ConstructPanic = "construct_panic" // panics
	ConstructNil   = "construct_nil"   // returns neither strategy nor error

	// Strategies with a Validate method; Execute echoes.
	ValidateOK    = "validate_ok"
	ValidateError = "validate_error"
	ValidatePanic = "validate_panic"
	ValidateSpin  = "validate_spin"
)

// RejectedCode and RejectedMessage are what [Reject] answers.
const (
	RejectedCode    = "tck_rejected"
	RejectedMessage = "the amount is above the limit"
)

// EventType is the type of the events of [Emit]; their data is {"n": 1} and
// {"n": 2}.
const EventType = "tck.happened"

// LogMessage is what [Log] writes.
const LogMessage = "conformance line"

// New constructs the strategy; it is an abi.Constructor.
func New(h abi.Host) (abi.Strategy, error) {
	behaviour, _ := h.Config()["behaviour"].(string)
	switch behaviour {
	case ConstructError:
		return nil, abi.Reject("bad_config", "the constructor refuses this config")
	case ConstructPanic:
		panic("constructor of the conformance strategy")
	case ConstructNil:
		return nil, nil
	}
	s := &strategy{host: h, behaviour: behaviour}
	if strings.HasPrefix(behaviour, "validate_") {
		return &validated{s}, nil
	}
	return s, nil
}

type strategy struct {
	host      abi.Host
	behaviour string
	count     atomic.Int64
}

// Execute implements abi.Strategy.
func (s *strategy) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	behaviour := s.behaviour
	if behaviour == Choose {
		behaviour, _ = in["behaviour"].(string)
	}
	return s.execute(ctx, behaviour, in)
}

func (s *strategy) execute(ctx context.Context, behaviour string, in map[string]any) (map[string]any, error) {
	switch behaviour {
	case Echo, ValidateOK, ValidateError, ValidatePanic, ValidateSpin:
		return in, nil
	case Adder:
		return s.add(in)
	case Config:
		return map[string]any{"config": s.host.Config()}, nil
	case Counter:
		return map[string]any{"count": s.count.Add(1)}, nil
	case Log:
		s.host.Log(abi.LevelWarn, LogMessage, map[string]any{"amount": 7})
		return map[string]any{}, nil
	case Now:
		return map[string]any{"unix": s.host.Now().Unix()}, nil
	case Emit, State, Forget:
		return s.effect(ctx, behaviour, in)
	case Reject:
		return nil, &abi.Error{Code: RejectedCode, Message: RejectedMessage, Details: map[string]any{"limit": 100, "currency": "EUR"}}
	case Plain:
		return nil, errors.New("an error without a code")
	}
	return misbehave(ctx, behaviour)
}

func (s *strategy) add(in map[string]any) (map[string]any, error) {
	a, okA := in["a"].(int64)
	b, okB := in["b"].(int64)
	if !okA || !okB {
		return nil, abi.Reject("bad_input", "a and b must be integers")
	}
	return map[string]any{"sum": a + b, "version": s.host.Config()["version"]}, nil
}

func misbehave(ctx context.Context, behaviour string) (map[string]any, error) {
	switch behaviour {
	case Panic:
		panic("the conformance strategy panics")
	case Spin:
		return nil, spin(ctx)
	case Stubborn:
		return nil, linger(200 * time.Millisecond)
	case Domain:
		return map[string]any{"value": make(chan int)}, nil
	case NaN:
		return map[string]any{"value": math.NaN()}, nil
	case Deep:
		return map[string]any{"value": nested(10_000)}, nil
	case Empty:
		return nil, nil
	case Numbers:
		return map[string]any{"int": 1, "int8": int8(1), "uint16": uint16(1), "int64": int64(1), "float32": float32(1), "float64": 1.0}, nil
	case Goexit:
		runtime.Goexit()
	}
	return nil, abi.Reject("unknown_behaviour", "the conformance strategy has no behaviour "+behaviour)
}

func spin(ctx context.Context) error {
	for ctx.Err() == nil {
	}
	return ctx.Err()
}

func linger(d time.Duration) error {
	for start := time.Now(); time.Since(start) < d; {
	}
	return errors.New("the stubborn call went on to its end")
}

func nested(depth int) any {
	var v any = true
	for range depth {
		v = []any{v}
	}
	return v
}

type validated struct{ *strategy }

// Validate implements abi.Validator.
func (v *validated) Validate(ctx context.Context) error {
	switch v.behaviour {
	case ValidateError:
		return abi.Reject("dependency_unreachable", "the rate table cannot be reached")
	case ValidatePanic:
		panic("the conformance strategy panics in Validate")
	case ValidateSpin:
		return spin(ctx)
	}
	return nil
}

var (
	_ abi.Constructor = New
	_ abi.Validator   = (*validated)(nil)
)
