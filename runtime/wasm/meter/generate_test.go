package meter_test

import (
	"math/rand/v2"

	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// Value types of generated modules.
const (
	i32 = 0x7f
	i64 = 0x7e
	f32 = 0x7d
	f64 = 0x7c
)

// generator makes valid modules that end: every call and every loop takes from
// a budget in global 0. Floats that may be NaN reach neither memory nor integers
// by their bits, so the bits of NaN decide nothing.
type generator struct {
	*rand.Rand
	types  []signature
	funcs  []int // type of each defined function
	locals []byte
	labels [][]byte // types that a branch to each open label takes
	result []byte
	floats bool // it is mostly about selects of floats
}

type signature struct{ params, results []byte }

const (
	generatedTable = 12 // entries
	generatedSteps = 150
)

func generate(seed uint64) []byte {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), floats: seed%2 == 1}
	g.types = []signature{{nil, nil}, {[]byte{i32}, []byte{i32}}, {[]byte{i64, i32}, []byte{i32, i64}}}
	for range g.IntN(4) {
		g.types = append(g.types, signature{g.some(3), g.some(4)})
	}
	for range 2 + g.IntN(6) {
		g.funcs = append(g.funcs, g.IntN(len(g.types)))
	}
	return g.module()
}

func (g *generator) some(n int) []byte {
	ts := make([]byte, g.IntN(n))
	for i := range ts {
		ts[i] = g.any()
	}
	return ts
}

func (g *generator) any() byte {
	if g.floats && g.IntN(4) > 0 {
		return f64
	}
	return []byte{i32, i32, i64, i64, f32, f64}[g.IntN(6)]
}

func (g *generator) module() []byte {
	var types, funcs, exports, bodies, elems [][]byte
	for _, t := range g.types {
		types = append(types, w.Join(w.Op(0x60), w.Sized(t.params), w.Sized(t.results)))
	}
	for i, t := range g.funcs {
		funcs = append(funcs, w.U32(uint32(t)))
		exports = append(exports, w.Join(w.Name(string(rune('a'+i))), w.Op(0), w.U32(uint32(i))))
		bodies = append(bodies, g.function(g.types[t]))
		elems = append(elems, w.U32(uint32(g.IntN(len(g.funcs)))))
	}
	exports = append(exports, w.Join(w.Name("memory"), w.Op(2, 0)), w.Join(w.Name("budget"), w.Op(3, 0)),
		w.Join(w.Name("x"), w.Op(3, 1)), w.Join(w.Name("y"), w.Op(3, 2)))
	return w.Module(
		w.Section(1, w.Vec(types...)),
		w.Section(3, w.Vec(funcs...)),
		w.Section(4, w.Vec(w.Op(0x70, 1, generatedTable, 40))),
		w.Section(5, w.Vec(w.Op(1, 1, 4))),
		w.Section(6, w.Vec(w.Join(w.Op(i32, 1), w.I32(0), w.Op(0x0b)), w.Join(w.Op(i32, 1), w.I32(7), w.Op(0x0b)), w.Join(w.Op(i64, 1), w.I64(-1), w.Op(0x0b)))),
		w.Section(7, w.Vec(exports...)),
		w.Section(9, w.Vec(w.Join(w.Op(0), w.I32(1), w.Op(0x0b), w.Vec(elems...)), w.Join(w.Op(1, 0), w.Vec(elems...)),
			w.Join(w.Op(5, 0x70), w.Vec(w.Op(0xd2, 0, 0x0b), w.Op(0xd0, 0x70, 0x0b))))),
		w.Section(12, w.U32(1)),
		w.Section(10, w.Vec(bodies...)),
		w.Section(11, w.Vec(w.Join(w.U32(1), w.Name("some bytes of passive data")))),
		w.Section(0, w.Name("name"), w.Op(1), w.Sized(w.Vec(w.Join(w.U32(0), w.Name("first")), w.Join(w.U32(1), w.Name("second"))))),
	)
}

// function is a body whose first step takes from the budget.
func (g *generator) function(t signature) []byte {
	g.locals = append(append([]byte{}, t.params...), i32, i32, i64, i64, f32, f64)
	g.labels, g.result = [][]byte{t.results}, t.results
	code := g.spend()
	for range 1 + g.IntN(5) {
		code = append(code, g.statement(3)...)
	}
	code = append(code, g.values(t.results, 3)...)
	var declared [][]byte
	for _, t := range g.locals[len(t.params):] {
		declared = append(declared, w.Op(1, t))
	}
	return w.BodyWith(w.Vec(declared...), code)
}

