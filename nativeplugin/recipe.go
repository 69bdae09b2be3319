package nativeplugin

import (
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// RecipeVariable is the variable of a plugin's main package that holds its
// [Recipe] as JSON. It is a string that the linker initialises, so it can be
// read without opening the plugin.
const RecipeVariable = "SwaplineRecipe"

// Recipe is everything that decided the bytes of a plugin: the same recipe and
// the same sources give the same file on any machine. It holds no folder and no
// time. Package pluginbuild writes it.
type Recipe struct {
	Strategy string `json:"strategy"`
	Version  string `json:"version"`
	// ImportPath is the main package's own path in the plugin, Main the one it
	// has in the author's sources.
	ImportPath string `json:"import_path"`
	Main       string `json:"main"`
	// Go is the toolchain as in build information, Flags are the arguments of go
	// build and Env the variables (KEY=value) that were set for it.
	Go    string   `json:"go"`
	Flags []string `json:"flags"`
	Env   []string `json:"env"`
	// Packages are the original import paths of the packages that were copied
	// under the import path of the release, sorted.
	Packages []string `json:"packages"`
	// Modules are the versioned modules that the packages come from, sorted.
	Modules []RecipeModule `json:"modules"`
	// Sources is the hex SHA-256 over what was copied.
	Sources string `json:"sources"`
	// Contract is the digest of the contract's sources that the plugin was built
	// with, in the form of swapline.ContractDigest.
	Contract string `json:"contract"`
}

// RecipeModule is a module in a [Recipe].
type RecipeModule struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"` // as in go.sum
	// Shared says why the packages of the module were not copied; "" if they
	// were. A shared module keeps its import path: the process has it once.
	Shared string `json:"shared,omitempty"`
}

func (m RecipeModule) String() string {
	return strings.TrimSpace(m.Path + "@" + m.Version + " " + m.Sum)
}

// maxRecipe bounds the text of a recipe.
const maxRecipe = 1 << 20

// RecipeOf reads the recipe of a plugin without opening it. It is nil if the
// plugin was not built by package pluginbuild. Errors are problems of code
// NativeMalformed.
func RecipeOf(pluginFile string) (*Recipe, error) {
	im, err := readImage(pluginFile)
	if err != nil {
		return nil, err
	}
	return im.recipe, nil
}

// DecodeRecipe reads the JSON form. Members that it does not know are those of
// a later builder and are left out.
func DecodeRecipe(text []byte) (*Recipe, error) {
	if len(text) > maxRecipe {
		return nil, errStructure("its recipe is larger than 1 MiB")
	}
	r := &Recipe{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("its recipe is not JSON of the right form: %w", err)
	}
	if r.Strategy == "" || r.Version == "" || r.ImportPath == "" || r.Go == "" {
		return nil, errStructure("its recipe names no strategy, version, import path or toolchain")
	}
	return r, nil
}

// readRecipe finds the recipe of the main package; there may be none.
func (im *image) readRecipe(f *elf.File) error {
	name := mainSymbol(im.info.Path, RecipeVariable)
	if im.data[name] != stringHeader {
		return nil
	}
	table, address, err := dynamicSymbol(f, name)
	if err != nil {
		return err
	}
	text, err := goString(f, address, table)
	if err != nil {
		return err
	}
	if im.recipe, err = DecodeRecipe(text); err != nil {
		return err
	}
	if im.recipe.ImportPath != im.info.Path {
		return errStructure("its recipe is that of " + im.recipe.ImportPath)
	}
	return nil
}

// mainSymbol is the linker's name of a variable or function of a main package:
// dots in the last element of the path are written as %2e.
func mainSymbol(importPath, name string) string {
	dir, last := filepath.Split(importPath)
	return dir + strings.ReplaceAll(last, ".", "%2e") + "." + name
}

// dynamicSymbol returns the symbol table and the address of one of its symbols.
func dynamicSymbol(f *elf.File, wanted string) (table []byte, address uint64, err error) {
	s := sectionOf(f, elf.SHT_DYNSYM)
	if s == nil {
		return nil, 0, errStructure("no dynamic symbols")
	}
	if table, err = s.Data(); err != nil {
		return nil, 0, err
	}
	names, err := linkedStrings(f, s)
	if err != nil {
		return nil, 0, err
	}
	for rest := table; len(rest) >= elf.Sym64Size; rest = rest[elf.Sym64Size:] {
		name, ok := stringAt(names, uint64(binary.LittleEndian.Uint32(rest)), maxName)
		if ok && name == wanted {
			return table, binary.LittleEndian.Uint64(rest[8:]), nil
		}
	}
	return nil, 0, errStructure("the symbol " + wanted + " is missing")
}

// stringHeader is the size of a Go string: pointer and length.
const stringHeader = 16

// goString reads a Go string whose header is at an address. In a file that can
// be placed anywhere the pointer is written by a relocation.
func goString(f *elf.File, address uint64, symbols []byte) ([]byte, error) {
	pointers, err := relocated(f, map[uint64]string{address: ""}, symbols)
	if err != nil {
		return nil, err
	}
	header, err := loadBytes(f, address, stringHeader)
	if err != nil {
		return nil, err
	}
	pointer, length := binary.LittleEndian.Uint64(header), binary.LittleEndian.Uint64(header[8:])
	if p, ok := pointers[address]; ok {
		pointer = p
	}
	if length > maxRecipe {
		return nil, errStructure("its recipe is larger than 1 MiB")
	}
	return loadBytes(f, pointer, length)
}

// WriteTo writes the recipe for people.
func (r *Recipe) WriteTo(w io.Writer) (int64, error) {
	counted := &countingWriter{w: w}
	t := tabwriter.NewWriter(counted, 0, 4, 2, ' ', 0)
	for _, line := range [][2]string{
		{"release", r.Strategy + " " + r.Version + ", from " + r.Main},
		{"toolchain", r.Go},
		{"flags", strings.Join(r.Flags, " ")},
		{"environment", strings.Join(r.Env, " ")},
		{"contract", r.Contract},
		{"sources", fmt.Sprintf("sha256:%s, %d packages", r.Sources, len(r.Packages))},
	} {
		fmt.Fprintf(t, "  %s\t%s\n", line[0], printable(line[1]))
	}
	for _, m := range r.Modules {
		how := "copied"
		if m.Shared != "" {
			how = "shared: " + m.Shared
		}
		fmt.Fprintf(t, "  module\t%s, %s\n", printable(m.String()), printable(how))
	}
	err := t.Flush()
	return counted.n, err
}

// printable keeps what a file claims from steering a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

var _ io.WriterTo = (*Recipe)(nil)
