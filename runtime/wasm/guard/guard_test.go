package guard_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// one is a module with one function of type func() and the given body.
func one(body []byte) []byte {
	return w.Module(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0))), w.Section(10, w.Vec(body)))
}

// in is a module with a memory, a table and one function of the given code.
func in(code ...byte) []byte {
	return w.Module(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0))),
		w.Section(4, w.Vec(w.Op(0x70, 0, 1))), w.Section(5, w.Vec(w.Op(0, 1))),
		w.Section(9, w.Vec(w.Join(w.U32(0), w.I32(0), w.Op(0x0b), w.Vec(w.U32(0))))),
		w.Section(12, w.U32(1)),
		w.Section(10, w.Vec(w.Body(code))),
		w.Section(11, w.Vec(w.Join(w.U32(1), w.Name("abc")))))
}

func repeat(n int, code ...byte) []byte { return bytes.Repeat(code, n) }

func codeOf(t *testing.T, b []byte, l guard.Limits) problem.Code {
	t.Helper()
	m, err := guard.Parse(b, l)
	var p *problem.Error
	if err != nil && (!errors.As(err, &p) || p.Check != "wasm_structure" || p.Remedy == "" || m != nil) {
		t.Fatalf("Parse = %v, %v; want a problem of the structure with a remedy and no module", m, err)
	}
	return problem.CodeOf(err)
}

func TestAcceptedModules(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":             w.Module(),
		"custom first":      w.Module(w.Section(0, w.Name("x"), w.Op(1, 2, 3))),
		"function":          one(w.Body()),
		"padded numbers":    w.Module(w.Op(1, 0x84, 0x80, 0x00, 1, 0x60, 0, 0)),
		"block and branch":  one(w.Body(w.Op(0x02, 0x40, 0x0c, 0, 0x0b))),
		"loop in loop":      one(w.Body(w.Op(0x03, 0x40, 0x03, 0x40, 0x0b, 0x0b))),
		"if else":           one(w.Body(w.I32(1), w.Op(0x04, 0x40, 0x01, 0x05, 0x00, 0x0b))),
		"block of type 0":   one(w.Body(w.Op(0x02, 0x00, 0x0b))),
		"br_table":          one(w.Body(w.I32(1), w.Op(0x02, 0x40, 0x0e, 2, 0, 1, 0, 0x0b))),
		"locals":            one(w.BodyWith(w.Vec(w.Op(2, 0x7f), w.Op(1, 0x7e)), w.Op(0x20, 2, 0x1a))),
		"load":              in(w.Join(w.I32(0), w.Op(0x28, 2, 0, 0x1a))...),
		"memory.init":       in(w.Join(w.I32(0), w.I32(0), w.I32(1), w.Op(0xfc, 8, 0, 0, 0xfc, 9, 0))...),
		"memory.copy, fill": in(0xfc, 10, 0, 0, 0xfc, 11, 0),
		"table operations":  in(0xfc, 12, 0, 0, 0xfc, 13, 0, 0xfc, 14, 0, 0, 0xfc, 16, 0, 0xfc, 17, 0),
		"references":        in(0xd0, 0x70, 0xd1, 0x1a, 0xd2, 0, 0x1a),
		"select with type":  in(0x1c, 1, 0x7f, 0x1a),
		"saturating":        in(0xfc, 0, 0xfc, 7),
		"sign extension":    in(0xc0, 0xc4),
		"call_indirect":     in(w.Join(w.I32(0), w.Op(0x11, 0, 0))...),
		"smallest constant": one(w.Body(w.I32(-1<<31), w.I64(-1<<63), w.Op(0x1a, 0x1a))),
		"name section": w.Module(w.Section(0, w.Name("name"), w.Op(0), w.Sized(w.Name("m")),
			w.Op(1), w.Sized(w.Vec(w.Join(w.U32(0), w.Name("f")))),
			w.Op(2), w.Sized(w.Vec(w.Join(w.U32(0), w.Vec(w.Join(w.U32(0), w.Name("x")))))))),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := guard.Parse(b, guard.Limits{}); err != nil {
				t.Fatalf("refused: %v", err)
			}
		})
	}
}

func TestEverySectionCountBombIsRefused(t *testing.T) {
	for id := byte(0); id < 16; id++ {
		for _, count := range []uint32{1<<32 - 1, 100_000_000} {
			if got := codeOf(t, w.Module(w.Section(id, w.U32(count))), guard.Limits{}); got == "" {
				t.Errorf("section %d with count %d passed", id, count)
			}
		}
	}
}

