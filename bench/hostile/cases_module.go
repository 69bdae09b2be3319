package main

import (
	"bytes"
	"fmt"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

const most = 1<<32 - 1

// sectionNames in the order of their ids; custom is apart.
func sectionNames() []string {
	return []string{"type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count"}
}

// malformed are modules that break the binary format, many of them a few bytes that
// announce very many.
func malformed() []attack {
	const bad, big = problem.WasmMalformed, problem.WasmTooLarge
	whole := w.Guest{}.Module()
	bytesOf := func(name string, want problem.Code, b []byte) attack {
		return attack{name: "malformed/" + name, want: refusal(want), module: func() []byte { return b }}
	}
	list := []attack{
		bytesOf("nothing", bad, nil),
		bytesOf("text", bad, []byte("#!/bin/sh\nrm -rf /\n")),
		bytesOf("an ELF file", bad, []byte("\x7fELF\x02\x01\x01")),
		bytesOf("a component", bad, []byte("\x00asm\x0d\x00\x01\x00")),
		bytesOf("version 2", bad, []byte("\x00asm\x02\x00\x00\x00")),
		bytesOf("header alone", problem.WasmExportMissing, []byte(w.Header)),
		bytesOf("cut in the middle", bad, whole[:len(whole)/2]),
		bytesOf("last byte missing", bad, whole[:len(whole)-1]),
		bytesOf("a byte too much", bad, append(bytes.Clone(whole), 0)),
		bytesOf("sections twice", bad, append(bytes.Clone(whole), whole[8:]...)),
		bytesOf("section of 4 GiB", bad, append([]byte(w.Header), 1, 0xff, 0xff, 0xff, 0xff, 0x0f)),
		bytesOf("length of 6 bytes", bad, append([]byte(w.Header), 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0)),
		bytesOf("custom section of 2 GiB with a name as long", bad, append(append([]byte(w.Header), 0), append(w.U32(1<<31-1), w.U32(1<<31-16)...)...)),
		raw("malformed/data of 4 GiB", bad, w.Section(5, w.Op(1, 0, 1)), w.Section(11, w.Op(1, 0, 0x41, 0, 0x0b), w.U32(most))),
		raw("malformed/br_table of 2^32-1", big, oneFunction(w.Op(0, 0x41, 0, 0x0e), w.U32(most), w.Op(0, 0x0b))),
		raw("malformed/2^32-1 locals", big, oneFunction(w.Op(1), w.U32(most), w.Op(0x7e, 0x0b))),
		raw("malformed/10,000,000 locals", big, oneFunction(w.Op(1), w.U32(10_000_000), w.Op(0x7e, 0x0b))),
		raw("malformed/locals that sum up to 2^33", big, oneFunction(w.Op(4), repeat(4, w.U32(1<<31-1), w.Op(0x7e)), w.Op(0x0b))),
		raw("malformed/body without an end", bad, oneFunction(w.Op(0, 0x01))),
		raw("malformed/body with two ends", bad, oneFunction(w.Op(0, 0x0b, 0x0b))),
		raw("malformed/names of 2^32-1 functions", big, w.Section(0, w.Name("name"), w.Op(1), w.Sized(w.U32(most)))),
		raw("malformed/name that is no UTF-8", bad, w.Section(0, w.Sized(w.Op(0xff, 0xfe)))),
	}
	for _, n := range []uint32{most, 100_000_000} {
		for i, name := range sectionNames() {
			if name != "start" && name != "data count" {
				list = append(list, raw(fmt.Sprintf("malformed/%s section of %d", name, n), big, w.Section(byte(i+1), w.U32(n))))
			}
		}
	}
	return append(list, raw("malformed/2^32-1 data segments announced", big, w.Section(12, w.U32(most))))
}

// oneFunction is a module's sections with one function of that body.
func oneFunction(body ...[]byte) []byte {
	return w.Join(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0))), w.Section(10, w.U32(1), w.Sized(body...)))
}

