//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine_test

import (
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// Value types.
const (
	i32 = 0x7f
	i64 = 0x7e
	f32 = 0x7d
	f64 = 0x7c
)

// op is an instruction that takes and leaves numbers.
type op struct {
	code   []byte
	takes  string // types as bytes
	leaves string
}

// ops are all instructions of core WebAssembly on numbers.
func ops() []op {
	var all []op
	add := func(from, to byte, takes, leaves string) {
		for c := int(from); c <= int(to); c++ {
			all = append(all, op{[]byte{byte(c)}, takes, leaves})
		}
	}
	const i, l, f, d = "\x7f", "\x7e", "\x7d", "\x7c"
	add(0x45, 0x45, i, i)
	add(0x46, 0x4f, i+i, i)
	add(0x50, 0x50, l, i)
	add(0x51, 0x5a, l+l, i)
	add(0x5b, 0x60, f+f, i)
	add(0x61, 0x66, d+d, i)
	add(0x67, 0x69, i, i)
	add(0x6a, 0x78, i+i, i)
	add(0x79, 0x7b, l, l)
	add(0x7c, 0x8a, l+l, l)
	add(0x8b, 0x91, f, f)
	add(0x92, 0x98, f+f, f)
	add(0x99, 0x9f, d, d)
	add(0xa0, 0xa6, d+d, d)
	add(0xc0, 0xc1, i, i)
	add(0xc2, 0xc4, l, l)
	for c, t := range []string{l + i, f + i, f + i, d + i, d + i, i + l, i + l, f + l, f + l, d + l, d + l, // a7 to b1
		i + f, i + f, l + f, l + f, d + f, i + d, i + d, l + d, l + d, f + d, f + i, d + l, i + f, l + d} {
		all = append(all, op{[]byte{byte(0xa7 + c)}, t[:1], t[1:]})
	}
	for c, t := range []string{f + i, f + i, d + i, d + i, f + l, f + l, d + l, d + l} {
		all = append(all, op{[]byte{0xfc, byte(c)}, t[:1], t[1:]})
	}
	for c, t := range []byte{i32, i64, f32, f64, i32, i32, i32, i32, i64, i64, i64, i64, i64, i64} {
		all = append(all, op{[]byte{byte(0x28 + c), 0, 3}, i, string(t1(t))})
	}
	for c, t := range []byte{i32, i64, f32, f64, i32, i32, i64, i64, i64} {
		all = append(all, op{[]byte{byte(0x36 + c), 0, 1}, i + string(t1(t)), ""})
	}
	return append(all, op{[]byte{0x3f, 0}, "", i}, op{[]byte{0x40, 0}, i, i}, op{[]byte{0xfc, 11, 0}, i + i + i, ""},
		op{[]byte{0xfc, 10, 0, 0}, i + i + i, ""})
}

func t1(t byte) []byte { return []byte{t} }

// writer makes a valid function of any bytes. Operands that are missing are
// constants; addresses are mostly inside of the memory. Of a NaN nothing but
// that it is one gets into memory or integers, because engines may choose the
// rest.
type writer struct {
	from  []byte
	ops   []op
	code  []byte
	stack []byte // types of this block
	outer [][]byte
}

// Locals: the parameters, one of each type, then two more of each.
func local(t, n byte) byte { return i32 - t + 4*(n%3) }

func (x *writer) next() byte {
	if len(x.from) == 0 {
		return 0
	}
	b := x.from[0]
	x.from = x.from[1:]
	return b
}

func (x *writer) emit(b ...byte) { x.code = append(x.code, b...) }

func (x *writer) push(t byte) { x.stack = append(x.stack, t) }

// want makes the top of the stack the types, in order.
func (x *writer) want(types string) {
	n := len(types)
	if len(x.stack) >= n && string(x.stack[len(x.stack)-n:]) == types {
		return
	}
	for i := range n {
		x.constant(types[i])
		x.push(types[i])
	}
}

func (x *writer) pop(n int) { x.stack = x.stack[:len(x.stack)-n] }

func (x *writer) constant(t byte) {
	b := x.next()
	switch t {
	case i32:
		x.emit(w.I32(int32(int8(b)) << (b & 24))...)
	case i64:
		x.emit(w.I64(int64(int8(b)) << (b & 56))...)
	case f32:
		x.emit(0x43, 0, b, b<<1, b)
	default:
		x.emit(0x44, 0, 0, 0, 0, 0, b, b<<2, b)
	}
}

// number is one instruction of the table. One in eight may trap.
func (x *writer) number(o op) {
	x.want(o.takes)
	c, safe := o.code[0], x.next()%8 > 0
	switch {
	case safe && c >= 0xa8 && c <= 0xb1 && c != 0xac && c != 0xad: // truncations
		o.code = []byte{0xfc, []byte{0, 1, 2, 3, 0, 0, 4, 5, 6, 7}[c-0xa8]}
	case safe && c >= 0x6d && c <= 0x70:
		x.emit(append(w.I32(6), 0x72)...)
	case safe && c >= 0x7f && c <= 0x82:
		x.emit(append(w.I64(6), 0x84)...)
	case c >= 0x28 && c <= 0x35 && safe:
		x.mask(0xffc0)
	case c >= 0x36 && c <= 0x3e:
		x.canonical(o.takes[1])
		if safe {
			x.emit(0x21, local(o.takes[1], 2))
			x.mask(0xffc0)
			x.emit(0x20, local(o.takes[1], 2))
		}
	case c == 0x98, c == 0xa6, c == 0xbc, c == 0xbd: // copysign and reinterpretations
		x.canonical(o.takes[0])
	case c == 0x40:
		x.mask(1)
	case c == 0xfc && o.code[1] >= 10:
		x.mask(0x1ff)
		for _, n := range []byte{1, 2} {
			x.emit(0x21, local(i32, n))
			x.mask(0xf1ff)
		}
		x.emit(0x20, local(i32, 2), 0x20, local(i32, 1))
	}
	x.emit(o.code...)
	x.pop(len(o.takes))
	x.stack = append(x.stack, o.leaves...)
}

func (x *writer) mask(bits int32) { x.emit(append(w.I32(bits), 0x71)...) }

// canonical makes any NaN the same one.
func (x *writer) canonical(t byte) {
	v := local(t, 1)
	switch t {
	case f32:
		x.emit(0x22, v, 0x43, 0, 0, 0xc0, 0x7f, 0x20, v, 0x20, v, 0x5b, 0x1b)
	case f64:
		x.emit(0x22, v, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0x20, v, 0x20, v, 0x61, 0x1b)
	}
}

func (x *writer) step() {
	switch c := x.next(); {
	case c < 150:
		x.number(x.ops[(int(c)<<8|int(x.next()))%len(x.ops)])
	case c < 180:
		t := i32 - c%4
		x.emit(0x20, local(t, c/4))
		x.push(t)
	case c < 205 && len(x.stack) > 0:
		t := x.stack[len(x.stack)-1]
		x.emit(0x21, local(t, c))
		x.pop(1)
	case c < 212:
		x.emit(0x23, c%2) // global.get
		x.push(i32 - c%2)
	case c < 219:
		t := i32 - c%2
		x.want(string(t1(t)))
		x.emit(0x24, c%2)
		x.pop(1)
	case c < 225:
		t := i32 - c%4
		x.want(string([]byte{t, t, i32}))
		x.emit(0x1b)
		x.pop(2)
	case c < 235 && len(x.outer) < 6:
		x.want("\x7f")
		x.pop(1)
		x.emit(0x04, 0x40)
		x.outer, x.stack = append(x.outer, x.stack), nil
	case c < 240 && len(x.outer) < 6:
		x.emit(0x03, 0x40)
		x.outer, x.stack = append(x.outer, x.stack), nil
	case c < 245 && len(x.outer) > 0:
		x.want("\x7f")
		x.pop(1)
		x.emit(0x0d, c%byte(len(x.outer)))
	case c < 248:
		x.want("\x7f\x7e\x7d\x7c")
		x.emit(0x10, 1+c%2) // behind the import
		x.pop(4)
		x.push(i32 - c%2)
	case len(x.outer) > 0:
		x.end()
	}
}

func (x *writer) end() {
	for range x.stack {
		x.emit(0x1a)
	}
	x.emit(0x0b)
	x.stack, x.outer = x.outer[len(x.outer)-1], x.outer[:len(x.outer)-1]
}

// body ends with one value of a type.
func (x *writer) body(result byte) []byte {
	for len(x.from) > 0 {
		x.step()
	}
	for len(x.outer) > 0 {
		x.end()
	}
	x.want(string(t1(result)))
	// What is below the result goes.
	x.emit(0x21, local(result, 1))
	for range x.stack[1:] {
		x.emit(0x1a)
	}
	x.emit(0x20, local(result, 1))
	locals := w.Vec(w.Op(1, i32), w.Op(1, i64), w.Op(1, f32), w.Op(1, f64), w.Op(1, i32), w.Op(1, i64), w.Op(1, f32), w.Op(1, f64))
	return w.BodyWith(locals, x.code)
}

// written is a module of two functions, one for each half of the bytes.
func written(from []byte) []byte {
	table := ops()
	half := len(from) / 2
	a := &writer{from: from[:half], ops: table}
	b := &writer{from: from[half:], ops: table}
	params := w.Sized(w.Op(i32, i64, f32, f64))
	return w.Module(
		w.Section(1, w.Vec(w.Join(w.Op(0x60), params, w.Op(1, i64)), w.Join(w.Op(0x60), params, w.Op(1, i32)), w.Func("", ""))),
		w.Section(2, w.Vec(w.Join(w.Name("host"), w.Name("nothing"), w.Op(0, 2)))),
		w.Section(3, w.Vec(w.U32(1), w.U32(0))),
		w.Section(5, w.Vec(w.Op(1, 1, 3))),
		w.Section(6, w.Vec(w.Join(w.Op(i32, 1), w.I32(1), w.Op(0x0b)), w.Join(w.Op(i64, 1), w.I64(-1), w.Op(0x0b)))),
		w.Section(7, w.Vec(w.Join(w.Name("a"), w.Op(0, 1)), w.Join(w.Name("b"), w.Op(0, 2)), w.Join(w.Name("memory"), w.Op(2, 0)),
			w.Join(w.Name("x"), w.Op(3, 0)), w.Join(w.Name("y"), w.Op(3, 1)))),
		w.Section(10, w.Vec(a.body(i32), b.body(i64))),
		w.Section(11, w.Vec(w.Join(w.U32(0), w.I32(100), w.Op(0x0b), w.Name("something to load and to copy")))),
	)
}
