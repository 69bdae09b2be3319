package snapshot

import (
	"encoding/binary"

	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Sections by id.
const (
	customs   = 0
	types     = 1
	functions = 3
	globals   = 6
	exports   = 7
	start     = 8
	codes     = 10
	datas     = 11
	dataCount = 12
)

// Opcodes with a meaning here.
const (
	opEnd      = 0x0b
	opCall     = 0x10
	opTableSet = 0x26
	opConstI32 = 0x41
	opConstF32 = 0x43
	opConstF64 = 0x44
	opRefNull  = 0xd0
	opMore     = 0xfc

	moreMemoryInit = 8
	moreDataDrop   = 9
	moreTableInit  = 12
	moreElemDrop   = 13
	moreTableCopy  = 14
	moreTableGrow  = 15
	moreTableFill  = 17
)

// reading is what the module has, collected while it is parsed.
type reading struct {
	module   []byte
	sections [13]span
	kept     []byte // whole custom sections
	types    int
	func0    int // index of the type func(), or -1
	id       byte
	start    uint32 // index of the start function
	fresh    string

	imported uint32
	defined  uint32
	mutable  []uint32 // indices of mutable globals
	segments []segment
	pages    uint32 // memory at the start
}

// span is the content of a section; the zero span is one that is not there.
type span struct{ from, to int }

// Type implements guard.Tracer.
func (r *reading) Type(t guard.FuncType) {
	if r.func0 < 0 && len(t.Params)+len(t.Results) == 0 {
		r.func0 = r.types
	}
	r.types++
}

// Section implements guard.Tracer.
func (r *reading) Section(id byte, name string, from, to int) {
	r.id = id
	switch {
	case id != customs:
		r.sections[id] = span{from, to}
	case name == "name" || name == "producers":
		r.kept = sized(append(r.kept, customs), r.module[from:to])
	}
}

// Subsection implements guard.Tracer.
func (r *reading) Subsection(byte, int, int) {}

// FunctionIndex implements guard.Tracer.
func (r *reading) FunctionIndex(i uint32, _, _ int) {
	if r.id == start {
		r.start = i
	}
}

// Body implements guard.Tracer.
func (r *reading) Body(guard.Body) {}

// Instruction implements guard.Tracer.
func (r *reading) Instruction(i guard.Instruction) {
	switch i.Op {
	case opTableSet:
		r.fresh = "it changes tables"
	case opMore:
		switch i.More {
		case moreTableInit, moreTableCopy, moreTableGrow, moreTableFill:
			r.fresh = "it changes tables"
		case moreMemoryInit, moreDataDrop, moreElemDrop:
			r.fresh = "it uses segments itself"
		}
	}
}

// finish reads globals and data, after the whole module was parsed.
func (r *reading) finish(m *guard.Module) {
	r.imported, r.defined = uint32(len(m.Imports)), uint32(m.Functions)
	if len(m.Memories) > 0 {
		r.pages = m.Memories[0].Min
	}
	r.readGlobals()
	r.readData()
}

func (r *reading) readGlobals() {
	in := r.walk(globals)
	for i := range in.count() {
		t, mutable := guard.ValueType(in.byte()), in.byte() == 1
		in.constant()
		switch {
		case mutable && (t == guard.FuncRef || t == guard.ExternRef):
			r.fresh = "it has a mutable global of type " + t.String()
		case mutable:
			r.mutable = append(r.mutable, i)
		}
	}
}

// readData lists the active segments. Passive ones are of no use to a module
// without instructions for them.
func (r *reading) readData() {
	in := r.walk(datas)
	for range in.count() {
		form := in.u32()
		if form == 2 {
			in.u32() // the only memory
		}
		var at uint32
		if form != 1 {
			if in.b[0] != opConstI32 {
				r.fresh = "it has a segment of data at no address" // engines refuse it
			}
			at = in.constant()
		}
		if b := in.bytes(); form != 1 {
			r.segments = append(r.segments, segment{at, b})
		}
	}
}

// walker reads what package guard has checked.
type walker struct{ b []byte }

func (r *reading) walk(id byte) *walker {
	s := r.sections[id]
	return &walker{r.module[s.from:s.to]}
}

// count reads the length of a vector; a section that is not there has none.
func (w *walker) count() uint32 {
	if len(w.b) == 0 {
		return 0
	}
	return w.u32()
}

func (w *walker) byte() byte {
	c := w.b[0]
	w.b = w.b[1:]
	return c
}

func (w *walker) u32() uint32 {
	n, width := binary.Uvarint(w.b)
	w.b = w.b[width:]
	return uint32(n)
}

func (w *walker) bytes() []byte {
	n := w.u32()
	b := w.b[:n:n]
	w.b = w.b[n:]
	return b
}

// constant reads an initialiser and returns its value if it is an i32.
func (w *walker) constant() (v uint32) {
	switch op := w.byte(); op {
	case opConstF32:
		w.b = w.b[4:]
	case opConstF64:
		w.b = w.b[8:]
	case opRefNull:
		w.b = w.b[1:]
	default:
		v = w.signed()
	}
	w.b = w.b[1:] // end
	return v
}

// signed reads a signed number, of which it returns 32 bits.
func (w *walker) signed() (v uint32) {
	for shift := 0; ; shift += 7 {
		c := w.byte()
		v |= uint32(c&0x7f) << shift // nothing, from 32 on
		if c < 0x80 {
			if c&0x40 != 0 {
				v |= ^uint32(0) << (shift + 7)
			}
			return v
		}
	}
}

var _ guard.Tracer = (*reading)(nil)
