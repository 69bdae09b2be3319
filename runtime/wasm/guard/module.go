package guard

import "strings"

// ValueType is the type of a parameter, result or local.
type ValueType byte

// Value types, by their code in the binary format.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
)

// String returns the type's name in the text format.
func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "unknown"
}

func (t ValueType) number() bool    { return t >= F64 && t <= I32 }
func (t ValueType) reference() bool { return t == FuncRef || t == ExternRef }

// FuncType is the signature of a function.
type FuncType struct {
	Params, Results []ValueType
}

// String returns, for example, "func(i32, i32) i64".
func (t FuncType) String() string {
	s := "func(" + join(t.Params) + ")"
	switch len(t.Results) {
	case 0:
		return s
	case 1:
		return s + " " + t.Results[0].String()
	}
	return s + " (" + join(t.Results) + ")"
}

// Equal reports whether both signatures are the same.
func (t FuncType) Equal(o FuncType) bool {
	return string(bytesOf(t.Params)) == string(bytesOf(o.Params)) &&
		string(bytesOf(t.Results)) == string(bytesOf(o.Results))
}

func bytesOf(ts []ValueType) []byte {
	b := make([]byte, len(ts))
	for i, t := range ts {
		b[i] = byte(t)
	}
	return b
}

func join(ts []ValueType) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// Section is one section of the binary.
type Section struct {
	Name string // of the text format; a custom section's own name
	Size int    // bytes of its content
}

// Import is one imported function.
type Import struct {
	Module, Name string
	Type         FuncType
}

// ExportKind says what is exported.
type ExportKind byte

// Export kinds, by their code in the binary format.
const (
	ExportFunction ExportKind = 0
	ExportTable    ExportKind = 1
	ExportMemory   ExportKind = 2
	ExportGlobal   ExportKind = 3
)

// String returns the kind's name.
func (k ExportKind) String() string {
	switch k {
	case ExportFunction:
		return "function"
	case ExportTable:
		return "table"
	case ExportMemory:
		return "memory"
	case ExportGlobal:
		return "global"
	}
	return "unknown"
}

// Export is one export. Type is set for functions.
type Export struct {
	Name string
	Kind ExportKind
	Type FuncType
}

// Memory is a declared linear memory in pages of 64 KiB. Max is meaningful
// only if HasMax.
type Memory struct {
	Min, Max uint32
	HasMax   bool
}

// PageSize is the unit of [Memory].
const PageSize = 65536

// Producer is one entry of the "producers" custom section: what made the
// module. Nothing vouches for it.
type Producer struct {
	Field, Name, Version string
}

// Module describes a module that passed [Parse].
type Module struct {
	Size         int
	Sections     []Section
	Imports      []Import
	Exports      []Export
	Memories     []Memory
	Functions    int // defined, without imports
	Tables       int
	Globals      int
	DataSegments int
	CodeBytes    int
	HasStart     bool
	Producers    []Producer
	// Deepest, Locals and Work are the largest nesting, number of locals and
	// estimated compile effort of one function, see [Limits]; TotalWork is the
	// effort for all.
	Deepest, Locals, Work, TotalWork int
}

// Function returns the signature of the exported function, or what else the
// module exports under that name.
func (m *Module) Function(name string) (t FuncType, kind ExportKind, found bool) {
	for i := range m.Exports {
		if e := &m.Exports[i]; e.Name == name {
			return e.Type, e.Kind, true
		}
	}
	return FuncType{}, 0, false
}
