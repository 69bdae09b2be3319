package guard_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/wasm/guard"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// flagged counts the instructions that are Masked.
type flagged int

func (f *flagged) Type(guard.FuncType)            {}
func (f *flagged) Section(byte, string, int, int) {}
func (f *flagged) Subsection(byte, int, int)      {}
func (f *flagged) FunctionIndex(uint32, int, int) {}
func (f *flagged) Body(guard.Body)                {}
func (f *flagged) Instruction(i guard.Instruction) {
	if i.Masked {
		*f++
	}
}

// TestComparisonsOfMaskedValuesAreFound, and others are not: locals 0 and 1 are
// i64, 2 is i32, global 0 is a mutable i64, function 0 is func().
func TestComparisonsOfMaskedValuesAreFound(t *testing.T) {
	var (
		zero, five = w.I64(0), w.I64(5)
		mask       = w.Op(0x20, 0, 0x20, 0, 0x83)
		get, set   = w.Op(0x20, 1), w.Op(0x21, 1)
		less       = w.Op(0x54) // i64.lt_u
	)
	for _, c := range []struct {
		name string
		want int
		code []byte
	}{
		{"zero on the left", 1, w.Join(zero, mask, less)},
		{"zero on the right", 1, w.Join(mask, zero, less)},
		{"i32", 1, w.Join(w.I32(0), w.Op(0x20, 2, 0x20, 2, 0x71, 0x4f))},
		{"every order", 8, w.Join(zero, mask, w.Op(0x53, 0x1a), zero, mask, w.Op(0x54, 0x1a), zero, mask, w.Op(0x55, 0x1a), zero, mask, w.Op(0x56, 0x1a),
			zero, mask, w.Op(0x57, 0x1a), zero, mask, w.Op(0x58, 0x1a), zero, mask, w.Op(0x59, 0x1a), zero, mask, w.Op(0x5a))},
		{"equality", 0, w.Join(zero, mask, w.Op(0x51, 0x1a), zero, mask, w.Op(0x52))},
		{"another constant", 0, w.Join(five, mask, less, w.Op(0x1a), mask, five, less)},
		{"another operation", 0, w.Join(zero, w.Op(0x20, 0, 0x20, 0, 0x84), less)},
		{"both masked", 0, w.Join(mask, mask, less)},
		{"a local that may be zero", 1, w.Join(get, mask, less)},
		{"a local that is not", 0, w.Join(five, set, get, mask, less)},
		{"a local that was not, a line ago", 1, w.Join(five, set, w.Op(0x03, 0x40, 0x0b), get, mask, less)},
		{"a local that is zero", 1, w.Join(zero, set, get, mask, less)},
		{"a local of the function before", 1, w.Join(get, mask, less)},
		{"a global", 1, w.Join(w.Op(0x23, 0), mask, less)},
		{"a result of a block", 1, w.Join(w.Op(0x02, 0x7e), zero, w.Op(0x0b), mask, less)},
		{"a result of an if", 1, w.Join(w.I32(1), w.Op(0x04, 0x7e), zero, w.Op(0x05), zero, w.Op(0x0b), mask, less)},
		{"a loaded value", 0, w.Join(w.I32(0), w.Op(0x29, 3, 0), mask, less)},
		{"a shifted zero", 1, w.Join(zero, zero, w.Op(0x88), mask, less)},
		{"masked and shifted", 1, w.Join(zero, mask, zero, w.Op(0x86), zero, w.Op(0x87), zero, w.Op(0x88), less)},
		{"masked in a local", 1, w.Join(mask, set, zero, get, less)},
		{"masked under another value", 1, w.Join(zero, mask, five, w.Op(0x1a), less)},
		{"masked through tee", 1, w.Join(mask, w.Op(0x22, 1, 0x1a), zero, get, less)},
		{"not any more", 0, w.Join(mask, set, five, set, zero, get, less)},
		{"into a block", 1, w.Join(mask, set, w.Op(0x02, 0x7f), zero, get, less, w.Op(0x0b))},
		{"behind a block", 0, w.Join(zero, mask, w.Op(0x02, 0x40, 0x0b), less)},
		{"into a loop", 0, w.Join(mask, set, w.Op(0x03, 0x7f), zero, get, less, w.Op(0x0b))},
		{"behind a branch", 0, w.Join(zero, mask, w.Op(0x02, 0x40), w.I32(1), w.Op(0x0d, 0, 0x0b), less)},
		{"behind a call", 0, w.Join(zero, mask, w.Op(0x10, 0), less)},
		{"stored behind a call", 0, w.Join(mask, w.Op(0x10, 0), set, zero, get, less)},
		{"without operands", 0, less},
		{"where nothing is reached", 0, w.Join(w.Op(0x00), less)},
	} {
		locals := w.Vec(w.Op(2, 0x7e), w.Op(1, 0x7f))
		body := w.BodyWith(locals, c.code, w.Op(0x1a))
		module := w.Module(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0), w.U32(0))), w.Section(5, w.Vec(w.Op(0, 1))),
			w.Section(6, w.Vec(w.Join(w.Op(0x7e, 1), w.I64(5), w.Op(0x0b)))),
			w.Section(10, w.Vec(w.BodyWith(locals, five, set), body)))
		var got flagged
		if _, err := guard.Trace(module, guard.Limits{}, &got); err != nil || int(got) != c.want {
			t.Errorf("%s: %d are masked, %v, want %d", c.name, got, err, c.want)
		}
	}
}
