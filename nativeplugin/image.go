package nativeplugin

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// image is what an ELF file tells without being loaded. It is immutable.
type image struct {
	path         string
	info         *debug.BuildInfo
	fingerprints map[string]string // package -> what plugin.Open compares, in hex
	data         map[string]uint64 // defined data symbol -> size in bytes
	functions    map[string]bool   // defined functions that could be a constructor
	libraries    []string          // DT_NEEDED
	machine      elf.Machine
	initArray    uint64 // bytes of constructors that run before any check
	preinitArray bool
	cLibrary     string  // newest version of the C library that it asks for
	libraryPath  string  // DT_RPATH or DT_RUNPATH
	recipe       *Recipe // nil if swapline build did not make it
}

// maxFile bounds the size of a file that is looked at.
const maxFile = 1 << 30

// readImage reads a file. Errors are problems of code NativeMalformed.
func readImage(path string) (*image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, malformed(path, "%w", withoutPath(err))
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, malformed(path, "%w", withoutPath(err))
	}
	if !st.Mode().IsRegular() {
		return nil, malformed(path, "it is not a regular file")
	}
	return parseImage(path, f, st.Size())
}

// withoutPath takes the path out of an error of the file system.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// malformed names the file without its folder: callers of the service need not
// know where its store is.
func malformed(path, format string, args ...any) *problem.Error {
	args = append([]any{filepath.Base(path)}, args...)
	return problem.New(problem.NativeMalformed, "%s is not a Go plugin: "+format, args...).In("native_preflight").
		Cure("upload the file that swapline build wrote")
}

// parseImage takes the file apart. The bytes are hostile: sizes are checked
// against the file before anything is allocated, and a panic of the standard
// library's parsers ends here.
func parseImage(path string, r io.ReaderAt, size int64) (im *image, err error) {
	defer func() {
		if p := recover(); p != nil {
			im, err = nil, malformed(path, "its structure cannot be read: %v", p)
		}
	}()
	if err := checkHeader(r, size); err != nil {
		return nil, malformed(path, "%w", err)
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, malformed(path, "%w", err)
	}
	im = &image{path: path, machine: f.Machine, libraries: []string{}}
	for _, read := range []func(*elf.File) error{im.readDynamic, im.readCLibrary, im.readSymbols} {
		if err := read(f); err != nil {
			return nil, malformed(path, "%w", err)
		}
	}
	if im.info, err = buildinfo.Read(r); err != nil {
		return nil, malformed(path, "it has no Go build information: %w", err)
	}
	if err := im.readRecipe(f); err != nil {
		return nil, malformed(path, "%w", err)
	}
	return im, nil
}

// readDynamic reads what the dynamic loader would act on.
func (im *image) readDynamic(f *elf.File) error {
	s := sectionOf(f, elf.SHT_DYNAMIC)
	if s == nil || s.Size > 1<<14 {
		return errStructure("no dynamic section, or too large a one")
	}
	entries, err := s.Data()
	if err != nil {
		return err
	}
	names, err := linkedStrings(f, s)
	if err != nil {
		return err
	}
	for ; len(entries) >= 16; entries = entries[16:] {
		value := binary.LittleEndian.Uint64(entries[8:])
		switch elf.DynTag(binary.LittleEndian.Uint64(entries)) {
		case elf.DT_NULL:
			return nil
		case elf.DT_NEEDED:
			name, ok := stringAt(names, value, 255)
			if !ok {
				return errStructure("a library name lies outside of the string table")
			}
			im.libraries = append(im.libraries, name)
		case elf.DT_RPATH, elf.DT_RUNPATH:
			folders, ok := stringAt(names, value, maxName)
			if !ok {
				return errStructure("its library path lies outside of the string table")
			}
			im.libraryPath = folders
		case elf.DT_INIT_ARRAYSZ:
			im.initArray = value
		case elf.DT_PREINIT_ARRAY, elf.DT_PREINIT_ARRAYSZ:
			im.preinitArray = true
		}
	}
	return nil
}

// fingerprintPrefix begins the names of the symbols whose strings plugin.Open
// compares.
const fingerprintPrefix = "go:link.pkghash."

// maxSymbols and maxName bound the work on a symbol table.
const (
	maxSymbols = 1 << 21
	maxName    = 1 << 13
)

// readSymbols reads the dynamic symbols: fingerprints, data sizes and the
// functions that might be the constructor.
func (im *image) readSymbols(f *elf.File) error {
	s := sectionOf(f, elf.SHT_DYNSYM)
	if s == nil || s.Size/elf.Sym64Size > maxSymbols {
		return errStructure("no dynamic symbols, or too many of them")
	}
	table, err := s.Data()
	if err != nil {
		return err
	}
	names, err := linkedStrings(f, s)
	if err != nil {
		return err
	}
	im.data, im.functions = map[string]uint64{}, map[string]bool{}
	headers, all := map[uint64]string{}, table
	for ; len(table) >= elf.Sym64Size; table = table[elf.Sym64Size:] {
		name, ok := stringAt(names, uint64(binary.LittleEndian.Uint32(table)), maxName)
		if !ok || elf.SectionIndex(binary.LittleEndian.Uint16(table[6:])) == elf.SHN_UNDEF {
			continue
		}
		value, size := binary.LittleEndian.Uint64(table[8:]), binary.LittleEndian.Uint64(table[16:])
		switch pkg, isPrint := strings.CutPrefix(name, fingerprintPrefix); {
		case isPrint:
			headers[value] = pkg
		case elf.ST_TYPE(table[4]) == elf.STT_OBJECT:
			im.data[name] = size
		case elf.ST_TYPE(table[4]) == elf.STT_FUNC && strings.HasSuffix(name, constructorSuffix):
			im.functions[name] = true
		}
	}
	return im.readFingerprints(f, headers, all)
}

// readFingerprints follows the Go string headers at the given addresses. In a
// file that can be placed anywhere the pointer is written by a relocation.
func (im *image) readFingerprints(f *elf.File, headers map[uint64]string, symbols []byte) error {
	pointers, err := relocated(f, headers, symbols)
	if err != nil {
		return err
	}
	im.fingerprints = make(map[string]string, len(headers))
	for address, pkg := range headers {
		header, err := loadBytes(f, address, 16)
		if err != nil {
			return err
		}
		pointer, length := binary.LittleEndian.Uint64(header), binary.LittleEndian.Uint64(header[8:])
		if p, ok := pointers[address]; ok {
			pointer = p
		}
		if length == 0 || length > 256 {
			return errStructure("the fingerprint of package " + pkg + " has no plausible length")
		}
		print, err := loadBytes(f, pointer, length)
		if err != nil {
			return err
		}
		im.fingerprints[pkg] = hex.EncodeToString(print)
	}
	return nil
}
