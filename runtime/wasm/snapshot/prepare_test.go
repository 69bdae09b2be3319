package snapshot_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// TestGeneratedModules compares modules with their prepared copies.
func TestGeneratedModules(t *testing.T) {
	t.Parallel()
	var sum tally
	r := newRunner(t)
	for seed := range uint64(400) {
		r.prove(t, fmt.Sprintf("module %d", seed), generate(seed), &sum)
	}
	t.Logf("generated: %+v", sum)
	if sum.prepared != sum.modules || sum.modules < 400 || sum.grown == 0 || sum.calls < 500 {
		t.Error("the modules are not what they should be")
	}
}

// TestTheWorkedExample is the one of the package comment.
func TestTheWorkedExample(t *testing.T) {
	voids := w.Section(3, w.Vec(w.U32(0), w.U32(0), w.U32(0), w.U32(0)))
	memory, global := w.Section(5, w.Vec(w.Op(0, 1))), w.Section(6, w.Vec(w.Op(0x7f, 1, 0x41, 0, 0x0b)))
	module := w.Module(w.Section(1, w.Vec(w.Func("", ""))), voids, memory, global, w.Section(8, w.U32(3)),
		w.Section(10, w.Vec(w.Body(), w.Body(), w.Body(), w.Body())),
		w.Section(11, w.Vec(w.Join(w.U32(0), w.I32(8), w.Op(0x0b), w.Sized([]byte("hi"))))))
	want := w.Module(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Op(6, 0, 0, 0, 0, 0, 0)), memory, global,
		w.Section(7, w.Vec(w.Join(w.Name("swapline:snapshot/global/0"), w.Op(3, 0)), w.Join(w.Name("swapline:snapshot/fill"), w.Op(0, 5)))),
		w.Section(12, w.U32(1)),
		w.Section(10, w.Vec(w.Body(), w.Body(), w.Body(), w.Body(),
			w.Body(w.I32(8), w.I32(0), w.I32(2), w.Op(0xfc, 8, 0, 0)), w.Body(w.Op(0x10, 4), w.Op(0x10, 3)))),
		w.Section(11, w.Vec(w.Join(w.U32(1), w.Sized([]byte("hi"))))))
	p, err := snapshot.Prepare(module, guard.Limits{})
	if err != nil || p.Fresh != "" || len(p.Globals) != 1 || p.Globals[0] != "swapline:snapshot/global/0" {
		t.Fatalf("%+v, %v", p, err)
	}
	if !bytes.Equal(p.Module, want) {
		t.Errorf("%x\n%x", p.Module, want)
	}
}

// module has a table, a memory, a segment of each kind, a function with the
// code and further globals and exports.
func module(code []byte, globals, exports [][]byte) []byte {
	return w.Module(
		w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0))), w.Section(4, w.Vec(w.Op(0x70, 1, 4, 8))), w.Section(5, w.Vec(w.Op(0, 1))),
		w.Section(6, w.Vec(globals...)), w.Section(7, w.Vec(exports...)),
		w.Section(9, w.Vec(w.Op(1, 0, 1, 0))), w.Section(12, w.U32(1)),
		w.Section(10, w.Vec(w.Body(code))), w.Section(11, w.Vec(w.Join(w.U32(1), w.Sized([]byte("x"))))))
}

