package main

import (
	"bytes"
	"fmt"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// size is that of the memory of a guest that says nothing else.
const size = 2 * 65536

// pointers are answers that are not where the guest says.
func pointers() []attack {
	const lie = string(problem.FaultABI)
	var list []attack
	for _, p := range []struct{ ptr, size uint32 }{
		{0, 0}, {4096, 0}, {size, 0}, {1<<32 - 1, 0},
		{size, 1}, {size - 1, 1}, {size - 1, 2}, {size + 1, 1}, {0, size}, {0, size + 1}, {1, size},
		{0, 1<<32 - 1}, {1, 1<<32 - 1}, {size, 1<<32 - 1}, {1<<32 - 1, 1}, {1<<32 - 1, 2}, {1<<32 - 1, 1<<32 - 1},
		{1<<32 - 16, 32}, {1 << 31, 1 << 31}, {1<<31 - 1, 1}, {1 << 31, 1}, {1<<31 - 1, 1<<31 + 1}, {1 << 16, 1 << 16},
	} {
		list = append(list, breaks(fmt.Sprintf("pointer/%#x length %#x", p.ptr, p.size), lie, w.Return(p.ptr, p.size)))
	}
	good := w.Encoded(abi.StatusOK, map[string]any{"calls": int64(1)})
	moved := func(to uint32) []byte {
		return w.Join(w.I32(int32(to)), w.I32(4096), w.I32(int32(len(good))), more(10, 0, 0), w.Return(to, uint32(len(good))))
	}
	kept := w.Guest{Data: [][]byte{good}}
	large := w.Guest{Extras: w.Extras{Pages: 256}}
	return append(list,
		with("pointer/into a page that it grew", answered, kept, grow(1), w.Op(0x1a), moved(size)),
		with("pointer/to the end of a page that it grew", answered, kept, grow(1), w.Op(0x1a), moved(size+65536-uint32(len(good)))),
		with("pointer/into a page that it did not get", lie, kept, grow(60_000), w.Op(0x1a), w.Return(size, 16)),
		with("pointer/beyond a page that it grew", lie, kept, grow(1), w.Op(0x1a), w.Return(size+65536, 1)),
		with("pointer/to the last bytes", answered, kept, moved(size-uint32(len(good)))),
		with("pointer/to address 0", answered, kept, moved(0)),
		with("pointer/to its input", lie, kept, w.Return(65536, 7)),
		with("pointer/answer of 8 MiB and more", string(problem.FaultOutput), large, w.Return(0, 8<<20+2)).changed(memory(32)),
		with("pointer/answer of all memory", string(problem.FaultOutput), large, w.Return(0, 256*65536)).changed(memory(32)),
		with("pointer/answer beyond the release's own limit", string(problem.FaultOutput), large, w.Return(0, 102)).changed(func(m *manifest.Manifest) { m.Limits.OutputBytes, m.Limits.MemoryBytes = 100, 32<<20 }),
	)
}

// allocators give room that is none.
func allocators() []attack {
	// Inputs of more than 32 bytes get bad room, so init and good calls work.
	long := question{in: map[string]any{"mode": int64(0), "text": "an input of more than thirty-two bytes"}}
	bad := func(name, want string, room []byte) attack {
		g := w.Guest{Alloc: w.Join(w.Op(0x20, 0), w.I32(32), w.Op(0x4a, 0x04, 0x7f), room, w.Op(0x05), w.I32(65536), w.Op(0x0b))}
		a := loads("allocator/"+name, want, g)
		a.call = long
		return a
	}
	const lie, full, trap = string(problem.FaultABI), string(problem.FaultMemory), string(problem.FaultTrap)
	list := []attack{
		bad("gives 0", full, w.I32(0)),
		bad("gives an odd address", answered, w.I32(65537)),
		bad("gives 1", answered, w.I32(1)),
		bad("gives the end of memory", lie, w.I32(size)),
		bad("gives the last byte", lie, w.I32(size-1)),
		bad("gives room that is too short by one", lie, w.I32(size-48)),
		bad("gives -1", lie, w.I32(-1)),
		bad("gives 2^31", lie, w.I32(-1<<31)),
		bad("gives a page that it grew", answered, w.Join(grow(1), w.I32(16), w.Op(0x74))),
		bad("grows all there is and gives nothing", full, w.Join(w.Op(0x03, 0x40), grow(1), w.I32(-1), w.Op(0x47, 0x0d, 0, 0x0b), w.I32(0))),
		bad("traps", trap, w.Op(0x00)),
		bad("loops", string(problem.FaultDeadline), w.Join(spin(), w.I32(0))),
		bad("exits", trap, w.Join(w.Exit(0), w.I32(0))),
	}
	for _, c := range []struct {
		name, want string
		room       []byte
	}{
		{"gives 0", full, w.I32(0)}, {"gives the end of memory", lie, w.I32(size)}, {"gives -1", lie, w.I32(-1)}, {"traps", trap, w.Op(0x00)},
	} {
		list = append(list, loads("allocator/"+c.name+" to init", refusal(problem.ConstructorFailed)+" "+c.want, w.Guest{Alloc: c.room}))
	}
	return list
}

// named is the body of an answer.
type named struct {
	name string
	body []byte
}

// answersOf is an attack for each body.
func answersOf(group, want string, bodies ...named) []attack {
	var list []attack
	for _, b := range bodies {
		g := w.Guest{Data: [][]byte{b.body}}
		list = append(list, with(group+"/"+b.name, want, g, g.Answer(0)))
	}
	return list
}

// ok is an answer of status OK with these bytes behind it.
func ok(b ...byte) []byte { return append([]byte{abi.StatusOK}, b...) }

// member is an answer of status OK: a map with one member of these bytes.
func member(b ...byte) []byte { return ok(append([]byte{0xa1, 0x61, 'a'}, b...)...) }

// encodings are answers that are not one value in deterministic CBOR.
func encodings() []attack {
	long := string(bytes.Repeat([]byte{'x'}, 200))
	list := answersOf("encoding", string(problem.FaultABI),
		named{"status alone", ok()},
		named{"not CBOR", ok(0xff)},
		named{"text instead of CBOR", ok([]byte("{\"calls\": 1}")...)},
		named{"two values", ok(0xa0, 0xa0)},
		named{"cut", member()},
		named{"not a map", ok(0x01)},
		named{"list", ok(0x80)},
		named{"null", ok(0xf6)},
		named{"integer longer than needed", member(0x18, 1)},
		named{"integer of 9 bytes for 1", member(0x1b, 0, 0, 0, 0, 0, 0, 0, 1)},
		named{"length longer than needed", member(0x78, 1, 'x')},
		named{"integer above the range", member(0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
		named{"integer below the range", member(0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
		named{"NaN", member(0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)},
		named{"NaN with a payload", member(0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1)},
		named{"signalling NaN", member(0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 1)},
		named{"infinity", member(0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0)},
		named{"minus infinity", member(0xfb, 0xff, 0xf0, 0, 0, 0, 0, 0, 0)},
		named{"NaN of 2 bytes", member(0xf9, 0x7e, 0)},
		named{"infinity of 2 bytes", member(0xf9, 0x7c, 0)},
		named{"infinity of 4 bytes", member(0xfa, 0x7f, 0x80, 0, 0)},
		named{"tag", member(0xc0, 0x61, 'x')},
		named{"big number", member(0xc2, 0x41, 1)},
		named{"undefined", member(0xf7)},
		named{"simple value", member(0xf8, 0xff)},
		named{"reserved length", member(0x1c)},
		named{"map without end", ok(0xbf, 0xff)},
		named{"list without end", member(0x9f, 0xff)},
		named{"text without end", member(0x7f, 0x61, 'a', 0xff)},
		named{"break alone", member(0xff)},
		named{"keys out of order", ok(0xa2, 0x61, 'b', 0, 0x61, 'a', 0)},
		named{"key twice", ok(0xa2, 0x61, 'a', 0, 0x61, 'a', 0)},
		named{"key that is no text", ok(0xa1, 0x01, 0x01)},
		named{"bad UTF-8", member(0x62, 0xc3, 0x28)},
		named{"UTF-8 of a surrogate", member(0x63, 0xed, 0xa0, 0x80)},
		named{"UTF-8 longer than needed", member(0x62, 0xc0, 0x80)},
		named{"bad UTF-8 in a key", ok(0xa1, 0x61, 0xff, 0)},
		named{"too deep", ok(append(append([]byte{0xa1, 0x61, 'a'}, bytes.Repeat([]byte{0x81}, 64)...), 0)...)},
		named{"status 4", []byte{4, 0xa0}},
		named{"status 9", w.Encoded(9, nil)},
		named{"status 255", []byte{255, 0xa0}},
		named{"rejection that is no map", []byte{abi.StatusRejected, 0x01}},
		named{"rejection without a code", w.Encoded(abi.StatusRejected, map[string]any{"message": "no"})},
		named{"rejection without a message", w.Encoded(abi.StatusRejected, map[string]any{"code": "no"})},
		named{"rejection with a code that is a number", w.Encoded(abi.StatusRejected, map[string]any{"code": int64(1), "message": "no"})},
		named{"rejection with an endless code", w.Encoded(abi.StatusRejected, map[string]any{"code": long, "message": "no"})},
		named{"rejection with details that are a list", w.Encoded(abi.StatusRejected, map[string]any{"code": "no", "message": "no", "details": []any{}})},
		named{"fault that is a map", w.Encoded(abi.StatusFault, map[string]any{})},
		named{"fault that is not CBOR", []byte{abi.StatusFault, 0xff}},
		named{"invalid without a text", w.Encoded(abi.StatusInvalid, nil)},
		named{"invalid", w.Encoded(abi.StatusInvalid, "made of glue")},
	)
	list = append(list, answersOf("encoding", string(problem.FaultPanic), named{"fault", w.Encoded(abi.StatusFault, "broken")})...)
	list = append(list, answersOf("encoding", "rejected no", named{"rejection", w.Encoded(abi.StatusRejected, map[string]any{"code": "no", "message": "no"})})...)
	return append(list, constructors()...)
}

// constructors answer init in ways that are wrong.
func constructors() []attack {
	var list []attack
	for _, c := range []struct {
		name, want string
		body       []byte
	}{
		{"not CBOR", refusal(problem.FaultABI), ok(0xff)},
		{"no methods", refusal(problem.FaultABI), w.Encoded(0, map[string]any{})},
		{"unknown method", refusal(problem.FaultABI), w.Encoded(0, map[string]any{"methods": []any{"Fly"}})},
		{"method twice", refusal(problem.FaultABI), w.Encoded(0, map[string]any{"methods": []any{"Execute", "Execute"}})},
		{"methods without Execute", refusal(problem.FaultABI), w.Encoded(0, map[string]any{"methods": []any{}})},
		{"Validate that it does not export", refusal(problem.WasmExportMissing), w.Encoded(0, map[string]any{"methods": []any{"Execute", "Validate"}})},
		{"fault", startFault(problem.FaultPanic), w.Encoded(abi.StatusFault, "broken")},
		{"status 9", startFault(problem.FaultABI), w.Encoded(9, nil)},
		{"rejection", refusal(problem.ConstructorFailed), w.Encoded(1, map[string]any{"code": "no", "message": "no"})},
	} {
		g := w.Guest{Data: [][]byte{c.body}}
		g.Init = g.Answer(0)
		list = append(list, loads("init/"+c.name, c.want, g))
	}
	list = append(list, loads("init/nowhere", startFault(problem.FaultABI), w.Guest{Init: w.Return(1<<32-1, 1<<32-1)}))
	return list
}

// decodeBombs are a few bytes that announce very many.
func decodeBombs() []attack {
	most := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	nested := func(head byte) []byte {
		var b []byte
		for range 4 {
			b = append(append(b, head), 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff)
		}
		return b
	}
	wide := append([]byte{0x9a, 0, 1, 0x86, 0xa1}, bytes.Repeat([]byte{0x80}, 900)...)
	return answersOf("bomb", string(problem.FaultABI),
		named{"list of 2^64-1", member(append([]byte{0x9b}, most...)...)},
		named{"list of 2^32-1", member(0x9a, 0xff, 0xff, 0xff, 0xff)},
		named{"list of 2^31-1 within its like", member(nested(0x9b)...)},
		named{"map of 2^64-1", ok(append([]byte{0xbb}, most...)...)},
		named{"map of 2^32-1", ok(0xba, 0xff, 0xff, 0xff, 0xff)},
		named{"map of 2^31-1 in a list of them", member(nested(0xbb)...)},
		named{"text of 2^64-1", member(append([]byte{0x7b}, most...)...)},
		named{"text of 2^32-1", member(0x7a, 0xff, 0xff, 0xff, 0xff)},
		named{"bytes of 2^63-1", member(append([]byte{0x5b, 0x7f}, most[1:]...)...)},
		named{"bytes of 2^31", member(0x5a, 0x80, 0, 0, 0)},
		named{"key of 2^32-1", ok(0xa1, 0x7a, 0xff, 0xff, 0xff, 0xff)},
		named{"list of more items than there may be", member(wide...)},
		named{"900 lists in each other", ok(bytes.Repeat([]byte{0x81}, 900)...)},
		named{"900 maps in each other", ok(bytes.Repeat([]byte{0xa1, 0x61, 'a'}, 300)...)},
		named{"900 tags", ok(bytes.Repeat([]byte{0xc6}, 900)...)},
		named{"900 lists without end", ok(bytes.Repeat([]byte{0x9f}, 900)...)},
	)
}
