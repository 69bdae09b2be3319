package main

import (
	"fmt"

	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// spin never ends.
func spin() []byte { return forever() }

// forever repeats code that leaves the stack as it was.
func forever(code ...[]byte) []byte {
	return w.Join(w.Op(0x03, 0x40), w.Join(code...), w.Op(0x0c, 0, 0x0b))
}

func call(f uint32) []byte { return append(w.Op(0x10), w.U32(f)...) }

// endless are calls that run for hours.
func endless() []attack {
	const late = string(problem.FaultDeadline)
	nothing := w.Function{Type: w.TypeNothing, Body: w.Body(spin())}
	inner := w.Guest{Extras: w.Extras{Functions: []w.Function{nothing}}}
	indirect := inner
	indirect.Tables = [][]byte{w.Op(0x70, 1, 1, 1)}
	indirect.Elements = [][]byte{w.Join(w.Op(0), w.I32(0), w.Op(0x0b), w.Vec(w.U32(inner.Function(0))))}
	deep := w.Join(repeat(60, w.Op(0x03, 0x40)), w.Op(0x0c, 59), repeat(60, w.Op(0x0b)))
	list := []attack{
		breaks("endless/loop", late, spin()),
		breaks("endless/loop by br_if", late, w.Op(0x03, 0x40), w.I32(1), w.Op(0x0d, 0, 0x0b)),
		breaks("endless/loop by br_table", late, w.Op(0x03, 0x40), w.I32(7), w.Op(0x0e, 2, 0, 0, 0, 0x0b)),
		breaks("endless/60 loops in each other", late, deep),
		breaks("endless/loop that stores", late, forever(w.I32(0), w.I32(1), w.Op(0x36, 2, 0))),
		breaks("endless/loop that divides", late, forever(w.I64(-1), w.I64(3), w.Op(0x7f, 0x1a))),
		breaks("endless/loop of square roots", late, forever(w.Op(0x44, 0, 0, 0, 0, 0, 0, 0, 0x40), w.Op(0x9f, 0x1a))),
		breaks("endless/loop of a thousand instructions", late, forever(repeat(1000, w.Op(0x01)))),
		with("endless/loop in another function", late, inner, call(inner.Function(0))),
		with("endless/loop behind call_indirect", late, indirect, w.I32(0), w.Op(0x11, w.TypeNothing, 0)),
		with("endless/loop in Validate", late, w.Guest{Extras: w.Extras{Validate: w.Join(spin(), w.I64(0))}}),
		tree("endless/tree of 2^31 calls without a loop", 31),
		tree("endless/tree of 2^45 calls without a loop", 45),
		fibonacci(),
		countdown(),
	}
	list[10].validate = true
	return append(list, budgeted()...)
}

// tree is a function that calls the next twice, and so on, and no loop.
func tree(name string, levels int) attack {
	g := w.Guest{Extras: w.Extras{Functions: treeFunctions(levels)}}
	return with(name, string(problem.FaultDeadline), g, call(g.Function(0)))
}

// fibonacci of 50 makes some 40,000,000,000 calls.
func fibonacci() attack {
	var g w.Guest
	self := call(g.Function(0))
	g.Functions = []w.Function{{Type: 3, Body: w.Body(w.Op(0x20, 0), w.I32(2), w.Op(0x49, 0x04, 0x7f, 0x20, 0, 0x05),
		w.Op(0x20, 0), w.I32(1), w.Op(0x6b), self, w.Op(0x20, 0), w.I32(2), w.Op(0x6b), self, w.Op(0x6a, 0x0b))}}
	return with("endless/fib(50)", string(problem.FaultDeadline), g, w.I32(50), self, w.Op(0x1a))
}

// countdown makes 2^31 loops that end, one after the other, each of 2^31 turns.
func countdown() attack {
	var g w.Guest
	down := func(inner []byte) []byte {
		return w.Join(w.Op(0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x21, 0), w.Op(0x03, 0x40), inner,
			w.Op(0x20, 0), w.I32(1), w.Op(0x6b, 0x22, 0, 0x0d, 0, 0x0b))
	}
	one := w.Op(1, 1, 0x7f)
	g.Functions = []w.Function{
		{Type: w.TypeNothing, Body: w.BodyWith(one, down(call(g.Function(1))))},
		{Type: w.TypeNothing, Body: w.BodyWith(one, down(nil))},
	}
	return with("endless/loops that end after 2^62 turns", string(problem.FaultDeadline), g, call(g.Function(0)))
}

// budgeted run out of instructions before their time is over.
func budgeted() []attack {
	spent := string(problem.FaultFuel)
	list := []attack{breaks("budget/loop", spent, spin()), tree("budget/tree of 2^45 calls", 45), fibonacci()}
	list[1].want, list[2].want = spent, spent
	list[2].name = "budget/fib(50)"
	for i := range list {
		list[i] = list[i].changed(instructions(1_000_000))
	}
	return list
}

// recursions end by their depth.
func recursions() []attack {
	const deep = string(problem.FaultDepth)
	var g w.Guest
	function := func(locals, code []byte) w.Guest {
		return w.Guest{Extras: w.Extras{Functions: []w.Function{{Type: w.TypeNothing, Body: w.BodyWith(locals, code)}}}}
	}
	self := call(g.Function(0))
	many := function(w.Join(w.Op(1), w.U32(500), w.Op(0x7e)), w.Join(repeat(500, w.I64(1)), self, repeat(500, w.Op(0x1a))))
	mutual := function(w.Op(0), call(g.Function(1)))
	mutual.Functions = append(mutual.Functions, w.Function{Type: w.TypeNothing, Body: w.Body(call(g.Function(0)))})
	indirect := function(w.Op(0), w.Join(w.I32(0), w.Op(0x11, w.TypeNothing, 0)))
	indirect.Tables = [][]byte{w.Op(0x70, 1, 1, 1)}
	indirect.Elements = [][]byte{w.Join(w.Op(0), w.I32(0), w.Op(0x0b), w.Vec(w.U32(g.Function(0))))}
	wide := w.Guest{Extras: w.Extras{Types: [][]byte{w.Func(letters('I', 120), letters('I', 120))}}}
	wide.Functions = []w.Function{{Type: w.FirstType, Body: w.Body(locals(120), self)}}
	list := []attack{
		with("recursion/itself", deep, function(w.Op(0), self), self),
		with("recursion/itself, before the answer", deep, function(w.Op(0), w.Join(self, w.I32(1), w.Op(0x1a))), self),
		with("recursion/two functions", deep, mutual, self),
		with("recursion/by call_indirect", deep, indirect, self),
		with("recursion/500 locals and 500 values", deep, many, self),
		with("recursion/120 parameters and results", deep, wide, repeat(120, w.I64(1)), self, repeat(120, w.Op(0x1a))),
		breaks("recursion/execute calls itself", deep, w.Op(0x20, 0, 0x20, 1), call(g.Function(-2)), w.Op(0x1a)),
		breaks("recursion/execute calls init", deep, w.Op(0x20, 0, 0x20, 1), call(g.Function(-3)), w.Op(0x1a)),
		loads("recursion/in Validate", deep, w.Guest{Extras: w.Extras{Validate: call(g.Function(0))}}),
		loads("recursion/in the start function", unstarted(problem.FaultDepth), w.Guest{Start: call(g.Function(-1))}),
		loads("recursion/in the allocator", startFault(problem.FaultDepth), w.Guest{Alloc: w.Join(w.Op(0x20, 0), call(g.Function(-4)))}),
		loads("recursion/in init", startFault(problem.FaultDepth), w.Guest{Init: w.Join(w.Op(0x20, 0, 0x20, 1), call(g.Function(-3)))}),
	}
	list[7].want = answered
	list[8].validate = true
	return list
}

func letters(c byte, n int) string { return string(repeat(n, w.Op(c))) }

func locals(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, append(w.Op(0x20), w.U32(uint32(i))...)...)
	}
	return b
}

