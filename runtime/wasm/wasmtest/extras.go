package wasmtest

import "github.com/swapline/swapline/abi"

// Extras are what a [Guest] may contain beside what it needs. All raw parts are
// entries of the section's vector.
type Extras struct {
	// Pages is the size that the memory starts with (2), MaxPages the declared
	// maximum, 0 for none.
	Pages, MaxPages uint32
	// Locals are the local declarations of execute, a whole vector; the first
	// local is 2.
	Locals []byte
	// Initialize and Validate are bodies, nil for none: they are exported under
	// their names. Validate leaves an i64.
	Initialize, Validate []byte
	// VersionCode is the body of the ABI version, nil for a constant.
	VersionCode []byte
	// Functions are further functions; [Guest.Function] gives their indices.
	Functions []Function
	// Types begin at [FirstType], Imports at [FirstImport], Globals at 1, Tables
	// and Elements at 0, Segments behind Data.
	Types, Imports, Globals, Tables, Elements, Segments [][]byte
	// Exports are further exports, or the convention's ones after Drop.
	Exports [][]byte
	// CountsData adds a data count section, which memory.init needs.
	CountsData bool
}

// Function is one function of a type by its index. Body is the whole entry of the
// code section.
type Function struct {
	Type uint32
	Body []byte
}

// Types that every [Guest] has.
const (
	TypeNothing = 5 // func()
	TypeAnswer  = 6 // func() i64
	FirstType   = 7 // of Extras.Types
)

// FirstImport is the index of the first of Extras.Imports.
const FirstImport = 2

// Function returns the index of Functions[i].
func (g Guest) Function(i int) uint32 { return uint32(g.first()) + 5 + uint32(i) }

// functions are the Functions with the optional exports behind them.
func (g Guest) functions() []Function {
	list := append([]Function{}, g.Functions...)
	if g.Initialize != nil {
		list = append(list, Function{TypeNothing, Body(g.Initialize)})
	}
	if g.Validate != nil {
		list = append(list, Function{TypeAnswer, Body(g.Validate)})
	}
	return list
}

func (g Guest) moreExports() [][]byte {
	list, next := append([][]byte{}, g.Exports...), g.Function(len(g.Functions))
	if g.Initialize != nil {
		list = append(list, Join(Name(abi.ExportInitialize), Op(0), U32(next)))
		next++
	}
	if g.Validate != nil {
		list = append(list, Join(Name(abi.ExportValidate), Op(0), U32(next)))
	}
	return list
}

// methods are what init lists.
func (g Guest) methods() []any {
	list := []any{abi.MethodExecute}
	if g.Validate != nil {
		list = append(list, abi.MethodValidate)
	}
	return list
}

func (g Guest) memory() []byte {
	if g.Pages == 0 {
		g.Pages = 2
	}
	if g.MaxPages == 0 {
		return Join(Op(0), U32(g.Pages))
	}
	return Join(Op(1), U32(g.Pages), U32(g.MaxPages))
}

func (g Guest) version() []byte {
	if g.VersionCode == nil {
		return I32(g.Version)
	}
	return g.VersionCode
}

func (g Guest) locals() []byte {
	if g.Locals == nil {
		return Op(0)
	}
	return g.Locals
}

func (g Guest) dataCount(n int) []byte {
	if !g.CountsData {
		return nil
	}
	return Section(12, U32(uint32(n)))
}

// optional is a section that is left out when it is empty.
func optional(id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return nil
	}
	return Section(id, Vec(items...))
}
