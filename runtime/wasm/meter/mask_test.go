package meter_test

import (
	"fmt"
	"testing"

	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// zeroBelowMasked is
//
//	(func (export "run") (param i64) (result i64)
//	  (if (result i64) (i64.lt_u (i64.const 0) (i64.and (local.get 0) (i64.const 6)))
//	    (then (i64.const 1)) (else (i64.const 2))))
//
// of which wazero's compiler makes 2, whatever the parameter.
func zeroBelowMasked() []byte { return compared(w.Join(w.I64(0), masked(i64)), 0x54) }

// masked pushes the parameter & 6.
func masked(t byte) []byte {
	if t == i32 {
		return w.Join(w.Op(0x20, 0, 0xa7), w.I32(6), w.Op(0x71))
	}
	return w.Join(w.Op(0x20, 0), w.I64(6), w.Op(0x83))
}

// compared is func(x i64) i64: 1 if the comparison of the operands is true, 2 if
// not. Locals 1 and 2 are i32, 3 and 4 i64, of which none is set; global 0
// is a mutable i64.
func compared(operands []byte, comparison byte) []byte {
	code := w.Join(operands, w.Op(comparison), w.Op(0x04, i64), w.I64(1), w.Op(0x05), w.I64(2), w.Op(0x0b))
	return w.Module(w.Section(1, w.Vec(w.Func("I", "I"))), w.Section(3, w.Vec(w.U32(0))),
		w.Section(6, w.Vec(w.Join(w.Op(i64, 1), w.I64(5), w.Op(0x0b)))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 0)))),
		w.Section(10, w.Vec(w.BodyWith(w.Vec(w.Op(2, i32), w.Op(2, i64)), code))))
}

// comparisons are all by order of the masked parameter with 0, on both sides and
// on the ways on which engines follow values.
func comparisons() map[string][]byte {
	zero, mask, third := w.I64(0), masked(i64), w.Op(0x20, 3)
	set := func(local byte) []byte { return w.Op(0x21, local) }
	cases := map[string][]byte{"zero below masked": zeroBelowMasked()}
	for n := range byte(8) {
		for name, code := range map[string][]byte{
			"masked on the left":         w.Join(mask, zero),
			"masked on the right":        w.Join(zero, mask),
			"zero in an unset local":     w.Join(third, mask),
			"zero in a local":            w.Join(zero, set(3), third, mask),
			"zero in a global":           w.Join(zero, w.Op(0x24, 0, 0x23, 0), mask),
			"zero through a shift":       w.Join(zero, zero, w.Op(0x86), mask),
			"masked in a local":          w.Join(mask, set(3), zero, third),
			"masked in two locals":       w.Join(mask, w.Op(0x22, 4), set(3), zero, third),
			"masked in the parameter":    w.Join(mask, set(0), zero, w.Op(0x20, 0)),
			"masked through tee":         w.Join(zero, mask, w.Op(0x22, 3)),
			"masked through shifts":      w.Join(zero, mask, w.I64(64), w.Op(0x86), zero, w.Op(0x87), zero, w.Op(0x88)),
			"masked below another":       w.Join(zero, mask, w.I64(1), set(3)),
			"masked in front of a block": w.Join(mask, set(3), w.Op(0x02, 0x40), zero, third, w.Op(0x53+n, 0x0d, 0), w.I64(9), set(4), w.Op(0x0b, 0x20, 4), w.I64(5)),
		} {
			cases[fmt.Sprintf("%s, 0x%x", name, 0x53+n)] = compared(code, 0x53+n)
		}
		cases[fmt.Sprintf("i32 on the left, 0x%x", 0x48+n)] = compared(w.Join(masked(i32), w.I32(0)), 0x48+n)
		cases[fmt.Sprintf("i32 on the right, 0x%x", 0x48+n)] = compared(w.Join(w.I32(0), masked(i32)), 0x48+n)
	}
	return cases
}

// TestComparisonsOfMaskedValuesAreRight where wazero's compiler gets them wrong,
// see the package comment.
func TestComparisonsOfMaskedValuesAreRight(t *testing.T) {
	cases, runs, wrong := comparisons(), machines(t), 0
	for name, module := range cases {
		metered := rewrite(t, module)
		for _, x := range []uint64{0, 1, 2, 1<<63 + 7} {
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

// TestZeroIsBelowWhatMasksLeave, the smallest of these modules.
func TestZeroIsBelowWhatMasksLeave(t *testing.T) {
	for engine, m := range machines(t) {
		for x, want := range map[uint64]string{0: "[2] <nil>", 1: "[2] <nil>", 2: "[1] <nil>", 6: "[1] <nil>"} {
			if got := answer(t, m, rewrite(t, zeroBelowMasked()), x); got != want {
				t.Errorf("%s: run(%d) is %s, want %s", engine, x, got, want)
			}
		}
	}
}
