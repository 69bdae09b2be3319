package wasm

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// export is one function of the calling convention.
type export struct {
	name     string
	typ      guard.FuncType
	optional bool
}

// Exports for measurements, which all SDKs have. They are func(ptr, len i32) i64 as
// execute is, under the same bounds, and no part of the calling convention: a guest may
// have them, and no call needs them. They run nothing of the strategy.
//
// decode reads the input as the SDK does before it calls the strategy, drops it, and
// answers null. An SDK whose strategies read values where they are has nothing to do
// before the call; its decode reads all values of the input, each once, with the code
// with which a strategy reads those that it asks for, and answers with their number:
// the items of lists and the members of maps. That is an estimate, see measure.go.
//
// echo reads the same way and answers with the input as the SDK encodes it, member by
// member: the same bytes, as there is one encoding.
const (
	exportDecode = "swapline_decode"
	exportEcho   = "swapline_echo"
)

func conventionExports() []export {
	return []export{
		{name: abi.ExportInitialize, typ: signature("", ""), optional: true},
		{name: abi.ExportABIVersion, typ: signature("", "i")},
		{name: abi.ExportAlloc, typ: signature("i", "i")},
		{name: abi.ExportInit, typ: signature("ii", "I")},
		{name: abi.ExportExecute, typ: signature("ii", "I")},
		{name: abi.ExportValidate, typ: signature("", "I"), optional: true},
		{name: exportDecode, typ: signature("ii", "I"), optional: true},
		{name: exportEcho, typ: signature("ii", "I"), optional: true},
	}
}

// checkContract compares what m exports and imports with the convention.
func checkContract(m *guard.Module, offered []Import) error {
	for _, e := range conventionExports() {
		if err := checkExport(m, e); err != nil {
			return err
		}
	}
	if err := checkMemory(m); err != nil {
		return err
	}
	for _, i := range m.Imports {
		if err := checkImport(i, offered); err != nil {
			return err
		}
	}
	return nil
}

func checkExport(m *guard.Module, want export) error {
	typ, kind, found := m.Function(want.name)
	switch {
	case !found && want.optional:
		return nil
	case !found:
		return problem.New(problem.WasmExportMissing, "the module does not export %q", want.name).In("wasm_exports").
			Want("%s %s", want.name, want.typ).Cure("build the strategy with the SDK of its language, see abi/wasm.go")
	case kind != guard.ExportFunction:
		return wrongExport(want.name, want.typ.String(), kind.String())
	case !typ.Equal(want.typ):
		return wrongExport(want.name, want.typ.String(), typ.String())
	}
	return nil
}

func wrongExport(name, want, got string) error {
	return problem.New(problem.WasmExportType, "export %q has another type", name).In("wasm_exports").
		Want("%s", want).Got("%s", got).Cure("build the strategy with the SDK of its language, see abi/wasm.go")
}

func checkMemory(m *guard.Module) error {
	_, kind, found := m.Function(abi.ExportMemory)
	if !found {
		return problem.New(problem.WasmExportMissing, "the module does not export its memory").In("wasm_exports").
			Want("an exported memory named %q", abi.ExportMemory).Cure("build the strategy with the SDK of its language")
	}
	if kind != guard.ExportMemory {
		return wrongExport(abi.ExportMemory, guard.ExportMemory.String(), kind.String())
	}
	return nil
}

func checkImport(i guard.Import, offered []Import) error {
	for _, o := range offered {
		if o.Module != i.Module || o.Name != i.Name {
			continue
		}
		if o.Type.Equal(i.Type) {
			return nil
		}
		return problem.New(problem.WasmImportUnknown, "import %q %q has another type", i.Module, i.Name).In("wasm_imports").
			Want("%s", o.Type).Got("%s", i.Type).Cure("build the module with a current toolchain")
	}
	return problem.New(problem.WasmImportUnknown, "the host offers no function %q %q", i.Module, i.Name).In("wasm_imports").
		Want("imports from %q and %q", abi.ImportModule, wasiModule).Got("%s %s %s", i.Module, i.Name, i.Type).
		Cure("remove what needs this function from the strategy")
}
