package meter

import "github.com/swapline/swapline/runtime/wasm/guard"

// body is the function that is being rewritten.
type body struct {
	guard.Body
	entry  int64  // weights outside of loops
	count  int64  // instructions
	calls  bool   // it calls, so it counts depth
	loops  []loop // open ones
	edits  []edit
	callee uint32 // the function index that was read last
}

// loop is an open loop.
type loop struct {
	depth int // of its end
	edit  int // of its header
}

// edit replaces the bytes from start to end of the module.
type edit struct {
	start, end int
	kind       kind
	value      int64
}

type kind byte

const (
	putIndex  kind = iota // the index value
	putCharge             // the charge of value at a loop header
	putBranch             // br value, for a return in functions that count depth
	putCall               // call of function value
)

// Body implements guard.Tracer.
func (w *rewriter) Body(b guard.Body) {
	w.body = body{Body: b, entry: int64(1 + b.Locals + len(b.Type.Results)), loops: w.body.loops[:0], edits: w.body.edits[:0]}
}

// Instruction implements guard.Tracer.
func (w *rewriter) Instruction(i guard.Instruction) {
	b := &w.body
	b.count++
	if f, charged := w.charging(i); charged {
		b.edit(i.Start, i.Start, putCall, int64(f))
	}
	if f, replaced := w.instead(i); replaced {
		b.edit(i.Start, i.End, putCall, int64(f))
	}
	switch i.Op {
	case opLoop:
		b.loops = append(b.loops, loop{i.Depth, len(b.edits)})
		b.edit(i.End, i.End, putCharge, 0)
	case opEnd:
		w.close(i)
		return
	case opReturn:
		b.edit(i.Start, i.End, putBranch, int64(i.Depth))
	case opCall, opIndirect:
		b.calls = true
	}
	b.add(w.weight(i))
}

// weight knows imported functions, otherwise as the function weight.
func (w *rewriter) weight(i guard.Instruction) int64 {
	if i.Op == opCall && w.body.callee < w.imported() {
		return weightImport
	}
	return weight(i)
}

func (b *body) edit(start, end int, k kind, value int64) {
	b.edits = append(b.edits, edit{start, end, k, value})
}

// add charges n at the innermost header.
func (b *body) add(n int64) {
	if top := len(b.loops) - 1; top >= 0 {
		b.edits[b.loops[top].edit].value += n
	} else {
		b.entry += n
	}
}

// close ends a loop or the function.
func (w *rewriter) close(i guard.Instruction) {
	top := len(w.body.loops) - 1
	switch {
	case i.Depth == 0:
		w.code = sized(w.code, w.function())
	case top >= 0 && w.body.loops[top].depth == i.Depth:
		w.body.loops = w.body.loops[:top]
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
		out = w.enter(out, w.body.entry, w.body.stack())
		out = w.blockType(append(out, opBlock), w.body.Type.Results)
		out = w.edited(out)
		out = append(w.leave(out, w.body.stack()), opEnd)
	} else {
		out = w.edited(w.charge(out, w.body.entry))
	}
	w.scratch = out
	return out
}

// declarations appends the local declarations with spare ones.
func (w *rewriter) declarations(out []byte) []byte {
	spare := byte(1)
	if w.body.calls {
		spare = 2
	}
	n, width := count(w.module[w.body.Start:])
	out = u32(out, n+1)
	out = append(out, w.module[w.body.Start+width:w.body.Code]...)
	return append(out, spare, byte(guard.I64))
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
		return w.charge(out, e.value)
	case putBranch:
		return op(out, opBranch, uint32(e.value))
	case putCall:
		return op(out, opCall, uint32(e.value))
	}
	return u32(out, uint32(e.value))
}

// blockType appends the type of a block without parameters.
func (w *rewriter) blockType(out []byte, results []guard.ValueType) []byte {
	switch len(results) {
	case 0:
		return append(out, empty)
	case 1:
		return append(out, byte(results[0]))
	}
	return s64(out, int64(w.typeOf(guard.FuncType{Results: results})))
}