// spend returns zeros when the budget is used up.
func (g *generator) spend() []byte {
	var zeros []byte
	for _, t := range g.result {
		zeros = append(zeros, constant(t, 0)...)
	}
	return w.Join(w.Op(0x23, 0), w.I32(1), w.Op(0x6b, 0x24, 0), w.Op(0x23, 0), w.I32(0), w.Op(0x48, 0x04, 0x40), zeros, w.Op(0x0f, 0x0b))
}

func constant(t byte, n int64) []byte {
	switch t {
	case i32:
		return w.I32(int32(n))
	case i64:
		return w.I64(n)
	case f32:
		return w.Op(0x43, 0, 0, byte(n), 0x40)
	}
	return w.Op(0x44, 0, 0, 0, 0, 0, 0, byte(n), 0x40)
}

// local returns a local of type t.
func (g *generator) local(t byte) []byte {
	for {
		if i := g.IntN(len(g.locals)); g.locals[i] == t {
			return w.U32(uint32(i))
		}
	}
}

// values pushes one of each.
func (g *generator) values(ts []byte, deep int) (code []byte) {
	for _, t := range ts {
		code = append(code, g.value(t, deep)...)
	}
	return code
}

// store pops one of each.
func (g *generator) store(ts []byte) (code []byte) {
	for i := len(ts) - 1; i >= 0; i-- {
		if g.IntN(4) == 0 {
			code = append(code, 0x1a)
		} else {
			code = append(append(code, 0x21), g.local(ts[i])...)
		}
	}
	return code
}

// value pushes a value of type t.
func (g *generator) value(t byte, deep int) []byte {
	if deep <= 0 || g.IntN(4) == 0 {
		if g.IntN(2) == 0 {
			return constant(t, g.Int64N(1<<uint(1+g.IntN(40)))-5)
		}
		return w.Join(w.Op(0x20), g.local(t))
	}
	deep--
	choice := g.IntN(8)
	if g.floats && t == f64 && g.IntN(2) == 0 {
		choice = 0
	}
	switch choice {
	case 0:
		typed := [][]byte{w.Op(0x1b), w.Op(0x1c, 1, t)}[g.IntN(2)]
		return w.Join(g.value(t, deep), g.value(t, deep), g.value(i32, deep), typed) // select
	case 1:
		g.labels = append(g.labels, []byte{t})
		code := w.Join(g.value(i32, deep), w.Op(0x04, t), g.statement(deep-1), g.value(t, deep), w.Op(0x05), g.value(t, deep), w.Op(0x0b))
		g.labels = g.labels[:len(g.labels)-1]
		return code
	case 2:
		return w.Join(g.value(t, deep), w.Op(0x22), g.local(t))
	}
	switch t {
	case i32:
		return g.valueI32(deep)
	case i64:
		return g.valueI64(deep)
	case f32:
		return g.float(f32, 0x8b, 0xb2, 0x2a, deep)
	}
	return g.float(f64, 0x99, 0xb7, 0x2b, deep)
}

// converted pushes a float of a number; first is the first conversion to it.
func (g *generator) converted(first byte, deep int) []byte {
	if n := byte(g.IntN(4)); n < 2 {
		return w.Join(g.value(i32, deep), w.Op(first+n))
	} else {
		return w.Join(g.value(i64, deep), w.Op(first+n))
	}
}

// float pushes a value of type t. The opcodes are those of its absolute value,
// its first conversion and its load.
func (g *generator) float(t, absolute, convert, load byte, deep int) []byte {
	switch g.IntN(6) {
	case 0:
		return w.Join(g.value(t, deep), w.Op(absolute+byte(g.IntN(7))))
	case 1:
		return w.Join(g.value(t, deep), g.converted(convert, deep), w.Op(absolute+13)) // copysign
	case 2:
		return w.Join(g.value(f32+f64-t, deep), w.Op(convert+4))
	case 3:
		return w.Join(g.address(deep), w.Op(load, 0, 3))
	}
	return w.Join(g.converted(convert, deep), g.value(t, deep), w.Op(absolute+7+byte(g.IntN(6))))
}