// TestStateThatCannotBeBroughtBackNeedsAFreshGuest: such modules stay as they are.
func TestStateThatCannotBeBroughtBackNeedsAFreshGuest(t *testing.T) {
	zeros := w.Join(w.I32(0), w.I32(0), w.I32(0))
	null := w.Op(0xd0, 0x70)
	many := make([][]byte, 1100)
	for i := range many {
		many[i] = w.Op(0x7f, 1, 0x41, 0, 0x0b)
	}
	for name, c := range map[string]struct {
		module []byte
		want   string
	}{
		"nothing special":   {module(nil, nil, nil), ""},
		"table.get":         {module(w.Join(w.I32(0), w.Op(0x25, 0, 0x1a)), nil, nil), ""},
		"memory.fill":       {module(w.Join(zeros, w.Op(0xfc, 11, 0)), nil, nil), ""},
		"memory.copy":       {module(w.Join(zeros, w.Op(0xfc, 10, 0, 0)), nil, nil), ""},
		"table.size":        {module(w.Op(0xfc, 16, 0, 0x1a), nil, nil), ""},
		"table.set":         {module(w.Join(w.I32(0), null, w.Op(0x26, 0)), nil, nil), "it changes tables"},
		"table.grow":        {module(w.Join(null, w.I32(0), w.Op(0xfc, 15, 0, 0x1a)), nil, nil), "it changes tables"},
		"table.fill":        {module(w.Join(w.I32(0), null, w.I32(0), w.Op(0xfc, 17, 0)), nil, nil), "it changes tables"},
		"table.copy":        {module(w.Join(zeros, w.Op(0xfc, 14, 0, 0)), nil, nil), "it changes tables"},
		"table.init":        {module(w.Join(zeros, w.Op(0xfc, 12, 0, 0)), nil, nil), "it changes tables"},
		"elem.drop":         {module(w.Op(0xfc, 13, 0), nil, nil), "it uses segments itself"},
		"data.drop":         {module(w.Op(0xfc, 9, 0), nil, nil), "it uses segments itself"},
		"memory.init":       {module(w.Join(zeros, w.Op(0xfc, 8, 0, 0)), nil, nil), "it uses segments itself"},
		"funcref global":    {module(nil, [][]byte{w.Op(0x70, 1, 0xd0, 0x70, 0x0b)}, nil), "it has a mutable global of type funcref"},
		"externref global":  {module(nil, [][]byte{w.Op(0x6f, 1, 0xd0, 0x6f, 0x0b)}, nil), "it has a mutable global of type externref"},
		"constant funcref":  {module(nil, [][]byte{w.Op(0x70, 0, 0xd2, 0, 0x0b)}, nil), ""},
		"too many globals":  {module(nil, many, nil), "it is too large for what a snapshot adds"},
		"data at no number": {w.Module(w.Section(5, w.Vec(w.Op(0, 1))), w.Section(11, w.Vec(w.Op(0, 0x42, 0, 0x0b, 0)))), "it has a segment of data at no address"},
	} {
		p, err := snapshot.Prepare(c.module, guard.Limits{})
		if err != nil || p.Fresh != c.want {
			t.Errorf("%s: %q, %v, want %q", name, p.Fresh, err, c.want)
		}
		if changed := !bytes.Equal(p.Module, c.module); changed != (c.want == "") {
			t.Errorf("%s: changed: %v", name, changed)
		}
		if c.want != "" && p.Globals != nil {
			t.Errorf("%s: globals %v", name, p.Globals)
		}
	}
}

func TestNamesOfTheHostAreRefused(t *testing.T) {
	for _, name := range []string{snapshot.FillExport, snapshot.GlobalPrefix + "7", "swapline:snapshot/"} {
		_, err := snapshot.Prepare(module(nil, nil, [][]byte{w.Join(w.Name(name), w.Op(0, 0))}), guard.Limits{})
		var p *problem.Error
		if !errors.As(err, &p) || p.Code != problem.WasmMalformed || p.Check != "wasm_snapshot" || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := snapshot.Prepare([]byte("no module"), guard.Limits{}); problem.CodeOf(err) != problem.WasmMalformed {
		t.Error(err)
	}
}

// TestManySegmentsBecomeFew is what makes a Go guest quick to start.
func TestManySegmentsBecomeFew(t *testing.T) {
	var segments [][]byte
	for i := range 20_000 {
		segments = append(segments, w.Join(w.U32(0), w.I32(int32(i*24)), w.Op(0x0b), w.Sized([]byte("0123456789abcdef"))))
	}
	for i := range 2000 {
		segments = append(segments, w.Join(w.U32(0), w.I32(int32(1<<20+i*1000)), w.Op(0x0b), w.Sized([]byte("far"))))
	}
	b := w.Module(w.Section(5, w.Vec(w.Op(0, 48))), w.Section(11, w.Vec(segments...)))
	p, err := snapshot.Prepare(b, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := guard.Parse(p.Module, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if m.DataSegments != 1 || m.Functions != 9 {
		t.Errorf("%d segments, %d functions", m.DataSegments, m.Functions)
	}
	var sum tally
	if newRunner(t).prove(t, "many segments", b, &sum); sum.prepared != 1 {
		t.Errorf("%+v", sum)
	}
}

// FuzzPrepare: what package guard refuses is refused; of what it accepts, the
// copy does the same.
func FuzzPrepare(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(generate(seed))
	}
	f.Add(module(nil, nil, nil))
	f.Add(w.Guest{}.Module())
	r := newRunner(f)
	small := guard.Limits{Bytes: 100_000, Work: 5000, TotalWork: 20_000, Locals: 1000, Pages: 100}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, refused := guard.Parse(b, small)
		p, err := snapshot.Prepare(b, small)
		switch {
		case refused != nil:
			if err == nil {
				t.Fatalf("prepared what guard refuses: %v", refused)
			}
			return
		case err != nil:
			var pe *problem.Error
			if !errors.As(err, &pe) || pe.Check != "wasm_snapshot" || pe.Code == problem.Internal {
				t.Fatalf("guard accepts it, refused with %v", err)
			}
			return
		}
		if again, _ := snapshot.Prepare(b, small); !bytes.Equal(p.Module, again.Module) {
			t.Fatal("two copies differ")
		}
		r.prove(t, "input", b, &tally{})
	})
}