// unsupported are modules of proposals that no release may use.
func unsupported() []attack {
	const bad = problem.WasmMalformed
	run := func(name string, code ...byte) attack { return breaks("proposal/"+name, refusal(bad), code) }
	typed := func(name string, entry ...byte) attack {
		return raw("proposal/"+name, bad, w.Section(1, w.Op(1), entry))
	}
	memories := func(name string, entries ...byte) attack { return raw("proposal/"+name, bad, w.Section(5, entries)) }
	two := memories("two memories", 2, 0, 1, 0, 1)
	two.want = refusal(problem.WasmTooLarge)
	return []attack{
		memories("64-bit memory", 1, 4, 1), memories("64-bit memory with a maximum", 1, 5, 1, 2),
		memories("shared memory", 1, 3, 1, 2), memories("memory with pages of one byte", 1, 8, 1, 0), two,
		raw("proposal/64-bit table", bad, w.Section(4, w.Op(1, 0x70, 4, 1))),
		run("SIMD", 0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a),
		run("relaxed SIMD", 0xfd, 0x80, 0x02, 0x1a),
		typed("function of vectors", 0x60, 1, 0x7b, 0),
		run("atomic load", 0x41, 0, 0xfe, 0x10, 2, 0, 0x1a), run("atomic wait", 0x41, 0, 0x41, 0, 0x42, 0x7f, 0xfe, 0x01, 2, 0, 0x1a),
		run("return_call", 0x12, 0), run("return_call_indirect", 0x13, 0, 0), run("call_ref", 0x14, 0),
		run("try", 0x06, 0x40, 0x0b), run("throw", 0x08, 0), run("try_table", 0x1f, 0x40, 0, 0x0b),
		raw("proposal/tags", bad, w.Section(13, w.Op(1, 0, 0))),
		typed("struct", 0x5f, 0), typed("array", 0x5e, 0x7f, 0), typed("recursive types", 0x4e, 1, 0x60, 0, 0), typed("subtype", 0x50, 0, 0x60, 0, 0),
		run("struct.new", 0xfb, 0, 0, 0x1a), run("i31", 0x41, 0, 0xfb, 0x1c, 0x1a),
		run("continuations", 0xe0, 0), run("wide arithmetic", 0x42, 0, 0x42, 0, 0x42, 0, 0x42, 0, 0xfc, 0x13, 0x1a, 0x1a),
		run("an opcode that nobody knows", 0xff),
		raw("proposal/extended initialiser", bad, w.Section(6, w.Vec(w.Op(0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b)))),
		raw("proposal/initialiser by global.get", bad, w.Section(6, w.Vec(w.Op(0x7f, 0, 0x41, 1, 0x0b), w.Op(0x7f, 0, 0x23, 0, 0x0b)))),
		raw("proposal/string references", bad, w.Section(14, w.Op(0))),
	}
}

// sizes are modules that are large, some of them just small enough.
func sizes() []attack {
	refused := func(name string, build func() w.Guest) attack {
		return attack{name: "size/" + name, want: refusal(problem.WasmTooLarge), module: func() []byte { return build().Module() }}
	}
	accepted := func(name string, build func() w.Guest) attack {
		a := refused(name, build)
		a.want = answered
		return a
	}
	extra := func(e w.Extras) func() w.Guest { return func() w.Guest { return w.Guest{Extras: e} } }
	custom := func(n, bytes int) func() []byte {
		return func() []byte {
			return append(w.Guest{}.Module(), repeat(n, w.Section(0, w.Name("x"), make([]byte, bytes)))...)
		}
	}
	return []attack{
		refused("module of 50 MiB", data(50<<20)),
		accepted("module of 30 MiB", data(30<<20)),
		refused("100,000 functions", functions(100_000)),
		accepted("45,000 functions", functions(45_000)),
		accepted("100,000 data segments", segments(100_000)),
		refused("300,000 data segments", segments(300_000)),
		accepted("90,000 elements", references(90_000)),
		refused("300,000 elements", references(300_000)),
		refused("1,100 exports", exports(1100)),
		refused("5,000 globals", extra(w.Extras{Globals: entries(5000, w.Op(0x7f, 0, 0x41, 0, 0x0b))})),
		refused("10,000 types", extra(w.Extras{Types: entries(10_000, w.Func("", ""))})),
		refused("a type of 1,000 parameters", extra(w.Extras{Types: [][]byte{w.Func(letters('I', 1000), "")}})),
		refused("a type of 1,000 results", extra(w.Extras{Types: [][]byte{w.Func("", letters('I', 1000))}})),
		refused("300 imports", extra(w.Extras{Imports: entries(300, w.Join(w.Name(abi.ImportModule), w.Name(abi.ImportLog), w.Op(0, 0)))})),
		refused("an export with a name of 1 MiB", extra(w.Extras{Exports: [][]byte{w.Join(w.Name(string(make([]byte, 1<<20))), w.Op(0, 5))}})),
		{name: "size/1,000 custom sections", want: refusal(problem.WasmTooLarge), module: custom(1000, 0)},
		{name: "size/custom section of 20 MiB", want: answered, module: custom(1, 20<<20)},
	}
}

func data(size int) func() w.Guest {
	return func() w.Guest {
		return w.Guest{Extras: w.Extras{Segments: [][]byte{w.Join(w.Op(1), w.Sized(make([]byte, size)))}}}
	}
}