func (g *generator) valueI32(deep int) []byte {
	switch g.IntN(9) {
	case 0:
		return w.Join(g.address(deep), w.Op(0x28, 2), w.U32(uint32(g.IntN(100))))
	case 1:
		return w.Join(g.value(i64, deep), w.Op(0xa7))
	case 2:
		first, t := byte(0x5b), byte(f32) // comparisons
		if g.IntN(2) == 0 {
			first, t = 0x61, f64
		}
		return w.Join(g.value(t, deep), g.value(t, deep), w.Op(first+byte(g.IntN(6))))
	case 3:
		n := byte(g.IntN(4))
		return w.Join(g.value(f32-n/2, deep), [][]byte{w.Op(0xfc, n), w.Op(0xfc, n), w.Op(0xfc, n), w.Op(0xa8 + n)}[g.IntN(4)])
	case 4:
		return w.Op(0x23, byte(g.IntN(2)))
	case 5:
		return w.Join(g.small(3, deep), w.Op(0x40, 0)) // memory.grow
	case 6:
		return [][]byte{w.Op(0x3f, 0), w.Op(0xfc, 16, 0), w.Join(w.Op(0xd0, 0x70), g.small(4, deep), w.Op(0xfc, 15, 0)),
			w.Join(g.small(generatedTable, deep), w.Op(0x25, 0, 0xd1)), w.Op(0xd2, 0, 0xd1)}[g.IntN(5)]
	}
	switch g.IntN(5) {
	case 0:
		return w.Join(g.value(i32, deep), g.one(0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1))
	case 1:
		return w.Join(g.value(i64, deep), g.value(i64, deep), w.Op(byte(0x51+g.IntN(10))))
	case 2:
		return w.Join(g.address(deep), g.one(0x2c, 0x2d, 0x2e, 0x2f), w.Op(0, 1))
	}
	return w.Join(g.value(i32, deep), g.value(i32, deep), w.Op(byte(0x6a+g.IntN(15))))
}

// one is one of the opcodes.
func (g *generator) one(ops ...byte) []byte { return w.Op(ops[g.IntN(len(ops))]) }

func (g *generator) valueI64(deep int) []byte {
	switch g.IntN(8) {
	case 0:
		return w.Join(g.address(deep), g.one(0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35), w.Op(0, 8))
	case 1:
		return w.Join(g.value(i32, deep), g.one(0xac, 0xad))
	case 2:
		return w.Op(0x23, 2)
	case 3:
		n := byte(g.IntN(4))
		return w.Join(g.value(f32-n/2, deep), w.Op(0xfc, 4+n))
	case 4:
		return w.Join(g.value(i64, deep), g.one(0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4))
	}
	return w.Join(g.value(i64, deep), g.value(i64, deep), w.Op(byte(0x7c+g.IntN(15))))
}

// address is mostly inside of the memory.
func (g *generator) address(deep int) []byte {
	if g.IntN(40) == 0 {
		return g.value(i32, deep)
	}
	return g.small(60_000, deep)
}

// small pushes an i32 below n.
func (g *generator) small(n int32, deep int) []byte {
	return w.Join(g.value(i32, deep), w.I32(n), w.Op(0x70))
}

// statement leaves the stack as it is.
func (g *generator) statement(deep int) []byte {
	if deep <= 0 {
		t := g.any()
		return w.Join(g.value(t, 1), w.Op(0x21), g.local(t))
	}
	deep--
	switch g.IntN(14) {
	case 0, 1:
		return g.block(deep)
	case 2, 3:
		return g.loop(deep)
	case 4:
		return g.branch(deep)
	case 5:
		return g.branchTable(deep)
	case 6, 7:
		return g.call(deep)
	case 8:
		return g.bulk(deep)
	case 9:
		return w.Join(g.address(deep), g.value(i32, deep), w.Op(0x36, 2, 4))
	case 10:
		return w.Join(g.value(i64, deep), w.Op(0x24, 2))
	case 11:
		return w.Join(g.value(i32, deep), w.Op(0x04, 0x40), g.inside(nil, func() []byte {
			return w.Join(g.statement(deep), w.Op(0x05), g.statement(deep))
		}), w.Op(0x0b))
	case 12:
		if g.IntN(6) == 0 {
			return w.Join(g.value(i32, deep), w.I32(1000), w.Op(0x46, 0x04, 0x40, 0x00, 0x0b)) // unreachable
		}
		return w.Join(g.value(i32, deep), w.Op(0x04, 0x40), g.values(g.result, deep), w.Op(0x0f, 0x0b)) // return
	}
	switch g.IntN(4) {
	case 0:
		return w.Join(g.address(deep), g.converted(0xb2, deep), w.Op(0x38, 0, 5))
	case 1:
		return w.Join(g.address(deep), g.converted(0xb7, deep), w.Op(0x39, 0, 5))
	}
	return w.Join(g.address(deep), g.value(i64, deep), w.Op(0x37, 0, 1))
}

