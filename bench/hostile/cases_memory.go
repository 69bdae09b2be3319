package main

import (
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

func more(op uint32, immediates ...byte) []byte {
	return w.Join(w.Op(0xfc), w.U32(op), immediates)
}

// grow asks for pages of memory and leaves the former size, or -1.
func grow(pages int32) []byte { return w.Join(w.I32(pages), w.Op(0x40, 0)) }

// memories take memory, or declare it.
func memories() []attack {
	const full, late = string(problem.FaultMemory), string(problem.FaultDeadline)
	whileGrown := func(pages int32) []byte {
		return w.Join(w.Op(0x03, 0x40), grow(pages), w.I32(-1), w.Op(0x47, 0x0d, 0, 0x0b))
	}
	touched := w.Join(w.Op(0x03, 0x40), grow(2), w.I32(-1), w.Op(0x47, 0x04, 0x40),
		w.Op(0x3f, 0), w.I32(2), w.Op(0x6b), w.I32(65536), w.Op(0x6c), w.I32(7), w.I32(2*65536), more(11, 0), w.Op(0x0c, 1, 0x0b, 0x0b))
	declared := func(pages, most uint32) w.Guest { return w.Guest{Extras: w.Extras{Pages: pages, MaxPages: most}} }
	return []attack{
		breaks("memory/grow by pages until there is none, then trap", full, whileGrown(1), w.Op(0x00)),
		breaks("memory/grow by 16 pages until there is none, then answer", answered, whileGrown(16)),
		breaks("memory/grow for ever", late, forever(grow(1), w.Op(0x1a))),
		breaks("memory/grow by nothing for ever", late, forever(grow(0), w.Op(0x1a))),
		breaks("memory/grow by 65535 pages", answered, grow(65535), w.Op(0x1a)),
		breaks("memory/grow by 2^32-1 pages", answered, grow(-1), w.Op(0x1a)),
		breaks("memory/grow and touch all", full, touched, w.Op(0x00)),
		breaks("memory/grow and touch 64 MiB", full, touched, w.Op(0x00)).changed(memory(64)),
		with("memory/maximum of 65536 pages", answered, declared(2, 65536), whileGrown(1)),
		loads("memory/65536 pages at the start", refusal(problem.WasmTooLarge), declared(65536, 0)),
		loads("memory/65537 pages at the start", refusal(problem.WasmMalformed), declared(65537, 0)),
		loads("memory/maximum of 65537 pages", refusal(problem.WasmMalformed), declared(2, 65537)),
		loads("memory/more at the start than the release may use", refusal(problem.WasmTooLarge), declared(65, 0)),
		loads("memory/data behind the end", unstarted(problem.FaultTrap), w.Guest{Extras: w.Extras{Segments: [][]byte{w.Join(w.Op(0), w.I32(131070), w.Op(0x0b), w.Sized(w.Op(1, 2, 3)))}}}),
		loads("memory/data at -1", unstarted(problem.FaultTrap), w.Guest{Extras: w.Extras{Segments: [][]byte{w.Join(w.Op(0), w.I32(-1), w.Op(0x0b), w.Sized(w.Op(1)))}}}),
		loads("memory/bomb in init", startFault(problem.FaultMemory), w.Guest{Init: w.Join(whileGrown(1), w.Op(0x00))}),
		loads("memory/bomb in the start function", unstarted(problem.FaultMemory), w.Guest{Start: w.Join(whileGrown(1), w.Op(0x00))}),
	}
}

// nullable is a table of funcref that starts with min entries.
func nullable(min, max uint32) w.Guest {
	return w.Guest{Extras: w.Extras{Tables: [][]byte{w.Join(w.Op(0x70, 1), w.U32(min), w.U32(max))}}}
}

// tables take table entries, or declare them.
func tables() []attack {
	const late = string(problem.FaultDeadline)
	growBy := func(n int32) []byte { return w.Join(w.Op(0xd0, 0x70), w.I32(n), more(15, 0)) }
	open := w.Guest{Extras: w.Extras{Tables: [][]byte{w.Op(0x70, 0, 1)}}}
	huge := func(min, max uint32) w.Guest { return nullable(min, max) }
	fill := w.Join(w.I32(0), w.Op(0xd0, 0x70), w.I32(90_000), more(17, 0))
	dup := w.Join(w.I32(1), w.I32(0), w.I32(89_999), more(14, 0, 0))
	five := w.Guest{Extras: w.Extras{Tables: [][]byte{w.Op(0x70, 0, 1), w.Op(0x70, 0, 1), w.Op(0x70, 0, 1), w.Op(0x70, 0, 1), w.Op(0x70, 0, 1)}}}
	return []attack{
		with("table/grow one without a maximum", refusal(problem.WasmMalformed), open, growBy(1), w.Op(0x1a)),
		with("table/grow one with a maximum of 2^32-1", refusal(problem.WasmMalformed), huge(1, 1<<32-1), growBy(1), w.Op(0x1a)),
		with("table/grow for ever", late, nullable(1, 100_000), forever(growBy(1), w.Op(0x1a))),
		with("table/grow by a million for ever", late, nullable(1, 100_000), forever(growBy(1_000_000), w.Op(0x1a))),
		with("table/grow by 2^32-1", answered, nullable(1, 100_000), growBy(-1), w.Op(0x1a)),
		with("table/maximum of 2^32-1", answered, huge(1, 1<<32-1)),
		loads("table/100,000,000 entries at the start", refusal(problem.WasmTooLarge), huge(100_000_000, 100_000_000)),
		loads("table/2^32-1 entries at the start", refusal(problem.WasmTooLarge), huge(1<<32-1, 1<<32-1)),
		loads("table/five tables", refusal(problem.WasmTooLarge), five),
		with("table/100,000 entries", answered, huge(100_000, 100_000)),
		with("table/fill for ever", late, nullable(90_000, 90_000), forever(fill)),
		with("table/fill in a line", refusal(problem.WasmTooLarge), nullable(90_000, 90_000), repeat(20_000, fill)),
		with("table/copy for ever", late, nullable(90_000, 90_000), forever(dup)),
		inLine("table/copy in a line", nullable(90_000, 90_000), dup),
		loads("table/element behind the end", refusal(problem.WasmMalformed), elements(nullable(1, 1), w.Join(w.Op(0), w.I32(1), w.Op(0x0b), w.Vec(w.U32(3))))),
		loads("table/element at -1", refusal(problem.WasmMalformed), elements(nullable(1, 1), w.Join(w.Op(0), w.I32(-1), w.Op(0x0b), w.Vec(w.U32(3))))),
	}
}

// inLine runs code 20,000 times without a loop, and that 100 times.
func inLine(name string, g w.Guest, code []byte) attack {
	g.Functions = []w.Function{{Type: w.TypeNothing, Body: w.Body(repeat(20_000, code))}}
	return with(name, string(problem.FaultDeadline), g, repeat(100, call(g.Function(0))))
}

func elements(g w.Guest, entries ...[]byte) w.Guest {
	g.Elements = entries
	return g
}

// bulk are storms of instructions that do much at once.
func bulk() []attack {
	const late = string(problem.FaultDeadline)
	whole := w.Guest{Extras: w.Extras{Pages: 1024, CountsData: true}}
	whole.Segments = [][]byte{w.Join(w.Op(1), w.Sized(make([]byte, 60_000)))}
	fill := w.Join(w.I32(0), w.I32(1), w.I32(64<<20), more(11, 0))
	duplicate := w.Join(w.I32(1), w.I32(0), w.I32(64<<20-1), more(10, 0, 0))
	halves := w.Join(w.I32(0), w.I32(32<<20), w.I32(32<<20), more(10, 0, 0))
	initialise := w.Join(w.I32(131072), w.I32(0), w.I32(60_000), more(8, 2, 0))
	list := []attack{
		with("bulk/memory.fill of all memory for ever", late, whole, forever(fill)),
		inLine("bulk/memory.fill of all memory in a line", whole, fill),
		with("bulk/memory.copy of all memory for ever", late, whole, forever(duplicate)),
		inLine("bulk/memory.copy of halves in a line", whole, halves),
		with("bulk/memory.init for ever", late, whole, forever(initialise)),
		inLine("bulk/memory.init in a line", whole, initialise),
		with("bulk/memory.fill of nothing for ever", late, whole, forever(w.I32(0), w.I32(0), w.I32(0), more(11, 0))),
	}
	for i := range list {
		list[i].change = memory(64)
	}
	fill1G := w.Join(w.I32(0), w.I32(1), w.I32(256<<20), more(11, 0))
	big := w.Guest{Extras: w.Extras{Pages: 4096}}
	return append(list, with("bulk/memory.fill of 256 MiB for ever", late, big, forever(fill1G)).changed(memory(256)))
}

// memoirs are guests that try to remember one call in the next. What they find is
// counted in their answer.
func memoirs() []attack {
	remember := func(name string, g w.Guest, write, read []byte, want int) attack {
		g.Modes = [][]byte{write, w.Tell(read)}
		a := loads("remember/"+name, answered, g)
		a.good = counts(2, want)
		return a
	}
	globals := w.Guest{Extras: w.Extras{Globals: [][]byte{
		w.Join(w.Op(0x7f, 1), w.I32(3), w.Op(0x0b)), w.Join(w.Op(0x7e, 1), w.I64(3), w.Op(0x0b)),
		w.Join(w.Op(0x7c, 1, 0x44, 0, 0, 0, 0, 0, 0, 8, 0x40, 0x0b)), w.Join(w.Op(0x70, 1, 0xd0, 0x70, 0x0b)),
	}}}
	var g w.Guest
	table := elements(nullable(4, 10), w.Join(w.Op(0), w.I32(0), w.Op(0x0b), w.Vec(w.U32(g.Function(-1)))))
	segment := w.Guest{Extras: w.Extras{CountsData: true, Segments: [][]byte{w.Join(w.Op(1), w.Sized(w.Op(5, 5, 5, 5)))}}}
	return []attack{
		remember("in an i32 global", globals, w.Join(w.I32(9), w.Op(0x24, 1)), w.Op(0x23, 1), 3),
		remember("in an i64 global", globals, w.Join(w.I64(9), w.Op(0x24, 2)), w.Op(0x23, 2, 0xa7), 3),
		remember("in an f64 global", globals, w.Join(w.Op(0x44, 0, 0, 0, 0, 0, 0, 34, 0x40), w.Op(0x24, 3)), w.Op(0x23, 3, 0xaa), 3),
		remember("in a funcref global", globals, w.Join(append(w.Op(0xd2), w.U32(g.Function(-2))...), w.Op(0x24, 4)), w.Op(0x23, 4, 0xd1), 1),
		remember("in the counter of calls", w.Guest{}, w.Op(0x01), w.Op(0x23, 0), 1),
		remember("at the start of memory", w.Guest{}, w.Join(w.I32(0), w.I32(9), w.Op(0x36, 2, 0)), w.Join(w.I32(0), w.Op(0x28, 2, 0)), 0),
		remember("at the end of memory", w.Guest{}, w.Join(w.I32(131068), w.I32(9), w.Op(0x36, 2, 0)), w.Join(w.I32(131068), w.Op(0x28, 2, 0)), 0),
		remember("in the room of inputs", w.Guest{}, w.Join(w.I32(65700), w.I32(9), w.Op(0x36, 2, 0)), w.Join(w.I32(65700), w.Op(0x28, 2, 0)), 0),
		remember("in all of memory", w.Guest{}, w.Join(w.I32(65536), w.I32(9), w.I32(65536), more(11, 0)), w.Join(w.I32(100_000), w.Op(0x28, 2, 0)), 0),
		remember("in a page that it grew", w.Guest{}, w.Join(grow(1), w.Op(0x1a), w.I32(131072), w.I32(9), w.Op(0x36, 2, 0)), w.Op(0x3f, 0), 2),
		remember("in what a grown page held", w.Guest{}, w.Join(grow(1), w.Op(0x1a), w.I32(131072), w.I32(9), w.Op(0x36, 2, 0)),
			w.Join(grow(1), w.Op(0x1a), w.I32(131072), w.Op(0x28, 2, 0)), 0),
		remember("in a table", table, w.Join(w.I32(1), append(w.Op(0xd2), w.U32(g.Function(-1))...), w.Op(0x26, 0)), w.Join(w.I32(1), w.Op(0x25, 0, 0xd1)), 1),
		remember("in the size of a table", table, w.Join(w.Op(0xd0, 0x70), w.I32(3), more(15, 0), w.Op(0x1a)), more(16, 0), 4),
		remember("in a cleared table", table, w.Join(w.I32(0), w.Op(0xd0, 0x70, 0x26, 0)), w.Join(w.I32(0), w.Op(0x25, 0, 0xd1)), 0),
		remember("in a dropped segment", segment, more(9, 2), w.Join(w.I32(0), w.I32(0), w.I32(1), more(8, 2, 0), w.I32(0), w.Op(0x28, 2, 0)), 5),
	}
}