// starts never come to an end of their own.
func starts() []attack {
	start, construct := refusal(problem.WasmStart), refusal(problem.ConstructorFailed)
	var list []attack
	for _, way := range []struct {
		name string
		code func(left []byte) []byte
	}{
		{"loop", func(left []byte) []byte { return w.Join(spin(), left) }},
		{"tree of 2^45 calls", func(left []byte) []byte { return w.Join(call(w.Guest{}.Function(0)), left) }},
	} {
		functions := treeFunctions(45)
		for _, place := range []struct {
			name, want string
			guest      w.Guest
		}{
			{"start", start, w.Guest{Start: way.code(nil)}},
			{"_initialize", start, w.Guest{Extras: w.Extras{Initialize: way.code(nil)}}},
			{"swapline_abi_version", start, w.Guest{Extras: w.Extras{VersionCode: way.code(w.I32(1))}}},
			{"swapline_alloc", construct, w.Guest{Alloc: way.code(w.I32(65536))}},
			{"swapline_init", construct, w.Guest{Init: way.code(w.I64(0))}},
		} {
			place.guest.Functions = functions
			a := loads(fmt.Sprintf("start/%s in %s", way.name, place.name), place.want, place.guest)
			a.within = startLimit
			list = append(list, a)
		}
	}
	return list
}

func treeFunctions(levels int) []w.Function {
	var g w.Guest
	for i := range levels {
		next := call(g.Function(i + 1))
		g.Functions = append(g.Functions, w.Function{Type: w.TypeNothing, Body: w.Body(next, next)})
	}
	return append(g.Functions, w.Function{Type: w.TypeNothing, Body: w.Body()})
}
