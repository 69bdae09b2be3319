package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// attack is one case of the battery.
type attack struct {
	name string
	want string // see the package comment
	// module makes the release; if it is nil, program is a file of a Go guest.
	module  func() []byte
	program string
	// change edits the manifest, nil for none.
	change func(*manifest.Manifest)
	// call is the hostile call: its input, and its answer if that matters. The
	// zero question is mode 1. With validate it is Validate instead.
	call     question
	validate bool
	// good must be answered after it. The zero question is mode 0, which is
	// answered by {"calls": 1}: the guest is as it was when it was made.
	good question
	// deadline of the hostile call: short if it must end it, else long enough for
	// a busy machine.
	deadline time.Duration
	// within bounds a load that is ended by the limit for starts, 0 for none.
	within time.Duration
}

// question is an input with the answer that is due, nil for any.
type question struct{ in, out map[string]any }

func mode(n int) question { return question{in: map[string]any{"mode": int64(n)}} }

// counts is a question of the given mode that is answered by {"calls": calls}.
func counts(n, calls int) question {
	return question{in: mode(n).in, out: map[string]any{"calls": int64(calls)}}
}

// orDefaults fills zero fields.
func (a attack) orDefaults() attack {
	if a.call.in == nil {
		a.call = mode(1)
	}
	if a.good.in == nil {
		a.good = counts(0, 1)
	}
	if a.deadline = 10 * time.Second; a.want == string(problem.FaultDeadline) {
		a.deadline = 250 * time.Millisecond
	}
	return a
}

// refusal is the outcome of a release that must not load.
func refusal(code problem.Code) string { return "refused " + string(code) }

// startFault is the outcome of a release whose constructor breaks.
func startFault(code problem.Code) string {
	return refusal(problem.ConstructorFailed) + " " + string(code)
}

// unstarted is the outcome of a release whose start-up code breaks.
func unstarted(code problem.Code) string { return refusal(problem.WasmStart) + " " + string(code) }

// answered is the outcome of a call without an error.
const answered = "answer"

// loadOutcome describes why a release did not load.
func loadOutcome(err error) string {
	var f *driver.Fault
	code := problem.CodeOf(err)
	if errors.As(err, &f) && f.Code != code {
		return refusal(code) + " " + string(f.Code)
	}
	return refusal(code)
}

// callOutcome describes how a call ended.
func callOutcome(err error) string {
	var f *driver.Fault
	var b *abi.Error
	switch {
	case err == nil:
		return answered
	case errors.As(err, &b):
		return "rejected " + b.Code
	case errors.As(err, &f):
		return string(f.Code)
	}
	return fmt.Sprintf("error %s", problem.CodeOf(err))
}

// breaks is an attack by mode 1 of a guest that is otherwise good.
func breaks(name, want string, body ...[]byte) attack {
	return with(name, want, w.Guest{}, body...)
}

// with is an attack by mode 1 of the given guest.
func with(name, want string, g w.Guest, body ...[]byte) attack {
	return attack{name: name, want: want, module: func() []byte {
		g.Modes = append(g.Modes, w.Join(body...))
		return g.Module()
	}}
}

// loads is an attack by a guest's own parts.
func loads(name, want string, g w.Guest) attack {
	return attack{name: name, want: want, module: g.Module}
}

// raw is an attack by bytes that are refused before they run.
func raw(name string, want problem.Code, sections ...[]byte) attack {
	return attack{name: name, want: refusal(want), module: func() []byte { return w.Module(sections...) }}
}

// memory lets a release use so many MiB.
func memory(mib int64) func(*manifest.Manifest) {
	return func(m *manifest.Manifest) { m.Limits.MemoryBytes = mib << 20 }
}

// changed is the attack with another manifest.
func (a attack) changed(change func(*manifest.Manifest)) attack {
	a.change = change
	return a
}

// attacks are all cases, in the order in which they run.
func attacks() []attack {
	var all []attack
	for _, group := range [][]attack{
		malformed(), unsupported(), sizes(), compileBombs(), contracts(),
		endless(), recursions(), starts(), memories(), tables(), bulk(),
		pointers(), allocators(), encodings(), decodeBombs(), texts(), traps(), hostCalls(), abilities(), memoirs(), programs(),
	} {
		all = append(all, group...)
	}
	return all
}

// instructions bounds the instructions of a call.
func instructions(n int64) func(*manifest.Manifest) {
	return func(m *manifest.Manifest) { m.Limits.Instructions = n }
}
