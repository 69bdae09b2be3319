package wasmtest

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// Guest is a hand-made guest of the calling convention. Zero fields are filled
// so that the module is a correct one: it answers {"calls": n}, n counting the
// calls of one instance modulo 16.
type Guest struct {
	Version int32
	// Alloc, Init and Execute are bodies without their end. Alloc leaves an
	// i32, the others an i64. Parameters are locals 0 and 1.
	Alloc, Init, Execute []byte
	// Modes are run instead of Execute for an input {"mode": n}, 1 <= n < 24,
	// with the body Modes[n-1], which leaves nothing or ends the call.
	Modes [][]byte
	// Start is the body of a start function, nil for none.
	Start []byte
	// Data is placed in the memory from DataAt on, each item by its own
	// address; Answer finds it.
	Data [][]byte
	// Drop leaves out the export of that name, Retype exports alloc under it.
	Drop, Retype string
	// Import adds the import of a function func() of that module and name.
	Import [2]string
	Extras
}

// Addresses in the memory of a [Guest].
const (
	room    = 65536 // of inputs; the second page
	methods = 1024
	count   = 2048
	dataAt  = 4096
	stride  = 1024 // between items of Data
)

// Indices of the functions that every Guest imports.
const (
	logFunc  = 0
	exitFunc = 1
)

// Log calls the import log with three constants.
func Log(level, ptr, size int32) []byte {
	return Join(I32(level), I32(ptr), I32(size), Op(0x10, logFunc))
}

// Exit calls proc_exit.
func Exit(code int32) []byte { return Join(I32(code), Op(0x10, exitFunc)) }

// Return ends the call with an answer of any pointer and length.
func Return(ptr, size uint32) []byte {
	return append(I64(int64(uint64(ptr)<<32|uint64(size))), 0x0f)
}

// Answer ends the call with item i of Data.
func (g Guest) Answer(i int) []byte {
	return Return(uint32(dataAt+i*stride), uint32(len(g.Data[i])))
}

// Tell ends the call with the answer {"calls": n}, n being the i32 that the code
// leaves, modulo 16.
func Tell(value []byte) []byte {
	size := uint32(len(counted()))
	return Join(I32(int32(count+size-1)), value, I32(15), Op(0x71, 0x3a, 0, 0), Return(count, size))
}

func counted() []byte { return Encoded(abi.StatusOK, map[string]any{"calls": int64(0)}) }

// Encoded is an answer: a status and a value.
func Encoded(status byte, v any) []byte {
	b, err := wire.Append([]byte{status}, v)
	if err != nil {
		panic(err)
	}
	return b
}

// Module assembles the guest.
func (g Guest) Module() []byte {
	if g.Version == 0 {
		g.Version = abi.Version
	}
	ready := Encoded(abi.StatusOK, map[string]any{abi.KeyMethods: g.methods()})
	if g.Alloc == nil {
		g.Alloc = I32(room)
	}
	if g.Init == nil {
		g.Init = Return(methods, uint32(len(ready)))
	}
	if g.Execute == nil {
		g.Execute = Tell(Op(0x23, 0))
	}
	data := [][]byte{segment(methods, ready), segment(count, counted())}
	for i, d := range g.Data {
		data = append(data, segment(dataAt+i*stride, d))
	}
	data = append(data, g.Segments...)
	types := [][]byte{Func("iii", ""), Func("i", ""), Func("", "i"), Func("i", "i"), Func("ii", "I"), Func("", ""), Func("", "I")}
	funcs := [][]byte{U32(2), U32(3), U32(4), U32(4), U32(5)}
	bodies := [][]byte{Body(g.version()), Body(g.Alloc), Body(g.Init), BodyWith(g.locals(), g.dispatch()), Body(g.Start)}
	for _, f := range g.functions() {
		funcs, bodies = append(funcs, U32(f.Type)), append(bodies, f.Body)
	}
	return Module(
		Section(1, Vec(append(types, g.Types...)...)),
		Section(2, g.imports()),
		Section(3, Vec(funcs...)),
		optional(4, g.Tables),
		Section(5, Vec(g.memory())),
		Section(6, Vec(append([][]byte{Join(Op(0x7f, 1), I32(0), Op(0x0b))}, g.Globals...)...)),
		Section(7, g.exports()),
		g.start(),
		optional(9, g.Elements),
		g.dataCount(len(data)),
		Section(10, Vec(bodies...)),
		Section(11, Vec(data...)),
	)
}

func segment(at int, b []byte) []byte {
	return Join(U32(0), I32(int32(at)), Op(0x0b), Sized(b))
}

func (g Guest) imports() []byte {
	list := [][]byte{
		Join(Name(abi.ImportModule), Name(abi.ImportLog), Op(0, 0)),
		Join(Name("wasi_snapshot_preview1"), Name("proc_exit"), Op(0, 1)),
	}
	if g.Import[0] != "" {
		list = append(list, Join(Name(g.Import[0]), Name(g.Import[1]), Op(0, 5)))
	}
	return Vec(append(list, g.Imports...)...)
}

// first is the index of the first defined function.
func (g Guest) first() byte {
	n := 2 + byte(len(g.Imports))
	if g.Import[0] != "" {
		n++
	}
	return n
}

func (g Guest) exports() []byte {
	list := [][]byte{}
	for i, name := range []string{abi.ExportABIVersion, abi.ExportAlloc, abi.ExportInit, abi.ExportExecute} {
		f := g.first() + byte(i)
		if name == g.Retype {
			f = g.first() + 4
		}
		if name != g.Drop {
			list = append(list, Join(Name(name), Op(0, f)))
		}
	}
	if g.Drop != abi.ExportMemory {
		list = append(list, Join(Name(abi.ExportMemory), Op(2, 0)))
	}
	return Vec(append(list, g.moreExports()...)...)
}

func (g Guest) start() []byte {
	if g.Start == nil {
		return nil
	}
	return Section(8, Op(g.first()+4))
}

// dispatch counts the call and runs a mode or Execute. {"mode": n} is a1 64
// "mode" n, so n is byte 6.
func (g Guest) dispatch() []byte {
	code := Join(Op(0x23, 0), I32(1), Op(0x6a, 0x24, 0))
	for i, body := range g.Modes {
		code = Join(code, Op(0x20, 0, 0x2d, 0, 6), I32(int32(i+1)), Op(0x46, 0x04, 0x40), body, Op(0x0b))
	}
	return Join(code, g.Execute)
}
