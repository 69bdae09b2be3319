// Package guard reads a WebAssembly module strictly, before any engine sees
// it. Engines trust counts: a section of 15 bytes that announces four billion
// entries ends a process inside of a decoder that allocates what it is told,
// and a function of 50 KB can keep a compiler busy for minutes. What passes
// [Parse] has none of this, and [Parse] itself allocates in proportion to the
// bytes it was given, never to a number it read.
//
// # What is accepted
//
// Core modules of WebAssembly 2.0 (MVP, sign extension, saturating
// conversions, bulk memory, reference types, multi-value, mutable globals),
// with these restrictions:
//
//   - Sections come in the order of the specification, each at most once, and
//     are filled to the last byte. Custom sections may stand anywhere.
//   - Only functions are imported; memories, tables and globals are refused.
//   - At most one memory. No 64-bit or shared memory.
//   - SIMD, threads, tail calls, exceptions and garbage collection are refused;
//     none of the toolchains with an SDK here needs them.
//   - Initialisers are one constant. global.get is refused in them because no
//     global can be imported.
//   - table.grow needs a table with a declared maximum: engines limit memories,
//     not tables.
//   - The "name" section, when there is one, is well formed: engines parse it.
//
// Every count, size and index is checked: each vector fits into the bytes that
// are left, each index exists, each LEB128 fits its width, each opcode is
// known and each body ends with its last "end". Types on the operand stack are
// not checked; every engine does that. [Trace] follows them, and where values come
// from, for a [Tracer].
//
// # What is limited
//
// See [Limits]. Besides plain counts there is work, an estimate of how long a
// compiler needs for one function with L labels (blocks, conditional branches
// and br_table targets count one, loops and table.fill four) and V locals and
// parameters:
//
//	work = L * (1 + V) + L * L / 100
//
// because compilers keep a value for each local at each label, and compare
// labels with each other. One unit takes wazero some 250 ns. The limits allow
// about half a second for one function and about ten for a module.
//
// # Problems
//
// Parse answers with a *problem.Error of code wasm_malformed or
// wasm_limit_exceeded that names the byte. The zero Limits mean
// [DefaultLimits].
//
// A worked example, the smallest module that passes (8 bytes):
//
//	00 61 73 6d 01 00 00 00
//
// and one that does not, although an engine may try (15 bytes: an import
// section of four billion entries):
//
//	00 61 73 6d 01 00 00 00 02 05 ff ff ff ff 0f
package guard

import (
	"github.com/swapline/swapline/runtime/problem"
)

// Limits bound what a module may contain. A zero field means its default.
type Limits struct {
	Bytes        int // the whole module
	Customs      int // custom sections
	Types        int // function types
	Arity        int // parameters, and results, of one type
	Imports      int // imported functions
	Functions    int // defined functions
	Tables       int // tables
	TableEntries int // entries a table starts with, or may grow to
	Pages        int // pages of 64 KiB a memory starts with
	Globals      int // globals
	Exports      int // exports
	Elements     int // element segments, and functions named in all of them
	Data         int // data segments
	Name         int // bytes of one name
	Body         int // bytes of one function
	Locals       int // locals and parameters of one function
	Depth        int // nested blocks in one function
	Loops        int // nested loops in one function
	Work         int // estimated compile effort of one function
	TotalWork    int // estimated compile effort of all functions
}

// DefaultLimits returns the limits that the zero Limits stand for. A Go guest of
// 14 MB uses 100,000 data segments (the most that the Go linker makes), a
// nesting of 1,153, a tenth of Work and a fifth of TotalWork.
func DefaultLimits() Limits {
	return Limits{
		Bytes: 32 << 20, Customs: 64, Types: 4096, Arity: 128, Imports: 256, Functions: 50_000,
		Tables: 4, TableEntries: 100_000, Pages: 4096, Globals: 4096, Exports: 1024,
		Elements: 100_000, Data: 200_000, Name: 64 << 10,
		Body: 1 << 20, Locals: 50_000, Depth: 10_000, Loops: 64, Work: 2 << 20, TotalWork: 40 << 20,
	}
}

// orDefaults fills zero fields.
func (l Limits) orDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ set, to *int }{
		{&l.Bytes, &d.Bytes}, {&l.Customs, &d.Customs}, {&l.Types, &d.Types}, {&l.Arity, &d.Arity},
		{&l.Imports, &d.Imports}, {&l.Functions, &d.Functions}, {&l.Tables, &d.Tables},
		{&l.TableEntries, &d.TableEntries}, {&l.Pages, &d.Pages}, {&l.Globals, &d.Globals},
		{&l.Exports, &d.Exports}, {&l.Elements, &d.Elements}, {&l.Data, &d.Data}, {&l.Name, &d.Name},
		{&l.Body, &d.Body}, {&l.Locals, &d.Locals}, {&l.Depth, &d.Depth}, {&l.Loops, &d.Loops},
		{&l.Work, &d.Work}, {&l.TotalWork, &d.TotalWork},
	} {
		if *f.set == 0 {
			*f.set = *f.to
		}
	}
	return l
}

// header is the magic number and the version of core modules.
const header = "\x00asm\x01\x00\x00\x00"

// Parse checks b and describes what is in it. It keeps nothing of b.
func Parse(b []byte, l Limits) (*Module, error) { return parse(b, l, nil) }

func parse(b []byte, l Limits, t Tracer) (*Module, error) {
	l = l.orDefaults()
	if len(b) < len(header) || string(b[:4]) != header[:4] {
		return nil, problem.New(problem.WasmMalformed, "this is not a WebAssembly module").
			In("wasm_structure").Want("the bytes 00 61 73 6d at the start").Got("%x", b[:min(4, len(b))]).
			Cure("upload the .wasm file itself")
	}
	if string(b[4:8]) != header[4:] {
		return nil, problem.New(problem.WasmMalformed, "this is not a core WebAssembly module").
			In("wasm_structure").Want("version 01000000").Got("%x", b[4:8]).
			Cure("build a core module; components are not supported")
	}
	p := &parser{reader: reader{b: b, pos: len(header), end: len(b)}, limits: l, tracer: t, m: &Module{Size: len(b)}}
	p.within("bytes", uint32(min(len(b), 1<<31)), l.Bytes)
	for p.err == nil && p.pos < p.end {
		p.section()
	}
	p.finish()
	if p.err != nil {
		return nil, p.err
	}
	return p.m, nil
}

// parser is one walk over one module.
type parser struct {
	reader
	limits Limits
	tracer Tracer // or nil
	m      *Module

	last      int        // rank of the last non-custom section
	seen      [13]bool   // section ids
	types     []FuncType // type section
	funcs     []uint32   // type index of each function, imports first
	imported  int        // functions imported
	globals   []ValueType
	tables    []table
	dataCount int // data count section
	customs   int
	elements  int  // functions named in all element segments
	segments  int  // element segments
	named     bool // a name section was seen
	growsOpen bool // table.grow is used on a table without maximum
	rested    int  // where others were let run last
	code      body // scratch of the code section
	operands  operands

	// Of the instruction that was read last:
	more  uint32   // its second opcode
	sign  FuncType // of what it calls, or the block that it opens
	value operand  // that it moves
	local int      // that it names

	codes [256]ValueType // see alone
}

type table struct {
	entry   ValueType
	entries uint32 // at the start
	bounded bool
}

// funcType returns the signature of function i, which exists.
func (p *parser) funcType(i uint32) FuncType { return p.types[p.funcs[i]] }
