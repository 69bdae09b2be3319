package snapshot

import (
	"encoding/binary"

	"github.com/swapline/swapline/runtime/wasm/guard"
)

// order is that of the sections in a module.
const order = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0c\x0a\x0b"

// sized appends content behind its length.
func sized(b, content []byte) []byte { return append(u32(b, uint32(len(content))), content...) }

// u32 appends an unsigned LEB128.
func u32(b []byte, n uint32) []byte { return binary.AppendUvarint(b, uint64(n)) }

// constant appends an instruction that pushes n.
func constant(b []byte, n uint32) []byte {
	b = append(b, opConstI32)
	for v := int32(n); ; v >>= 7 {
		c := byte(v & 0x7f)
		if v>>6 == 0 || v>>6 == -1 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// assemble returns the changed module.
func (r *reading) assemble() []byte {
	content, runs := merge(r.segments, uint64(r.pages)*guard.PageSize)
	bodies := r.bodies(runs)
	out := append(make([]byte, 0, len(r.module)+len(r.module)/4), r.module[:8]...)
	for _, id := range []byte(order) {
		switch id {
		case start:
		case types:
			out = r.extended(out, id, r.typeEntry()...)
		case functions:
			out = r.extended(out, id, r.declarations(len(bodies))...)
		case exports:
			out = r.extended(out, id, r.exportEntries(len(bodies))...)
		case codes:
			out = r.extended(out, id, bodies...)
		case dataCount:
			if len(runs) > 0 {
				out = append(out, id, 1, 1)
			}
		case datas:
			if len(runs) > 0 {
				out = sized(append(out, id), sized([]byte{1, 1}, content))
			}
		default:
			out = r.extended(out, id)
		}
	}
	return append(out, r.kept...)
}

// extended appends a section with further entries behind its own.
func (r *reading) extended(out []byte, id byte, entries ...[]byte) []byte {
	in := r.walk(id)
	if len(in.b)+len(entries) == 0 {
		return out
	}
	content := u32(nil, in.count()+uint32(len(entries)))
	content = append(content, in.b...)
	for _, e := range entries {
		content = append(content, e...)
	}
	return sized(append(out, id), content)
}

// typeEntry is func(), unless the module has it.
func (r *reading) typeEntry() [][]byte {
	if r.func0 >= 0 {
		return nil
	}
	r.func0 = r.types
	return [][]byte{{0x60, 0, 0}}
}

func (r *reading) declarations(n int) [][]byte {
	entries := make([][]byte, n)
	for i := range entries {
		entries[i] = u32(nil, uint32(r.func0))
	}
	return entries
}

// exportEntries names the mutable globals and the last function.
func (r *reading) exportEntries(added int) [][]byte {
	var entries [][]byte
	for i, name := range r.globalNames() {
		e := append(sized(nil, []byte(name)), byte(guard.ExportGlobal))
		entries = append(entries, u32(e, r.mutable[i]))
	}
	e := append(sized(nil, []byte(FillExport)), byte(guard.ExportFunction))
	return append(entries, u32(e, r.imported+r.defined+uint32(added)-1))
}

// runsPerFunction keeps the added functions small enough for a compiler.
const runsPerFunction = 256

// bodies are the added functions: some that write runs, and last the one that
// calls them all and the start function.
func (r *reading) bodies(runs []run) [][]byte {
	var bodies [][]byte
	fill := []byte{0}
	for len(runs) > 0 {
		n := min(len(runs), runsPerFunction)
		fill = u32(append(fill, opCall), r.imported+r.defined+uint32(len(bodies)))
		bodies = append(bodies, writing(runs[:n]))
		runs = runs[n:]
	}
	if r.sections[start].to > 0 {
		fill = u32(append(fill, opCall), r.start)
	}
	return append(bodies, sized(nil, append(fill, opEnd)))
}

// writing is a function that writes runs.
func writing(runs []run) []byte {
	b := []byte{0}
	for _, r := range runs {
		b = constant(constant(constant(b, r.at), r.from), r.size)
		b = append(b, opMore, moreMemoryInit, 0, 0)
	}
	return sized(nil, append(b, opEnd))
}