// TestAllocationFollowsInput holds the memory that refusing a bomb takes
// against the size of the bomb.
func TestAllocationFollowsInput(t *testing.T) {
	bombs := [][]byte{
		w.Module(w.Section(0, w.Name("name"), w.Op(1), w.Sized(w.U32(1<<32-1)))),
		one(w.BodyWith(w.Op(1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7e))),
		one(w.Body(w.I32(0), w.Op(0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f))),
		w.Module(w.Section(5, w.Vec(w.Op(0, 1))), w.Section(11, w.Vec(w.Join(w.Op(0), w.I32(0), w.Op(0x0b), w.U32(1<<32-16))))),
	}
	for id := byte(1); id < 13; id++ {
		bombs = append(bombs, w.Module(w.Section(id, w.U32(1<<32-1))))
	}
	for i, b := range bombs {
		if n := allocated(func() { _, _ = guard.Parse(b, guard.Limits{}) }); n > 64<<10 {
			t.Errorf("bomb %d of %d bytes took %d bytes to refuse", i, len(b), n)
		}
	}
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestMalformedModules(t *testing.T) {
	function := func(sections ...[]byte) []byte {
		return w.Module(append([][]byte{w.Section(1, w.Vec(w.Func("", "")))}, sections...)...)
	}
	for name, b := range map[string][]byte{
		"nothing":                       {},
		"text":                          []byte("not wasm at all"),
		"half a header":                 []byte("\x00asm\x01"),
		"component":                     []byte("\x00asm\x0d\x00\x01\x00"),
		"section out of order":          w.Module(w.Section(3, w.Vec()), w.Section(1, w.Vec())),
		"section twice":                 w.Module(w.Section(1, w.Vec()), w.Section(1, w.Vec())),
		"unknown section":               w.Module(w.Section(14, w.Vec())),
		"exceptions":                    w.Module(w.Section(13, w.Vec())),
		"section beyond the end":        w.Module(w.Op(1, 5, 0)),
		"section not filled":            w.Module(w.Section(1, w.Vec(), w.Op(0))),
		"number of six bytes":           w.Module(w.Op(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)),
		"number beyond 32 bits":         w.Module(w.Op(1, 0x80, 0x80, 0x80, 0x80, 0x10)),
		"i32 beyond 32 bits":            one(w.Body(w.Op(0x41, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x1a))),
		"i64 of eleven bytes":           one(w.Body(w.Op(0x42), repeat(10, 0x80), w.Op(0, 0x1a))),
		"name not UTF-8":                w.Module(w.Section(0, w.Name("\xff"))),
		"type of another form":          w.Module(w.Section(1, w.Vec(w.Op(0x4e, 0, 0)))),
		"vector type":                   w.Module(w.Section(1, w.Vec(w.Op(0x60, 1, 0x7b, 0)))),
		"import of a memory":            function(w.Section(2, w.Vec(w.Join(w.Name("env"), w.Name("memory"), w.Op(2, 0, 1))))),
		"import of a missing type":      function(w.Section(2, w.Vec(w.Join(w.Name("a"), w.Name("b"), w.Op(0, 9))))),
		"function of a missing type":    function(w.Section(3, w.Vec(w.U32(1)))),
		"function without code":         function(w.Section(3, w.Vec(w.U32(0)))),
		"code without function":         function(w.Section(10, w.Vec(w.Body()))),
		"shared memory":                 w.Module(w.Section(5, w.Vec(w.Op(3, 1, 1)))),
		"memory of 64 bits":             w.Module(w.Section(5, w.Vec(w.Op(4, 1)))),
		"memory shrinks":                w.Module(w.Section(5, w.Vec(w.Op(1, 2, 1)))),
		"global from a global":          w.Module(w.Section(6, w.Vec(w.Op(0x7f, 0, 0x23, 0, 0x0b)))),
		"long initialiser":              w.Module(w.Section(6, w.Vec(w.Op(0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b)))),
		"export twice":                  function(w.Section(3, w.Vec(w.U32(0))), w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 0)), w.Join(w.Name("f"), w.Op(0, 0))))),
		"export of a missing function":  function(w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 0))))),
		"start with parameters":         w.Module(w.Section(1, w.Vec(w.Func("i", ""))), w.Section(3, w.Vec(w.U32(0))), w.Section(8, w.U32(0))),
		"element of a missing function": w.Module(w.Section(4, w.Vec(w.Op(0x70, 0, 1))), w.Section(9, w.Vec(w.Join(w.U32(1), w.Op(0), w.Vec(w.U32(0)))))),
		"data without a memory":         w.Module(w.Section(11, w.Vec(w.Join(w.U32(0), w.I32(0), w.Op(0x0b), w.Name("a"))))),
		"data count differs":            w.Module(w.Section(12, w.U32(2)), w.Section(11, w.Vec(w.Join(w.U32(1), w.Name("a"))))),
		"two name sections":             w.Module(w.Section(0, w.Name("name")), w.Section(0, w.Name("name"))),
		"unknown opcode":                one(w.Body(w.Op(0x06))),
		"SIMD":                          one(w.Body(w.Op(0xfd, 0x0c))),
		"threads":                       one(w.Body(w.Op(0xfe, 0x00))),
		"tail call":                     one(w.Body(w.Op(0x12, 0))),
		"unknown bulk opcode":           one(w.Body(w.Op(0xfc, 18))),
		"end missing":                   one(w.Sized(w.Op(0))),
		"block not closed":              one(w.Sized(w.Op(0, 0x02, 0x40, 0x0b))),
		"code behind the end":           one(w.Sized(w.Op(0, 0x0b, 0x0b))),
		"else without if":               one(w.Body(w.Op(0x05))),
		"two else":                      one(w.Body(w.I32(0), w.Op(0x04, 0x40, 0x05, 0x05, 0x0b))),
		"branch too far":                one(w.Body(w.Op(0x0c, 1))),
		"missing local":                 one(w.Body(w.Op(0x20, 0))),
		"missing global":                one(w.Body(w.Op(0x23, 0))),
		"missing function":              one(w.Body(w.Op(0x10, 1))),
		"missing table":                 one(w.Body(w.Op(0x11, 0, 0))),
		"memory access without memory":  one(w.Body(w.I32(0), w.Op(0x28, 2, 0))),
		"memory.grow without memory":    one(w.Body(w.Op(0x40, 0))),
		"alignment":                     in(0x28, 3, 0),
		"block of a missing type":       one(w.Body(w.Op(0x02, 0x05, 0x0b))),
		"table.grow without a maximum":  in(0xfc, 15, 0),
		"memory.init without count":     one(w.Body(w.Op(0xfc, 8, 0, 0))),
	} {
		t.Run(name, func(t *testing.T) {
			if got := codeOf(t, b, guard.Limits{}); got != problem.WasmMalformed {
				t.Fatalf("code %q, want %q", got, problem.WasmMalformed)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	i64s := func(n uint32) []byte { return w.Vec(w.Join(w.U32(n), w.Op(0x7e))) }
	branchy := func(n int) []byte { return repeat(n, 0x02, 0x40, 0x41, 0, 0x0d, 0, 0x0b) }
	for name, b := range map[string][]byte{
		"locals":                    one(w.BodyWith(i64s(1 << 31))),
		"locals in parts":           one(w.BodyWith(w.Vec(w.Join(w.U32(40_000), w.Op(0x7e)), w.Join(w.U32(40_000), w.Op(0x7e))))),
		"nesting":                   one(w.Body(repeat(100_000, 0x02, 0x40), repeat(100_000, 0x0b))),
		"loops":                     one(w.Body(repeat(65, 0x03, 0x40), repeat(65, 0x0b))),
		"br_table":                  one(w.Body(w.I32(0), w.Op(0x0e), w.U32(1_000_000), make([]byte, 1_000_001))),
		"labels x locals":           one(w.BodyWith(i64s(2000), branchy(4000))),
		"labels":                    one(w.Body(branchy(20_000))),
		"body":                      one(w.Body(repeat(1<<20, 0x01))),
		"memory":                    w.Module(w.Section(5, w.Vec(w.Join(w.Op(0), w.U32(65536))))),
		"table":                     w.Module(w.Section(4, w.Vec(w.Join(w.Op(0x70, 0), w.U32(100_000_000))))),
		"arity":                     w.Module(w.Section(1, w.Vec(w.Func(strings.Repeat("i", 129), "")))),
		"custom sections":           w.Module(bytes.Repeat(w.Section(0, w.Name("x")), 65)),
		"two memories":              w.Module(w.Section(5, w.Vec(w.Op(0, 1), w.Op(0, 1)))),
		"name section of 4 G names": w.Module(w.Section(0, w.Name("name"), w.Op(1), w.Sized(w.U32(1<<32-1)))),
		"module of 33 MiB":          append(w.Module(), make([]byte, 33<<20)...),
	} {
		t.Run(name, func(t *testing.T) {
			if got := codeOf(t, b, guard.Limits{}); got != problem.WasmTooLarge {
				t.Fatalf("code %q, want %q", got, problem.WasmTooLarge)
			}
		})
	}
}

func TestLimitsAreConfigurable(t *testing.T) {
	b := one(w.Body(repeat(10, 0x02, 0x40), repeat(10, 0x0b)))
	if got := codeOf(t, b, guard.Limits{Depth: 9}); got != problem.WasmTooLarge {
		t.Errorf("depth 10 of 9: code %q", got)
	}
	if got := codeOf(t, b, guard.Limits{Depth: 10}); got != "" {
		t.Errorf("depth 10 of 10: code %q", got)
	}
}

// TestEveryTruncationIsRefused cuts a module that uses every section.
func TestEveryTruncationIsRefused(t *testing.T) {
	b := in(w.Join(w.I32(0), w.Op(0x28, 2, 0, 0x1a))...)
	ends := map[int]bool{8: true}
	for at := 8; at < len(b); {
		at += 2 + int(b[at+1]) // all sections are shorter than 128 bytes
		ends[at] = true
	}
	for n := range b {
		if _, err := guard.Parse(b[:n], guard.Limits{}); err == nil && !ends[n] {
			t.Errorf("the first %d of %d bytes pass", n, len(b))
		}
	}
}

func TestDescription(t *testing.T) {
	b := w.Module(
		w.Section(1, w.Vec(w.Func("ii", "I"), w.Func("", ""))),
		w.Section(2, w.Vec(w.Join(w.Name("swapline"), w.Name("log"), w.Op(0, 1)))),
		w.Section(3, w.Vec(w.U32(0))),
		w.Section(5, w.Vec(w.Op(1, 2, 3))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 1)), w.Join(w.Name("memory"), w.Op(2, 0)))),
		w.Section(10, w.Vec(w.Body(w.I64(0)))),
		w.Section(0, w.Name("producers"), w.Vec(w.Join(w.Name("language"), w.Vec(w.Join(w.Name("Go"), w.Name("1.26")))))),
	)
	m, err := guard.Parse(b, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if typ, kind, ok := m.Function("run"); !ok || kind != guard.ExportFunction || typ.String() != "func(i32, i32) i64" {
		t.Errorf("run is %v %v %v", typ, kind, ok)
	}
	if len(m.Imports) != 1 || m.Imports[0].Module != "swapline" || m.Imports[0].Type.String() != "func()" {
		t.Errorf("imports %v", m.Imports)
	}
	if len(m.Memories) != 1 || m.Memories[0] != (guard.Memory{Min: 2, Max: 3, HasMax: true}) {
		t.Errorf("memories %v", m.Memories)
	}
	if len(m.Producers) != 1 || m.Producers[0] != (guard.Producer{Field: "language", Name: "Go", Version: "1.26"}) {
		t.Errorf("producers %v", m.Producers)
	}
	if len(m.Sections) != 7 || m.Sections[6].Name != "producers" || m.Functions != 1 || m.Size != len(b) {
		t.Errorf("description %+v", m)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(w.Module())
	f.Add(one(w.Body(w.Op(0x02, 0x40, 0x0c, 0, 0x0b))))
	f.Add(in(w.Join(w.I32(0), w.Op(0x28, 2, 0, 0x1a))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := guard.Parse(b, guard.Limits{})
		if (m == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v", m, err)
		}
	})
}

// TestElementsStayInsideOfTheirTable: wazero takes a segment that ends outside
// for none, the specification for a trap.
func TestElementsStayInsideOfTheirTable(t *testing.T) {
	for _, c := range []struct {
		entries byte
		at      int32
		items   int
		fits    bool
	}{{1, 0, 1, true}, {3, 1, 2, true}, {1, 1, 0, true}, {1, 1, 1, false}, {3, 2, 2, false}, {1, 2, 0, false}, {1, -1, 1, false}, {0, 0, 1, false}} {
		items := make([][]byte, c.items)
		for i := range items {
			items[i] = w.U32(0)
		}
		b := w.Module(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0))),
			w.Section(4, w.Vec(w.Op(0x70, 0, c.entries))),
			w.Section(9, w.Vec(w.Join(w.U32(0), w.I32(c.at), w.Op(0x0b), w.Vec(items...)))),
			w.Section(10, w.Vec(w.Body())))
		if code := codeOf(t, b, guard.Limits{}); (code == "") != c.fits || !c.fits && code != problem.WasmMalformed {
			t.Errorf("%d items at %d of %d entries: %q, want fits %t", c.items, c.at, c.entries, code, c.fits)
		}
	}
}