func segments(n int) func() w.Guest {
	return func() w.Guest {
		g := w.Guest{Extras: w.Extras{Segments: make([][]byte, n)}}
		for i := range g.Segments {
			g.Segments[i] = w.Join(w.Op(0), w.I32(int32(70_000+i%1000)), w.Op(0x0b, 1, byte(i)))
		}
		return g
	}
}

func functions(n int) func() w.Guest {
	return func() w.Guest {
		g := w.Guest{Extras: w.Extras{Functions: make([]w.Function, n)}}
		for i := range g.Functions {
			g.Functions[i] = w.Function{Type: w.TypeNothing, Body: w.Body()}
		}
		return g
	}
}

func references(n int) func() w.Guest {
	return func() w.Guest {
		return elements(nullable(100, 100), w.Join(w.Op(1, 0), w.Vec(entries(n, w.U32(3))...)))
	}
}

func exports(n int) func() w.Guest {
	return func() w.Guest {
		var g w.Guest
		for i := range n {
			g.Exports = append(g.Exports, w.Join(w.Name(fmt.Sprint("export", i)), w.Op(0, 5)))
		}
		return g
	}
}

func entries(n int, entry []byte) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = entry
	}
	return list
}

// compileBombs are functions that keep compilers busy for minutes, or just do not.
func compileBombs() []attack {
	refused := refusal(problem.WasmTooLarge)
	function := func(name, want string, locals []byte, code ...[]byte) attack {
		return attack{name: "compile/" + name, want: want, module: func() []byte {
			return w.Guest{Extras: w.Extras{Pages: 16, Functions: []w.Function{{Type: w.TypeNothing, Body: w.BodyWith(locals, code...)}}}}.Module()
		}}
	}
	none := w.Op(0)
	i64s := func(n uint32) []byte { return w.Join(w.Op(1), w.U32(n), w.Op(0x7e)) }
	get := func(i int) []byte { return append(w.Op(0x20), w.U32(uint32(i))...) }
	set := func(i int) []byte { return append(w.Op(0x21), w.U32(uint32(i))...) }
	branches := func(n, locals int) []byte {
		var b []byte
		for i := range n {
			b = append(b, w.Join(w.Op(0x02, 0x40), get(i%locals), w.Op(0xa7, 0x0d, 0), get(i*7%locals), w.I64(1), w.Op(0x7c), set(i*13%locals), w.Op(0x0b))...)
		}
		return b
	}
	loops := func(n, locals int) []byte {
		var b []byte
		for i := range n {
			b = append(b, w.Join(w.Op(0x03, 0x40), get(i%locals), w.I64(1), w.Op(0x7c), set(i*13%locals))...)
		}
		for i := range n {
			b = append(b, w.Join(get(i%locals), w.Op(0xa7, 0x0d, 0, 0x0b))...)
		}
		return b
	}
	arithmetic := repeat(1<<20/11-10, w.Op(0x20, 0), w.I64(5), w.Op(0x7e, 0x20, 1, 0x85, 0x21, 2))
	fill := w.Join(w.I32(0), w.I32(1), w.I32(65536), more(11, 0))
	nest := func(n int) []byte { return w.Join(repeat(n, w.Op(0x02, 0x40)), repeat(n, w.Op(0x0b))) }
	table := func(n int) []byte {
		return w.Join(w.I32(0), w.Op(0x0e), w.U32(uint32(n)), make([]byte, n+1))
	}
	return []attack{
		function("br_table of 1,000,000", refused, none, table(1_000_000)),
		function("br_table of 14,000", answered, none, table(14_000)),
		function("br_table of 10,000", answered, none, table(10_000)),
		function("100,000 blocks in each other", refused, none, nest(100_000)),
		function("9,000 blocks in each other", answered, none, nest(9_000)),
		function("3,000 loops in each other over 1,000 locals", refused, i64s(1000), loops(3000, 1000)),
		function("60 loops in each other over 1,000 locals", answered, i64s(1000), loops(60, 1000)),
		function("4,000 branches over 2,000 locals", refused, i64s(2000), branches(4000, 2000)),
		function("500 branches over 2,000 locals", answered, i64s(2000), branches(500, 2000)),
		function("50,001 locals", refused, i64s(50_001)),
		function("45,000 locals", answered, i64s(45_000)),
		function("body of 2 MiB", refused, i64s(4), arithmetic, arithmetic),
		function("body of almost 1 MiB", answered, i64s(4), arithmetic),
		function("100,000 calls in a line", answered, none, repeat(100_000, call(w.Guest{}.Function(-1)))),
		function("40,000 times memory.fill in a line", answered, none, repeat(40_000, fill)),
		function("40,000 times memory.grow in a line", answered, none, repeat(40_000, grow(0), w.Op(0x1a))),
		function("200,000 constants on the stack", answered, none, repeat(200_000, w.I32(1)), repeat(200_000, w.Op(0x1a))),
		manyFunctions("compile/40 functions of 500 branches over 1,000 locals", answered, 40, w.BodyWith(i64s(1000), branches(500, 1000))),
		manyFunctions("compile/20 bodies of almost 1 MiB", answered, 20, w.BodyWith(i64s(4), arithmetic)),
	}
}

