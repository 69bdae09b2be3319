package nativeplugin

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"
)

// This file keeps debug/elf away from files that would make it allocate far
// more than their size, and finds things in the ones it accepts.

// errStructure is a reason why a file is not well formed.
type errStructure string

func (e errStructure) Error() string { return string(e) }

// Bounds on headers. A Go plugin has some forty sections and ten segments.
const (
	headerSize   = 64
	sectionSize  = 64
	segmentSize  = 56
	maxSections  = 256
	maxSegments  = 64
	maxNameTable = 1 << 16
)

// checkHeader accepts 64-bit little-endian files whose section and segment
// tables are of sane size and whose contents all lie inside of the file.
func checkHeader(r io.ReaderAt, size int64) error {
	if size < headerSize {
		return errStructure("it is too short")
	}
	if size > maxFile {
		return errStructure("it is larger than 1 GiB")
	}
	h := make([]byte, headerSize)
	if _, err := r.ReadAt(h, 0); err != nil {
		return err
	}
	le := binary.LittleEndian
	switch {
	case string(h[:4]) != elf.ELFMAG:
		return errStructure("it is not an ELF file")
	case elf.Class(h[elf.EI_CLASS]) != elf.ELFCLASS64 || elf.Data(h[elf.EI_DATA]) != elf.ELFDATA2LSB:
		return errStructure("it is not a 64-bit little-endian file")
	case elf.Type(le.Uint16(h[16:])) != elf.ET_DYN && elf.Type(le.Uint16(h[16:])) != elf.ET_EXEC:
		return errStructure("it is neither a shared object nor an executable")
	case le.Uint16(h[54:]) != segmentSize || le.Uint16(h[58:]) != sectionSize:
		return errStructure("its header tables have an unknown form")
	}
	if err := checkSegments(r, size, le.Uint64(h[32:]), le.Uint16(h[56:])); err != nil {
		return err
	}
	return checkSections(r, size, le.Uint64(h[40:]), le.Uint16(h[60:]), le.Uint16(h[62:]))
}

func checkSegments(r io.ReaderAt, size int64, at uint64, n uint16) error {
	if n == 0 || n > maxSegments || !inside(at, uint64(n)*segmentSize, size) {
		return errStructure("its segment table is missing, too large or cut off")
	}
	table := make([]byte, int(n)*segmentSize)
	if _, err := r.ReadAt(table, int64(at)); err != nil {
		return err
	}
	for ; len(table) > 0; table = table[segmentSize:] {
		offset, inFile := binary.LittleEndian.Uint64(table[8:]), binary.LittleEndian.Uint64(table[32:])
		inMemory := binary.LittleEndian.Uint64(table[40:])
		loaded := elf.ProgType(binary.LittleEndian.Uint32(table)) == elf.PT_LOAD
		if !inside(offset, inFile, size) || loaded && inFile > inMemory {
			return errStructure("a segment lies outside of the file; it is cut off or damaged")
		}
	}
	return nil
}

func checkSections(r io.ReaderAt, size int64, at uint64, n, names uint16) error {
	if n == 0 || n > maxSections || names >= n || !inside(at, uint64(n)*sectionSize, size) {
		return errStructure("its section table is missing, too large or cut off")
	}
	table := make([]byte, int(n)*sectionSize)
	if _, err := r.ReadAt(table, int64(at)); err != nil {
		return err
	}
	for i := range int(n) {
		s := table[i*sectionSize:]
		kind := elf.SectionType(binary.LittleEndian.Uint32(s[4:]))
		flags := elf.SectionFlag(binary.LittleEndian.Uint64(s[8:]))
		offset, length := binary.LittleEndian.Uint64(s[24:]), binary.LittleEndian.Uint64(s[32:])
		switch {
		case kind == elf.SHT_NOBITS || kind == elf.SHT_NULL:
		case !inside(offset, length, size):
			return errStructure("a section lies outside of the file; it is cut off or damaged")
		case flags&elf.SHF_COMPRESSED != 0 && flags&elf.SHF_ALLOC != 0:
			return errStructure("a loaded section is compressed")
		case i == int(names) && (length > maxNameTable || flags&elf.SHF_COMPRESSED != 0):
			return errStructure("its table of section names is too large")
		}
	}
	return nil
}