// inside makes code with one more label.
func (g *generator) inside(label []byte, make func() []byte) []byte {
	g.labels = append(g.labels, label)
	code := make()
	g.labels = g.labels[:len(g.labels)-1]
	return code
}

func (g *generator) block(deep int) []byte {
	i := g.IntN(len(g.types))
	t := g.types[i]
	return w.Join(g.values(t.params, deep), w.Op(0x02, byte(i)), g.inside(t.results, func() []byte {
		return w.Join(g.store(t.params), g.statement(deep), g.branch(deep), g.values(t.results, deep))
	}), w.Op(0x0b), g.store(t.results))
}

// loop counts down in a local of its own that nothing else can name.
func (g *generator) loop(deep int) []byte {
	i := g.IntN(len(g.types))
	t := g.types[i]
	n := w.I32(int32(1 + g.IntN(6)))
	head := w.Join(g.values(t.params, deep), w.Op(0x03, byte(i)))
	body := g.inside(t.params, func() []byte {
		return w.Join(g.spend(), g.store(t.params), g.statement(deep), g.statement(deep), g.values(t.params, deep))
	})
	counter := w.U32(uint32(len(g.locals)))
	g.locals = append(g.locals, i32)
	again := w.Join(w.Op(0x20), counter, w.I32(1), w.Op(0x6b, 0x22), counter, w.I32(0), w.Op(0x4a, 0x0d, 0))
	return w.Join(n, w.Op(0x21), counter, head, body, again, g.store(t.params), g.values(t.results, deep), w.Op(0x0b), g.store(t.results))
}

// branch leaves for a label under a condition.
func (g *generator) branch(deep int) []byte {
	n := g.IntN(len(g.labels))
	label := g.labels[len(g.labels)-1-n]
	if g.IntN(2) == 0 {
		return w.Join(g.value(i32, deep), w.Op(0x04, 0x40), g.inside(nil, func() []byte { return g.values(label, deep-1) }), w.Op(0x0c), w.U32(uint32(n+1)), w.Op(0x0b))
	}
	return w.Join(g.values(label, deep), g.value(i32, deep), w.Op(0x0d), w.U32(uint32(n)), g.store(label))
}

// branchTable jumps between three blocks.
func (g *generator) branchTable(deep int) []byte {
	inner := g.inside(nil, func() []byte {
		return g.inside(nil, func() []byte {
			return g.inside(nil, func() []byte { return w.Join(g.value(i32, deep), w.Op(0x0e, 3, 0, 1, 2, 1)) })
		})
	})
	return w.Join(w.Op(0x02, 0x40, 0x02, 0x40, 0x02, 0x40), inner, w.Op(0x0b),
		g.inside(nil, func() []byte { return g.inside(nil, func() []byte { return g.statement(deep) }) }), w.Op(0x0b),
		g.inside(nil, func() []byte { return g.statement(deep) }), w.Op(0x0b))
}

func (g *generator) call(deep int) []byte {
	f := g.IntN(len(g.funcs))
	t := g.types[g.funcs[f]]
	if g.IntN(3) > 0 {
		return w.Join(g.values(t.params, deep), w.Op(0x10), w.U32(uint32(f)), g.store(t.results))
	}
	return w.Join(g.values(t.params, deep), g.small(generatedTable, deep), w.Op(0x11), w.U32(uint32(g.funcs[f])), w.Op(0), g.store(t.results))
}

// bulk works on memory or the table.
func (g *generator) bulk(deep int) []byte {
	at, n := g.address(deep), g.small(5000, deep)
	entry, few := g.small(generatedTable, deep), g.small(4, deep)
	switch g.IntN(8) {
	case 0:
		return w.Join(at, g.value(i32, deep), n, w.Op(0xfc, 11, 0))
	case 1:
		return w.Join(at, g.address(deep), n, w.Op(0xfc, 10, 0, 0))
	case 2:
		return w.Join(at, few, g.small(12, deep), w.Op(0xfc, 8, 0, 0))
	case 3:
		return w.Join(entry, g.small(8, deep), few, w.Op(0xfc, 14, 0, 0))
	case 4:
		return w.Join(entry, w.Op(0xd2, 0), few, w.Op(0xfc, 17, 0))
	case 5:
		return w.Join(entry, w.I32(0), w.I32(1), w.Op(0xfc, 12, 1, 0))
	case 6:
		return w.Join(entry, w.Op(0xd2, 0, 0x26, 0))
	}
	return w.Op(0xfc, 13, 1)
}
