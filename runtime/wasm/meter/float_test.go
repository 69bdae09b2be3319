package meter_test

import (
	"fmt"
	"testing"

	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// selects is func(x i64) i64: it keeps n floats over calls, mixes the bits of what
// it selects from pairs of them, and passes the first of each pair on, which is
// why wazero's compiler wants it in the register of first arguments.
func selects(t byte, n int, selecting ...byte) []byte {
	convert, add, bits, widen := byte(0xb9), byte(0xa0), byte(0xbd), w.Op()
	if t == f32 {
		convert, add, bits, widen = 0xb4, 0x92, 0xbc, w.Op(0xad)
	}
	local := func(i int) []byte { return w.U32(uint32(1 + i)) }
	var code []byte
	for i := range n {
		code = append(code, w.Join(w.Op(0x20, 0, convert), w.I64(int64(i)*77), w.Op(convert, add, 0x21), local(i))...)
	}
	code = append(code, w.Join(w.Op(0x20, 1, 0x10, 1, 0x20, 0, 0x50, 0x04, i64), w.I64(0), w.Op(0x0f, 0x05), w.I64(0))...)
	for i := range n {
		other := (i*7 + 3) % n
		condition := w.Join(w.Op(0x20, 0, 0xa7), w.I32(int32(1<<(i%5))), w.Op(0x71))
		code = append(code, w.Join(w.Op(0x20), local(i), w.Op(0x20), local(other), condition, selecting, w.Op(bits), widen,
			w.I64(int64(i)), w.Op(0x89, 0x85), w.I64(5), w.Op(0x89, 0x20), local(i), w.Op(0x10, 1))...)
	}
	code = append(code, 0x0b)
	return w.Module(w.Section(1, w.Vec(w.Func("I", "I"), w.Op(0x60, 1, t, 0))), w.Section(3, w.Vec(w.U32(0), w.U32(1))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 0)))),
		w.Section(10, w.Vec(w.BodyWith(w.Vec(w.Join(w.U32(uint32(n)), w.Op(t))), code), w.Body())))
}

// conversions is func(x i64) i64: it converts one of n numbers, while the others
// wait and more than the registers hold, and passes it to a call in place pos.
func conversions(n, which, pos int, code ...byte) []byte {
	local := func(i int) []byte { return w.U32(uint32(1 + i)) }
	sum, float := local(n), local(n+1)
	var body []byte
	for i := range n {
		body = append(body, w.Join(w.Op(0x20, 0), w.I64(int64(i)*77+1), w.Op(0x7e, 0x21), local(i))...)
	}
	body = append(body, w.Join(w.Op(0x20), local(which), code, w.Op(0x21), float)...)
	for p := range 6 {
		if body = append(body, w.I64(int64(p))...); p == pos {
			body = append(body, w.Join(w.Op(0x1a, 0x20), local(which))...)
		}
	}
	body = append(body, w.Join(w.Op(0x10, 1, 0x21), sum, w.Op(0x20, 0, 0xa7, 0x04, 0x40, 0x20), sum, w.I64(3), w.Op(0x7c, 0x21), sum, w.Op(0x0b))...)
	for i := range n {
		body = append(body, w.Join(w.Op(0x20), sum, w.Op(0x20), local(i), w.Op(0x85), w.I64(7), w.Op(0x89, 0x21), sum)...)
	}
	body = append(body, w.Join(w.Op(0x20), sum, w.Op(0x20), float, w.Op(0xbd, 0x85))...)
	add := w.Op(0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x7c, 0x20, 3, 0x7c, 0x20, 4, 0x7c, 0x20, 5, 0x7c)
	return w.Module(w.Section(1, w.Vec(w.Func("I", "I"), w.Func("IIIIII", "I"))), w.Section(3, w.Vec(w.U32(0), w.U32(1))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 0)))),
		w.Section(10, w.Vec(w.BodyWith(w.Vec(w.Join(w.U32(uint32(n+1)), w.Op(i64)), w.Op(1, f64)), body), w.Body(add))))
}

// TestFloatsAreRight where wazero's compiler gets them wrong, see the package
// comment.
func TestFloatsAreRight(t *testing.T) {
	cases := map[string][]byte{
		"f32": selects(f32, 20, 0x1b), "typed f32": selects(f32, 20, 0x1c, 1, f32),
		"f64": selects(f64, 20, 0x1b), "typed f64": selects(f64, 20, 0x1c, 1, f64),
	}
	for n := 11; n < 16; n++ {
		for pos := range 4 {
			for _, which := range []int{0, n / 2, n - 1} {
				cases[fmt.Sprint("f64.convert_i64_u ", n, which, pos)] = conversions(n, which, pos, 0xba)
				cases[fmt.Sprint("f32.convert_i64_u ", n, which, pos)] = conversions(n, which, pos, 0xb5, 0xbb)
			}
		}
	}
	runs := machines(t)
	wrong := 0
	for name, module := range cases {
		metered := rewrite(t, module)
		for _, x := range []uint64{1, 5, 30, 1<<63 + 1} {
			want := answer(t, runs["interpreter"], module, x)
			if answer(t, runs["compiler"], module, x) != want {
				wrong++
			}
			for engine, m := range runs {
				if got := answer(t, m, metered, x); got != want {
					t.Errorf("%s on %s: run(%d) is %s, without metering %s", name, engine, x, got, want)
				}
			}
		}
	}
	t.Logf("of %d answers without metering, the compiler's are wrong %d times", 4*len(cases), wrong)
}

func answer(t *testing.T, m machine, module []byte, x uint64) string {
	i := m.start(t, module, &host{})
	defer i.close()
	got, err := i.call("run", []uint64{x}, 1)
	return fmt.Sprint(got, err)
}
