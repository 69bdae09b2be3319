package nativeplugin

import (
	"debug/elf"
	"encoding/binary"
	"io/fs"
	"path"

	"github.com/swapline/swapline"
)

// embeddedContract is the linker's name of the variable in which a host carries
// the sources of its contract.
const embeddedContract = contractModule + ".contractSources"

// Bounds on embedded sources, and the sizes that package embed documents.
const (
	maxSources    = 256
	maxSource     = 1 << 20 // bytes of one file
	embeddedEntry = 48      // bytes: two strings and a hash
)

// contractOf computes the digest of the contract that an executable carries; ""
// if it carries none, or not in the form that this toolchain knows.
func contractOf(executable string) string {
	f, err := elf.Open(executable)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	table, address, err := dynamicSymbol(f, embeddedContract)
	if err != nil {
		return ""
	}
	files, err := embeddedFiles(memory{f, table}, address)
	if err != nil {
		return ""
	}
	digest, err := swapline.ContractDigest(files)
	if err != nil {
		return ""
	}
	return digest
}

// embeddedFiles reads an embed.FS: a pointer to a slice of entries, each with
// its name, content and hash.
func embeddedFiles(m memory, address uint64) (sources, error) {
	list, err := m.word(address)
	if err != nil {
		return nil, err
	}
	first, err := m.word(list)
	if err != nil {
		return nil, err
	}
	n, err := m.word(list + 8)
	if err != nil || n > maxSources {
		return nil, errStructure("too many embedded files")
	}
	found := sources{}
	for entry := range n {
		at := first + entry*embeddedEntry
		name, err := m.text(at)
		if err != nil {
			return nil, err
		}
		content, err := m.text(at + stringHeader)
		if err != nil {
			return nil, err
		}
		found[string(name)] = content
	}
	return found, nil
}

// memory is a file as the loader would lay it out, after relocation.
type memory struct {
	f       *elf.File
	symbols []byte
}

func (m memory) word(address uint64) (uint64, error) {
	pointers, err := relocated(m.f, map[uint64]string{address: ""}, m.symbols)
	if err != nil {
		return 0, err
	}
	if p, ok := pointers[address]; ok {
		return p, nil
	}
	b, err := loadBytes(m.f, address, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// text reads the Go string whose header is at an address.
func (m memory) text(address uint64) ([]byte, error) {
	pointer, err := m.word(address)
	if err != nil {
		return nil, err
	}
	length, err := m.word(address + 8)
	if err != nil || length > maxSource {
		return nil, errStructure("an embedded file is too large")
	}
	if length == 0 {
		return nil, nil
	}
	return loadBytes(m.f, pointer, length)
}

// sources are files in memory: as much of a file system as the digest reads.
type sources map[string][]byte

// Open implements fs.FS; there is nothing to open.
func (s sources) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadFile implements fs.ReadFileFS.
func (s sources) ReadFile(name string) ([]byte, error) {
	content, ok := s[name]
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return content, nil
}

// ReadDir implements fs.ReadDirFS. Folders in folders are left out.
func (s sources) ReadDir(folder string) ([]fs.DirEntry, error) {
	var list []fs.DirEntry
	for name := range s {
		if path.Dir(name) == folder {
			list = append(list, sourceName(path.Base(name)))
		}
	}
	return list, nil
}

// sourceName is the entry of a file in a folder of [sources].
type sourceName string

// Name implements fs.DirEntry.
func (n sourceName) Name() string { return string(n) }

// IsDir implements fs.DirEntry.
func (sourceName) IsDir() bool { return false }

// Type implements fs.DirEntry.
func (sourceName) Type() fs.FileMode { return 0 }

// Info implements fs.DirEntry; nobody asks.
func (sourceName) Info() (fs.FileInfo, error) { return nil, fs.ErrNotExist }

var (
	_ fs.ReadDirFS  = sources(nil)
	_ fs.ReadFileFS = sources(nil)
)
