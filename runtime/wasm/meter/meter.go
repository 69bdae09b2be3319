// Package meter rewrites a WebAssembly module so that it counts what it does
// and stops when it has done enough, on any engine and without help from it.
//
// # What is added
//
//   - an imported function, [ImportModule] [ImportName], behind the other
//     imports; the indices of all defined functions grow by one;
//   - two mutable globals behind the others, exported as [FuelGlobal] and
//     [DepthGlobal]: the fuel that is left until the host is asked, and the
//     stack that is left. Fuel starts at 0, depth at [MaxDepth], so that a start
//     function needs no preparation. The module itself cannot name them: no
//     index that it may use reaches them;
//   - up to eight functions behind the others: one asks the host, two charge for
//     lengths, five stand for an instruction: memory.grow, memory.fill,
//     memory.copy, f32.convert_i64_u and f64.convert_i64_u;
//   - code, see below;
//
// and every custom section but "name", which is rewritten, and "producers" is
// left out, because positions in them are no longer true.
//
// # What is charged
//
// Charged is before it happens, at the entry of each function and at the header
// of each loop, what can follow until the next header:
//
//	entry of a function   1 + its parameters, results and locals, and the
//	                      weights of all instructions outside of its loops
//	header of a loop      the weights of all instructions in it, outside of
//	                      further loops; each time that it is reached
//	memory.fill, copy, init   one for 8 bytes, before; fill and copy in pieces
//	                      of 64 KiB, if all of it is inside of the memory
//	table.fill, copy, init, grow    one for each entry, before
//	memory.grow           8192 for each page, after, if it succeeded
//
// Where one entry or header would charge more than half a [Slice], the rest of the
// block is charged at a place of its own, behind the instruction that exceeds it.
// No charge is much above that, but for table instructions and memory.init,
// whose lengths package guard bounds.
//
// Weights are 1 but for those in weight.go. All instructions count, also those
// on paths that are not taken: fuel is an upper bound of the instructions
// executed, and the same for the same calls on every machine and engine. It does
// not depend on how much is granted at a time. After a trap it is exact too.
//
// When the fuel is below zero the module calls the import with fuel and depth;
// it returns the fuel to go on with, or ends the call. See [Account].
//
// # Depth
//
// A function that calls takes from the depth at its entry, and gives back at
// its end, its weight on the stack in units of about eight bytes:
//
//	8 + parameters + locals + results + a quarter of its instructions
//
// the last because each may leave a value on the operand stack. When the depth
// is below zero the import is called, which ends the call. So that every exit
// gives back, the body stands in a block, and return is a branch to its end.
// Depth and fuel are tested together: the sign of one or the other. After a trap
// the depth is what it was there; the host sets it before each call, to
// [MaxDepth] or less.
//
// # A worked example
//
// A function of type func(i32) that loops
//
//	loop
//	  local.get 0
//	  br_if 0
//	end
//
// becomes, with g the index of the fuel and s that of the asking function
//
//	loop
//	  global.get g  i64.const 2  i64.sub  local.tee 1  global.set g
//	  local.get 1  i64.const 0  i64.ge_s
//	  if  else  call s  global.get g  i64.const 2  i64.add  global.set g  br 1  end
//	end
//	loop
//	  global.get g  i64.const 3  i64.sub  local.tee 1  global.set g
//	  local.get 1  i64.const 0  i64.ge_s
//	  if  else  call s  global.get g  i64.const 3  i64.add  global.set g  br 1  end
//	  local.get 0
//	  br_if 0
//	end
//
// 2 at the entry is 1 and one parameter; 3 at the header are loop, local.get
// and br_if. The branch back after asking, which charges once more what it gave
// back, is there for the machine code: with the call on a way that ends in a
// branch, no engine keeps values in memory for its sake, and the way without it
// is straight.
//
// # What is not left to the engine
//
// wazero 1.12 computes three things wrong, metered or not:
//
//   - On amd64, a select of floats may return its first operand for the second: the
//     conditional move does not tell the register allocator that it reads its
//     target. select(x, y, c) before f(x) is enough.
//   - On amd64, f32.convert_i64_u and f64.convert_i64_u may change another value
//     where a function keeps many: their machine code branches where the register
//     allocator sees a straight line.
//   - A branch if 0 < (x & m), or any other comparison by order with 0 on the left
//     and a mask on the right, goes as if they stood the other way round: the flags
//     are those of x & m, for either side, but the condition is kept. On arm64 one
//     without sign goes wrong for 0 on the right too: there is no carry in those
//     flags. It need not look like that: wazero follows 0 and x & m through locals,
//     blocks and shifts by 0.
//
// So a select of floats becomes one of integers,
//
//	local.set c  local.set y
//	i64.reinterpret_f64  local.get y  i64.reinterpret_f64  local.get c  select
//	f64.reinterpret_i64
//
// and a conversion the call of a function that does nothing else. Where one side of
// a comparison may be 0 and the other a mask of the same straight line, see
// [guard.Instruction], there is no mask any more in front of it:
//
//	local.get x  i64.and  i64.const 0  i64.or  i64.lt_u
//
// which it is for one in two hundred comparisons of a Go guest. wazero counts
// zeros (clz, ctz) with a branch like that of the conversions too, on processors
// without BMI1 and LZCNT, which are those from before 2013; there it is not to be
// trusted.
package meter

import (
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Names that a rewritten module uses.
const (
	ImportModule = "swapline:meter"
	ImportName   = "tick"
	FuelGlobal   = "swapline:meter/fuel"
	DepthGlobal  = "swapline:meter/depth"
)

// MaxDepth is the stack that a call may use at most, in units of about eight bytes:
// engines need to have room for it. A host that allows less sets the global to that.
const MaxDepth = 1 << 22

// ImportType returns the type of the import: it takes fuel and depth and
// returns fuel.
func ImportType() guard.FuncType {
	return guard.FuncType{Params: []guard.ValueType{guard.I64, guard.I64}, Results: []guard.ValueType{guard.I64}}
}

// Rewrite returns a metered copy of the module. The module must pass package
// guard with limits l, and so does the copy; if one of them does not, or the
// module uses a name of this package, the error is a *problem.Error with a code
// of guard's. The same module and limits give the same bytes.
func Rewrite(module []byte, l guard.Limits) ([]byte, error) {
	w := newRewriter(module)
	m, err := guard.Trace(module, l, w)
	if err != nil {
		return nil, err
	}
	if err := reserved(m); err != nil {
		return nil, err
	}
	out := w.assemble()
	if _, err := guard.Parse(out, l); err != nil {
		return nil, problem.New(problem.WasmTooLarge, "the module is too large once its instructions are counted: %w", err).
			In("wasm_meter").Cure("make the module smaller, or split what it does")
	}
	return out, nil
}

// reserved refuses a module that uses names of this package.
func reserved(m *guard.Module) error {
	for _, i := range m.Imports {
		if i.Module == ImportModule {
			return taken("imports %q %q", i.Module, i.Name)
		}
	}
	for _, e := range m.Exports {
		if e.Name == FuelGlobal || e.Name == DepthGlobal {
			return taken("exports %q", e.Name)
		}
	}
	return nil
}

func taken(format string, args ...any) error {
	return problem.New(problem.WasmMalformed, "the module "+format+", a name that the host keeps for itself", args...).
		In("wasm_meter").Cure("choose another name")
}
