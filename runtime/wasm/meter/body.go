package meter

import "github.com/swapline/swapline/runtime/wasm/guard"

// body is the function that is being rewritten.
type body struct {
	guard.Body
	entry   int64   // weights outside of loops
	count   int64   // instructions
	calls   bool    // it calls, so it counts depth
	points  []point // where code is charged that is read now, the innermost last
	edits   []edit
	callee  uint32 // the function index that was read last
	selects bool   // it selects floats
}

// point is the header of an open loop, or a place in a long line of code.
type point struct {
	depth int // of the end of its block
	edit  int // that charges there
}

// line is the weight that a point may have before there is another one in its
// block: half of a slice.
const line = Slice / 2

// edit replaces the bytes from start to end of the module.
type edit struct {
	start, end int
	kind       kind
	value      int64
	params     []guard.ValueType // of the loop
}

type kind byte

const (
	putIndex  kind = iota // the index value
	putCharge             // the charge of value at a loop header
	putPoint              // the charge of value elsewhere
	putBranch             // br value, for a return in functions that count depth
	putCall               // call of function value
	putSelect             // a select of floats
	putOr                 // or 0, before the comparison value
)

// Body implements guard.Tracer.
func (w *rewriter) Body(b guard.Body) {
	w.body = body{Body: b, entry: int64(1 + b.Locals + len(b.Type.Results)), points: w.body.points[:0], edits: w.body.edits[:0]}
}

// Instruction implements guard.Tracer.
func (w *rewriter) Instruction(i guard.Instruction) {
	b := &w.body
	b.count++
	if f, charged := w.charging(i); charged {
		b.edit(i.Start, i.Start, putCall, int64(f))
	}
	if i.Masked {
		b.edit(i.Start, i.Start, putOr, int64(i.Op))
	}
	if f, replaced := w.instead(i); replaced {
		b.edit(i.Start, i.End, putCall, int64(f))
	}
	switch i.Op {
	case opLoop:
		b.begin(i, putCharge, i.Block.Params)
	case opElse:
		b.close(i.Depth)
	case opEnd:
		w.leave(i)
		return
	case opReturn:
		b.edit(i.Start, i.End, putBranch, int64(i.Depth))
	case opCall, opIndirect:
		b.calls = true
	case opSelect, opSelectType:
		b.choose(i)
	}
	if b.add(w.weight(i)) > line {
		b.begin(i, putPoint, nil)
	}
}

// begin makes a point behind the instruction.
func (b *body) begin(i guard.Instruction, k kind, params []guard.ValueType) {
	b.points = append(b.points, point{i.Depth, len(b.edits)})
	b.edits = append(b.edits, edit{i.End, i.End, k, 0, params})
}

// weight knows imported functions, otherwise as the function weight.
func (w *rewriter) weight(i guard.Instruction) int64 {
	if i.Op == opCall && w.body.callee < w.imported() {
		return weightImport
	}
	return weight(i)
}

func (b *body) edit(start, end int, k kind, value int64) {
	b.edits = append(b.edits, edit{start: start, end: end, kind: k, value: value})
}

// choose replaces a select of floats.
func (b *body) choose(i guard.Instruction) {
	if i.Operand == guard.F32 || i.Operand == guard.F64 {
		b.selects = true
		b.edit(i.Start, i.End, putSelect, int64(i.Operand))
	}
}

// add charges n at the innermost point and returns what is charged there.
func (b *body) add(n int64) int64 {
	charged := &b.entry
	if top := len(b.points) - 1; top >= 0 {
		charged = &b.edits[b.points[top].edit].value
	}
	*charged += n
	return *charged
}

// close ends a block, or the first part of an if: code behind it is reached
// without the points in it.
func (b *body) close(depth int) {
	top := len(b.points)
	for top > 0 && b.points[top-1].depth == depth {
		top--
	}
	b.points = b.points[:top]
}

// leave ends a block or the function.
func (w *rewriter) leave(i guard.Instruction) {
	if w.body.close(i.Depth); i.Depth == 0 {
		w.code = sized(w.code, w.function())
	}
}

// stack is what the function takes from the depth.
func (b *body) stack() int64 {
	return int64(8+b.Locals+len(b.Type.Results)) + b.count/4
}

// function returns the rewritten function. What it returns is valid until the
// next call.
func (w *rewriter) function() []byte {
	out := w.declarations(w.scratch[:0])
	if w.body.calls {
		out = w.descend(out, w.body.entry, w.body.stack())
		out = w.blockType(append(out, opBlock), guard.FuncType{Results: w.body.Type.Results})
		out = w.edited(out)
		out = append(give(out, w.depth(), w.body.stack()), opEnd)
	} else {
		out = w.edited(w.enter(out, w.body.entry))
	}
	w.scratch = out
	return out
}

// declarations appends the local declarations with spare ones: two for fuel and
// depth, and if floats are selected, one for the condition and one for each type.
func (w *rewriter) declarations(out []byte) []byte {
	n, width := count(w.module[w.body.Start:])
	more := []byte{2, byte(guard.I64)}
	if w.body.selects {
		more = append(more, 1, byte(guard.I32), 1, byte(guard.F32), 1, byte(guard.F64))
	}
	out = u32(out, n+uint32(len(more)/2))
	return append(append(out, w.module[w.body.Start+width:w.body.Code]...), more...)
}

// Indices of the spare locals.

func (w *rewriter) fuelLeft() uint32  { return uint32(w.body.Locals) }
func (w *rewriter) depthLeft() uint32 { return uint32(w.body.Locals) + 1 }
func (w *rewriter) condition() uint32 { return uint32(w.body.Locals) + 2 }
func (w *rewriter) second(t guard.ValueType) uint32 {
	if t == guard.F32 {
		return uint32(w.body.Locals) + 3
	}
	return uint32(w.body.Locals) + 4
}

// edited appends the instructions.
func (w *rewriter) edited(out []byte) []byte {
	pos := w.body.Code
	for _, e := range w.body.edits {
		if e.kind == putBranch && !w.body.calls {
			continue
		}
		out = w.put(append(out, w.module[pos:e.start]...), e)
		pos = e.end
	}
	return append(out, w.module[pos:w.body.End]...)
}

func (w *rewriter) put(out []byte, e edit) []byte {
	switch e.kind {
	case putCharge:
		return w.charge(out, e.value, e.params)
	case putPoint:
		return w.enter(out, e.value)
	case putBranch:
		return op(out, opBranch, uint32(e.value))
	case putCall:
		return op(out, opCall, uint32(e.value))
	case putSelect:
		return w.choose(out, guard.ValueType(e.value))
	case putOr:
		return orZero(out, byte(e.value))
	}
	return u32(out, uint32(e.value))
}

// blockType appends the type of a block.
func (w *rewriter) blockType(out []byte, t guard.FuncType) []byte {
	switch {
	case len(t.Params) == 0 && len(t.Results) == 0:
		return append(out, empty)
	case len(t.Params) == 0 && len(t.Results) == 1:
		return append(out, byte(t.Results[0]))
	}
	return s64(out, int64(w.typeOf(t)))
}