func manyFunctions(name, want string, n int, body []byte) attack {
	return attack{name: name, want: want, module: func() []byte {
		var g w.Guest
		for range n {
			g.Functions = append(g.Functions, w.Function{Type: w.TypeNothing, Body: body})
		}
		return g.Module()
	}}
}

// contracts are modules with other exports and imports than the convention's.
func contracts() []attack {
	const missing, typ, unknown, bad = problem.WasmExportMissing, problem.WasmExportType, problem.WasmImportUnknown, problem.WasmMalformed
	var list []attack
	for _, name := range []string{abi.ExportMemory, abi.ExportABIVersion, abi.ExportAlloc, abi.ExportInit, abi.ExportExecute} {
		list = append(list, loads("export/without "+name, refusal(missing), w.Guest{Drop: name}))
		if name != abi.ExportMemory {
			list = append(list, loads("export/"+name+" of another type", refusal(typ), w.Guest{Retype: name}),
				loads("export/"+name+" that is a memory", refusal(typ), exported(name, 2, 0)),
				loads("export/"+name+" that is a global", refusal(typ), exported(name, 3, 0)))
		}
	}
	more := func(name string, kind, index byte) w.Guest {
		return w.Guest{Extras: w.Extras{Exports: [][]byte{w.Join(w.Name(name), w.Op(kind, index))}}}
	}
	imports := func(name string, want problem.Code, entry ...[]byte) attack {
		return loads("import/"+name, refusal(want), w.Guest{Extras: w.Extras{Imports: [][]byte{w.Join(entry...)}}})
	}
	function := func(module, name string) attack {
		return imports(module+" "+name, unknown, w.Name(module), w.Name(name), w.Op(0, 5))
	}
	version := func(name string, v int32) attack {
		return loads("export/"+name, refusal(problem.ABIVersionMismatch), w.Guest{Version: v})
	}
	return append(list,
		loads("export/memory that is a function", refusal(typ), exported(abi.ExportMemory, 0, 5)),
		loads("export/_initialize of another type", refusal(typ), more(abi.ExportInitialize, 0, 3)),
		loads("export/swapline_validate of another type", refusal(typ), more(abi.ExportValidate, 0, 3)),
		loads("export/swapline_validate that is a memory", refusal(typ), more(abi.ExportValidate, 2, 0)),
		loads("export/memory twice", refusal(bad), more(abi.ExportMemory, 2, 0)),
		loads("export/of a function that does not exist", refusal(bad), more("x", 0, 100)),
		loads("export/the meter's fuel", refusal(bad), more("swapline:meter/fuel", 3, 0)),
		loads("export/the meter's depth", refusal(bad), more("swapline:meter/depth", 3, 0)),
		version("ABI version 99", 99), version("ABI version -1", -1), version("ABI version 2^31-1", 1<<31-1),
		function("env", "steal"), function("", ""), function(abi.ImportModule, "nothing"), function("wasi_snapshot_preview1", "fd_open"),
		function("wasi_unstable", "proc_exit"), function(abi.ImportModule, abi.ImportLog), function(abi.ImportModule, abi.ImportNow),
		loads("import/the meter's tick", refusal(bad), wasiGuest("swapline:meter", "tick", "II", "I")),
		imports("the meter's tick of another type", unknown, w.Name("swapline:meter"), w.Name("tick"), w.Op(0, 5)),
		imports("a memory", bad, w.Name("env"), w.Name("memory"), w.Op(2, 0, 1)),
		imports("a table", bad, w.Name("env"), w.Name("table"), w.Op(1, 0x70, 0, 1)),
		imports("a global", bad, w.Name("env"), w.Name("global"), w.Op(3, 0x7f, 0)),
		imports("a tag", bad, w.Name("env"), w.Name("tag"), w.Op(4, 0, 5)),
		imports("of a type that does not exist", bad, w.Name("env"), w.Name("x"), w.Op(0, 100)),
	)
}

// exported is a guest whose export of that name is something else.
func exported(name string, kind, index byte) w.Guest {
	return w.Guest{Drop: name, Extras: w.Extras{Exports: [][]byte{w.Join(w.Name(name), w.Op(kind, index))}}}
}
