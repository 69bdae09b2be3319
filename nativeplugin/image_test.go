package nativeplugin

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

// self is this test binary's bytes: a Go program with package plugin.
func self(t testing.TB) []byte {
	t.Helper()
	content, err := os.ReadFile(Self())
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestTheExecutableItselfCanBeRead(t *testing.T) {
	im, err := readHost(Self())
	if err != nil {
		t.Fatal(err)
	}
	if im.fingerprints[contractModule+"/abi"] == "" || im.fingerprints["runtime"] == "" || len(im.data) < 1000 {
		t.Errorf("%d fingerprints, %d data symbols", len(im.fingerprints), len(im.data))
	}
	if im.info.Main.Path != contractModule || len(im.libraries) == 0 {
		t.Errorf("module %s, libraries %v", im.info.Main.Path, im.libraries)
	}
}

func TestInspectRefusesAnExecutable(t *testing.T) {
	report, err := Inspect(Self(), "")
	if err != nil {
		t.Fatal(err)
	}
	if got := problem.CodeOf(report.Err()); got != problem.NativeMalformed {
		t.Errorf("code %s", got)
	}
}

// TestHostileHeadersAreRefused changes one number each of a good file.
func TestHostileHeadersAreRefused(t *testing.T) {
	good := self(t)
	sections := binary.LittleEndian.Uint64(good[40:])
	for name, change := range map[string]func(b []byte){
		"32 bit":                        func(b []byte) { b[elf.EI_CLASS] = 1 },
		"big endian":                    func(b []byte) { b[elf.EI_DATA] = 2 },
		"a core file":                   func(b []byte) { b[16] = byte(elf.ET_CORE) },
		"no segments":                   func(b []byte) { binary.LittleEndian.PutUint16(b[56:], 0) },
		"65535 segments":                func(b []byte) { binary.LittleEndian.PutUint16(b[56:], 65535) },
		"65535 sections":                func(b []byte) { binary.LittleEndian.PutUint16(b[60:], 65535) },
		"sections counted elsewhere":    func(b []byte) { binary.LittleEndian.PutUint16(b[60:], 0) },
		"names in a section of nowhere": func(b []byte) { binary.LittleEndian.PutUint16(b[62:], 255) },
		"sections behind the end":       func(b []byte) { binary.LittleEndian.PutUint64(b[40:], 1<<63) },
		"an endless section":            func(b []byte) { binary.LittleEndian.PutUint64(b[sections+64+32:], 1<<64-1) },
		"a compressed section":          func(b []byte) { b[sections+64+9] |= byte(elf.SHF_COMPRESSED >> 8) },
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(good)
			change(b)
			if _, err := parseImage("x", bytes.NewReader(b), int64(len(b))); problem.CodeOf(err) != problem.NativeMalformed {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestMutantsAreReadOrRefused flips bits where the structure is.
func TestMutantsAreReadOrRefused(t *testing.T) {
	good := self(t)
	tables := []struct{ from, size uint64 }{{0, 64}, {binary.LittleEndian.Uint64(good[32:]), 10 * segmentSize}, {binary.LittleEndian.Uint64(good[40:]), 30 * sectionSize}}
	f, err := elf.NewFile(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []elf.SectionType{elf.SHT_DYNAMIC, elf.SHT_DYNSYM, elf.SHT_RELA} {
		s := f.SectionByType(kind)
		tables = append(tables, struct{ from, size uint64 }{s.Offset, s.Size})
	}
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 200 {
		b := bytes.Clone(good)
		for range 1 + random.IntN(4) {
			table := tables[random.IntN(len(tables))]
			b[table.from+random.Uint64N(table.size)] ^= byte(1 << random.IntN(8))
		}
		if _, err := parseImage("x", bytes.NewReader(b), int64(len(b))); err != nil {
			refused++
			if problem.CodeOf(err) != problem.NativeMalformed {
				t.Fatalf("got %v", err)
			}
		}
	}
	if refused == 0 || refused == 200 {
		t.Errorf("%d of 200 mutants were refused", refused)
	}
}

func TestStringsAreCutOutOfTheirTableOnly(t *testing.T) {
	for _, c := range []struct {
		at, limit uint64
		want      string
		ok        bool
	}{{0, 10, "", true}, {1, 10, "one", true}, {2, 10, "ne", true}, {1, 2, "", false}, {5, 10, "", false}, {99, 10, "", false}, {1 << 63, 10, "", false}} {
		if got, ok := stringAt("\x00one\x00two", c.at, c.limit); got != c.want || ok != c.ok {
			t.Errorf("at %d: %q, %t", c.at, got, ok)
		}
	}
}

// FuzzParseImage starts from the head of a real file with its tables moved
// together, so that mutations reach the structure.
func FuzzParseImage(f *testing.F) {
	f.Add([]byte("\x7fELF"))
	f.Add(small())
	f.Fuzz(func(t *testing.T, b []byte) {
		if im, err := parseImage("x", bytes.NewReader(b), int64(len(b))); err == nil && im.info == nil {
			t.Error("an image without build info")
		}
	})
}

// small is a shared object of one segment with empty dynamic tables.
func small() []byte {
	le := binary.LittleEndian
	b := make([]byte, 1024)
	copy(b, elf.ELFMAG+"\x02\x01\x01")
	le.PutUint16(b[16:], uint16(elf.ET_DYN))
	le.PutUint16(b[18:], uint16(elf.EM_X86_64))
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[32:], 64)
	le.PutUint64(b[40:], 128)
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], segmentSize)
	le.PutUint16(b[56:], 1)
	le.PutUint16(b[58:], sectionSize)
	le.PutUint16(b[60:], 5)
	le.PutUint16(b[62:], 1)
	le.PutUint32(b[64:], uint32(elf.PT_LOAD))
	le.PutUint64(b[64+32:], 1024)
	le.PutUint64(b[64+40:], 1024)
	for i, kind := range []elf.SectionType{elf.SHT_NULL, elf.SHT_STRTAB, elf.SHT_DYNAMIC, elf.SHT_DYNSYM, elf.SHT_RELA} {
		s := b[128+i*sectionSize:]
		le.PutUint32(s[4:], uint32(kind))
		le.PutUint64(s[8:], uint64(elf.SHF_ALLOC))
		le.PutUint64(s[24:], uint64(512+i*64))
		le.PutUint64(s[32:], 48)
		le.PutUint32(s[40:], 1)
		le.PutUint64(s[56:], 24)
	}
	copy(b[512+64+1:], "\x00"+fingerprintPrefix+"x")
	return b
}

func TestRefusalsDoNotTellWhereTheStoreIs(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text.so")
	if err := os.WriteFile(text, []byte("not a plugin at all, but long enough to be read as a header of one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, filepath.Join(folder, "missing.so"), folder} {
		_, err := readImage(path)
		if err == nil || strings.Contains(err.Error(), filepath.Dir(folder)) {
			t.Errorf("%v", err)
		}
	}
}

// withVariable is the small object with one variable in its dynamic symbols, a Go
// string.
func withVariable(name, text string) []byte {
	const strings, symbols, header, content = 512 + 64, 512 + 3*64, 832, 848
	le := binary.LittleEndian
	b := small()
	copy(b[strings:], "\x00"+name+"\x00")
	s := b[symbols:]
	le.PutUint32(s, 1)
	s[4] = byte(elf.STT_OBJECT)
	le.PutUint16(s[6:], 2)
	le.PutUint64(s[8:], header)
	le.PutUint64(s[16:], stringHeader)
	le.PutUint64(b[header:], content)
	le.PutUint64(b[header+8:], uint64(len(text)))
	copy(b[content:], text)
	return b
}

const smallRecipe = `{"strategy":"a","version":"1","import_path":"x","go":"go1"}`

// ofMain reads an object as the main package x without build information.
func ofMain(b []byte) (*image, *elf.File, error) {
	r := bytes.NewReader(b)
	if err := checkHeader(r, int64(len(b))); err != nil {
		return nil, nil, err
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, nil, err
	}
	im := &image{info: &debug.BuildInfo{Path: "x"}}
	return im, f, im.readSymbols(f)
}

func TestARecipeIsReadFromItsVariable(t *testing.T) {
	for text, want := range map[string]bool{smallRecipe: true, "{}": false, "no JSON": false, strings.Replace(smallRecipe, `"x"`, `"y"`, 1): false} {
		im, f, err := ofMain(withVariable("x."+RecipeVariable, text))
		if err != nil {
			t.Fatal(err)
		}
		if err := im.readRecipe(f); (err == nil) != want || want && im.recipe.Strategy != "a" {
			t.Errorf("%s: %v, %+v", text, err, im.recipe)
		}
	}
	im, f, err := ofMain(withVariable("x.Other", smallRecipe))
	if err != nil {
		t.Fatal(err)
	}
	if err := im.readRecipe(f); err != nil || im.recipe != nil {
		t.Errorf("another variable: %v, %+v", err, im.recipe)
	}
}

// FuzzReadRecipe follows strings through symbols and relocations, as a recipe and
// as an embedded file system.
func FuzzReadRecipe(f *testing.F) {
	f.Add(withVariable("x."+RecipeVariable, smallRecipe))
	f.Add(withVariable("x."+RecipeVariable, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		im, file, err := ofMain(b)
		if err != nil {
			return
		}
		if err := im.readRecipe(file); err == nil && im.recipe != nil && im.recipe.ImportPath != "x" {
			t.Errorf("the recipe of %q", im.recipe.ImportPath)
		}
		table, at, err := dynamicSymbol(file, "x."+RecipeVariable)
		if err != nil {
			return
		}
		if files, err := embeddedFiles(memory{file, table}, at); err == nil && len(files) > maxSources {
			t.Errorf("%d files", len(files))
		}
	})
}
