package meter

import (
	"math"

	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Sections by id.
const (
	customs   = 0
	types     = 1
	imports   = 2
	functions = 3
	memories  = 5
	globals   = 6
	exports   = 7
	start     = 8
	codes     = 10
	dataCount = 12
)

// order is that of the sections in a module.
const order = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0c\x0a\x0b"

// rewriter collects the parts of the copy while the module is parsed.
type rewriter struct {
	module []byte

	id     byte              // section that is being read
	name   string            // of it, if it is a custom one
	pos    int               // what is before it was copied or is not needed
	end    int               // of the section
	seen   [13]bool          // by section
	counts [13]uint32        // entries, by section
	items  [13][]byte        // rewritten entries, by section; whole custom sections
	sub    byte              // subsection of the name section that is being read
	subEnd int               // of that
	named  []byte            // rewritten content of that
	names  []byte            // rewritten subsections
	signed map[string]uint32 // index by type
	added  []byte            // types behind those of the module
	all    uint32            // types, with those

	body    body
	code    []byte
	scratch []byte
}

func newRewriter(module []byte) *rewriter {
	return &rewriter{module: module, signed: map[string]uint32{}}
}

// Indices in the copy.

func (w *rewriter) imported() uint32 { return w.counts[imports] }
func (w *rewriter) fuel() uint32     { return w.counts[globals] }
func (w *rewriter) depth() uint32    { return w.counts[globals] + 1 }

// count reads an unsigned LEB128 that was checked before.
func count(b []byte) (n uint32, width int) {
	for {
		c := b[width]
		n |= uint32(c&0x7f) << (7 * width)
		if width++; c < 0x80 {
			return n, width
		}
	}
}

// Type implements guard.Tracer.
func (w *rewriter) Type(t guard.FuncType) {
	w.remember(t)
	w.all++
}

// remember gives the next index to t unless it has one.
func (w *rewriter) remember(t guard.FuncType) {
	if key := string(encoded(t)); w.signed[key] == 0 {
		w.signed[key] = w.all + 1
	}
}

// typeOf returns the index of a type, which is added if there is none.
func (w *rewriter) typeOf(t guard.FuncType) uint32 {
	b := encoded(t)
	if i := w.signed[string(b)]; i > 0 {
		return i - 1
	}
	w.remember(t)
	w.added = append(w.added, b...)
	w.all++
	return w.all - 1
}

// encoded is an entry of the type section.
func encoded(t guard.FuncType) []byte {
	b := []byte{0x60}
	for _, ts := range [][]guard.ValueType{t.Params, t.Results} {
		b = u32(b, uint32(len(ts)))
		for _, t := range ts {
			b = append(b, byte(t))
		}
	}
	return b
}

// Section implements guard.Tracer.
func (w *rewriter) Section(id byte, name string, from, to int) {
	w.finish()
	w.id, w.name, w.pos, w.end = id, name, from, to
	w.seen[id] = true
	switch id {
	case customs, start, dataCount:
	case codes:
		w.pos = to
	default:
		n, width := count(w.module[from:])
		w.counts[id] = n
		w.pos += width
	}
}

// finish copies what is left of the section.
func (w *rewriter) finish() {
	if w.id == customs {
		w.finishCustom()
		return
	}
	w.items[w.id] = append(w.items[w.id], w.module[w.pos:w.end]...)
	w.pos = w.end
}

// FunctionIndex implements guard.Tracer.
func (w *rewriter) FunctionIndex(i uint32, from, to int) {
	moved := i
	if i >= w.imported() && i < math.MaxUint32 {
		moved++
	}
	if w.id == codes {
		w.body.callee = i
		w.body.edit(from, to, putIndex, int64(moved))
		return
	}
	target := &w.items[w.id]
	if w.id == customs {
		target = &w.named
	}
	*target = u32(append(*target, w.module[w.pos:from]...), moved)
	w.pos = to
}

// assemble returns the copy, after the whole module was parsed.
func (w *rewriter) assemble() []byte {
	w.finish()
	extra := w.extra() // before the types are written: it may add some
	out := append(make([]byte, 0, len(w.module)+len(w.module)/2), w.module[:8]...)
	for _, id := range []byte(order) {
		if !w.seen[id] && extra[id].n == 0 {
			continue
		}
		var content []byte
		if id != start && id != dataCount {
			content = u32(nil, w.total(id)+extra[id].n)
		}
		content = append(append(content, w.items[id]...), extra[id].items...)
		out = sized(append(out, id), content)
	}
	return append(out, w.items[customs]...)
}

// total is how many entries the module has in a section.
func (w *rewriter) total(id byte) uint32 {
	if id == codes {
		return w.counts[functions]
	}
	return w.counts[id]
}

// entries are what a section gets behind its own.
type entries struct {
	n     uint32
	items []byte
}

func (w *rewriter) extra() (extra [13]entries) {
	w.items[codes] = w.code
	for i, h := range w.helpers() {
		extra[functions] = entries{uint32(i + 1), u32(extra[functions].items, w.typeOf(h.signature))}
		extra[codes] = entries{uint32(i + 1), sized(extra[codes].items, h.body)}
	}
	extra[imports] = entries{1, w.importEntry()}
	extra[globals] = entries{2, global(global(nil, 0), MaxDepth)}
	extra[exports] = entries{2, export(export(nil, FuelGlobal, w.fuel()), DepthGlobal, w.depth())}
	extra[types] = entries{w.all - w.counts[types], w.added}
	return extra
}

func (w *rewriter) importEntry() []byte {
	b := sized(sized(nil, []byte(ImportModule)), []byte(ImportName))
	return u32(append(b, byte(guard.ExportFunction)), w.typeOf(ImportType()))
}

func global(b []byte, value int64) []byte {
	b = append(b, byte(guard.I64), 1, opConstI64)
	return append(s64(b, value), opEnd)
}

func export(b []byte, name string, index uint32) []byte {
	return u32(append(sized(b, []byte(name)), byte(guard.ExportGlobal)), index)
}

var _ guard.Tracer = (*rewriter)(nil)