// inside reports whether length bytes at offset lie in a file of that size.
func inside(offset, length uint64, size int64) bool {
	return offset <= uint64(size) && length <= uint64(size)-offset
}

// sectionOf returns the only section of that kind that is loaded, or nil.
func sectionOf(f *elf.File, kind elf.SectionType) *elf.Section {
	var found *elf.Section
	for _, s := range f.Sections {
		if s.Type != kind || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		if found != nil {
			return nil
		}
		found = s
	}
	return found
}

// linkedStrings reads the string table that a section refers to.
func linkedStrings(f *elf.File, s *elf.Section) (string, error) {
	if s.Link == 0 || s.Link >= uint32(len(f.Sections)) {
		return "", errStructure("a string table is missing")
	}
	t := f.Sections[s.Link]
	if t.Type != elf.SHT_STRTAB || t.Flags&elf.SHF_ALLOC == 0 {
		return "", errStructure("a string table is of the wrong type")
	}
	data, err := t.Data()
	return string(data), err
}

// stringAt cuts out a string without copying it.
func stringAt(table string, at, limit uint64) (string, bool) {
	if at >= uint64(len(table)) {
		return "", false
	}
	rest := table[at:]
	end := strings.IndexByte(rest[:min(uint64(len(rest)), limit+1)], 0)
	if end < 0 {
		return "", false
	}
	return rest[:end], true
}

// loadBytes reads memory as the loader would lay it out.
func loadBytes(f *elf.File, address, n uint64) ([]byte, error) {
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || address < p.Vaddr || address-p.Vaddr > p.Filesz || n > p.Filesz-(address-p.Vaddr) {
			continue
		}
		b := make([]byte, n)
		_, err := p.ReadAt(b, int64(address-p.Vaddr))
		return b, err
	}
	return nil, errStructure("an address lies outside of the loaded segments")
}

// relocated returns the pointers that relocations write to the wanted
// addresses. Symbols is the raw dynamic symbol table.
func relocated(f *elf.File, wanted map[uint64]string, symbols []byte) (map[uint64]uint64, error) {
	pointers := map[uint64]uint64{}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		table, err := s.Data()
		if err != nil {
			return nil, err
		}
		for ; len(table) >= relaSize; table = table[relaSize:] {
			at := binary.LittleEndian.Uint64(table)
			if _, ok := wanted[at]; !ok {
				continue
			}
			target, ok := relocate(f.Machine, binary.LittleEndian.Uint64(table[8:]), symbols)
			if !ok {
				return nil, errStructure("a fingerprint is relocated in an unknown way")
			}
			pointers[at] = target + binary.LittleEndian.Uint64(table[16:])
		}
	}
	return pointers, nil
}

// relaSize is the size of a relocation with addend.
const relaSize = 24

// relocate returns what a relocation adds its addend to, in addresses of the
// file: nothing, or the address of a symbol.
func relocate(m elf.Machine, info uint64, symbols []byte) (uint64, bool) {
	kind, index := uint32(info), info>>32
	var relative, absolute bool
	switch m {
	case elf.EM_X86_64:
		relative, absolute = elf.R_X86_64(kind) == elf.R_X86_64_RELATIVE, elf.R_X86_64(kind) == elf.R_X86_64_64
	case elf.EM_AARCH64:
		relative, absolute = elf.R_AARCH64(kind) == elf.R_AARCH64_RELATIVE, elf.R_AARCH64(kind) == elf.R_AARCH64_ABS64
	}
	if relative {
		return 0, true
	}
	if !absolute || index >= uint64(len(symbols)/elf.Sym64Size) {
		return 0, false
	}
	return binary.LittleEndian.Uint64(symbols[index*elf.Sym64Size+8:]), true
}
