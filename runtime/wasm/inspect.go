package wasm

import (
	"slices"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Report is what can be told about a module without running it.
type Report struct {
	Size      int        `json:"size"`
	Sections  []Section  `json:"sections,omitempty"`
	Imports   []string   `json:"imports,omitempty"`
	Exports   []string   `json:"exports,omitempty"`
	Memory    []MemoryOf `json:"memory,omitempty"`
	Functions int        `json:"functions"`
	// Convention lists the exports of the calling convention and whether the
	// module has them.
	Convention []Presence `json:"convention,omitempty"`
	// Producers names the toolchain, as the module itself states it.
	Producers []string `json:"producers,omitempty"`
	// Problems says why a host would refuse the module; empty if it would
	// load it as far as can be told.
	Problems []Finding `json:"problems,omitempty"`
}

// Section is one section of the module.
type Section struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

// MemoryOf is the declared size of a memory in bytes. Max is 0 if none is
// declared; the manifest's limit holds then.
type MemoryOf struct {
	Min int64 `json:"min"`
	Max int64 `json:"max,omitempty"`
}

// Presence is one export of the calling convention.
type Presence struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Optional bool   `json:"optional,omitempty"`
	Present  bool   `json:"present"`
}

// Finding is one reason to refuse.
type Finding struct {
	Code    problem.Code `json:"code"`
	Message string       `json:"message"`
}

// Inspect reads the module at path under the default limits. It fails only if
// the file cannot be read; what is wrong with the module is in the report.
func Inspect(path string) (Report, error) {
	b, err := readAtMost(path, guard.DefaultLimits().Bytes)
	if problem.CodeOf(err) == problem.WasmTooLarge {
		return Report{Problems: []Finding{finding(err)}}, nil
	}
	if err != nil {
		return Report{}, err
	}
	m, err := guard.Parse(b, guard.Limits{})
	if err != nil {
		return Report{Size: len(b), Problems: []Finding{finding(err)}}, nil
	}
	return describe(m), nil
}

func finding(err error) Finding {
	return Finding{Code: problem.CodeOf(err), Message: err.Error()}
}

func describe(m *guard.Module) Report {
	r := Report{Size: m.Size, Functions: m.Functions, Convention: presence(m), Problems: findings(m)}
	for _, s := range m.Sections {
		r.Sections = append(r.Sections, Section(s))
	}
	for _, i := range m.Imports {
		r.Imports = append(r.Imports, i.Module+"."+i.Name+": "+i.Type.String())
	}
	for _, e := range m.Exports {
		typ := e.Kind.String()
		if e.Kind == guard.ExportFunction {
			typ = e.Type.String()
		}
		r.Exports = append(r.Exports, e.Name+": "+typ)
	}
	for _, mem := range m.Memories {
		r.Memory = append(r.Memory, MemoryOf{Min: int64(mem.Min) * guard.PageSize, Max: int64(mem.Max) * guard.PageSize})
	}
	for _, p := range m.Producers {
		r.Producers = append(r.Producers, p.Field+": "+p.Name+" "+p.Version)
	}
	slices.Sort(r.Producers)
	return r
}

func presence(m *guard.Module) []Presence {
	var ps []Presence
	for _, e := range conventionExports() {
		_, _, found := m.Function(e.name)
		ps = append(ps, Presence{Name: e.name, Type: e.typ.String(), Optional: e.optional, Present: found})
	}
	return ps
}

// findings lists every departure from the convention, not only the first.
func findings(m *guard.Module) []Finding {
	var fs []Finding
	add := func(err error) {
		if err != nil {
			fs = append(fs, finding(err))
		}
	}
	for _, e := range conventionExports() {
		add(checkExport(m, e))
	}
	add(checkMemory(m))
	offered := hostImports()
	for _, i := range m.Imports {
		add(checkImport(i, offered))
	}
	return fs
}
