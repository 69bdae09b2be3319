package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// specOf makes a release of a module whose guests remember, so that a test sees
// which of them served it.
func specOf(t testing.TB, module []byte) driver.Spec {
	t.Helper()
	spec := w.Spec(t, module)
	spec.Manifest.Isolation = manifest.IsolationInstance
	return spec
}

// closed closes the driver at the end of the test.
func closed(t testing.TB, d driver.Driver) driver.Driver {
	t.Cleanup(func() {
		if err := d.Close(context.Background()); err != nil {
			t.Errorf("close of the driver: %v", err)
		}
	})
	return d
}

func load(t testing.TB, spec driver.Spec) driver.Instance {
	t.Helper()
	return w.Load(t, open(t, ""), spec)
}

func faultCode(err error) problem.Code {
	var f *driver.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

// liar is a guest whose modes break the convention.
func liar() w.Guest {
	g := w.Guest{Data: [][]byte{
		{0, 0xff},
		append([]byte{0}, bytes.Repeat([]byte{0x81}, 900)...),
		w.Encoded(abi.StatusOK, int64(1)),
		w.Encoded(9, nil),
		w.Encoded(abi.StatusRejected, map[string]any{}),
		w.Encoded(abi.StatusFault, int64(1)),
		w.Encoded(abi.StatusInvalid, "made of glue"),
		w.Encoded(abi.StatusRejected, map[string]any{"code": "no", "message": "not today", "details": nil}),
		w.Encoded(abi.StatusRejected, map[string]any{"code": "no", "message": "not today", "details": int64(1)}),
		{0, 0xa2, 0x61, 'b', 0, 0x61, 'a', 0},
		{0, 0xbf, 0xff},
		{0, 0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0},
	}}
	answers := func() (bodies [][]byte) {
		for i := range g.Data {
			bodies = append(bodies, g.Answer(i))
		}
		return bodies
	}()
	g.Modes = append(answers,
		w.Op(0x00),
		w.Return(0xfffffff0, 0x20),
		w.Return(1024, 1<<32-1),
		w.Return(1024, 0),
		w.Op(0x03, 0x40, 0x0c, 0, 0x0b),
		w.Join(w.Op(0x03, 0x40), w.I32(1), w.Op(0x40, 0), w.I32(-1), w.Op(0x47, 0x0d, 0, 0x0b, 0x00)),
		w.Join(w.I32(1), w.I32(0), w.Op(0x6d, 0x1a)),
		w.Log(0, -1, 100),
		w.Log(0, 0, 4),
		w.Exit(7),
		w.Join(w.I32(-4), w.Op(0x28, 2, 0, 0x1a)),
	)
	return g
}

// TestHostileGuests runs each mode and then asks for the count of calls: a
// fault must not be remembered, a business error must.
func TestHostileGuests(t *testing.T) {
	in := load(t, specOf(t, liar().Module()))
	cases := []struct {
		name string
		want problem.Code
	}{
		{"broken CBOR", problem.FaultABI},
		{"deep CBOR", problem.FaultABI},
		{"result is no map", problem.FaultABI},
		{"unknown status", problem.FaultABI},
		{"rejection without code", problem.FaultABI},
		{"fault without text", problem.FaultABI},
		{"invalid answer", problem.FaultABI},
		{"proper rejection", ""},
		{"details are no map", problem.FaultABI},
		{"keys out of order", problem.FaultABI},
		{"indefinite length", problem.FaultABI},
		{"not a number", problem.FaultABI},
		{"unreachable", problem.FaultTrap},
		{"pointer plus length wraps", problem.FaultABI},
		{"length of 4 GiB", problem.FaultABI},
		{"length of nothing", problem.FaultABI},
		{"spin", problem.FaultDeadline},
		{"grow", problem.FaultMemory},
		{"division by zero", problem.FaultTrap},
		{"log outside of the memory", problem.FaultABI},
		{"log of garbage", problem.FaultABI},
		{"exit", problem.FaultTrap},
		{"load outside of the memory", problem.FaultTrap},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before, limit := calls(t, in), time.Minute
			if c.want == problem.FaultDeadline {
				limit = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			out, err := in.Execute(ctx, map[string]any{"mode": int64(i + 1)})
			if out != nil || err == nil || faultCode(err) != c.want {
				t.Fatalf("Execute = %v, %v; want fault %q", out, err, c.want)
			}
			want := int64(1)
			if c.want == "" {
				want = before + 2
			}
			if got := calls(t, in); got != want {
				t.Errorf("the next call is call %d of its guest, want %d", got, want)
			}
		})
	}
	if s := in.(driver.Reporter).Stats(); s.Instances != 1 || s.InUse != 0 || s.MemoryBytes == 0 {
		t.Errorf("after all faults there is %+v, want one idle guest", s)
	}
}

// calls asks the guest which of its calls this is.
func calls(t testing.TB, in driver.Instance) int64 {
	t.Helper()
	out, err := in.Execute(context.Background(), map[string]any{"mode": int64(0)})
	n, ok := out["calls"].(int64)
	if err != nil || !ok {
		t.Fatalf("Execute = %v, %v; want calls", out, err)
	}
	return n
}

func TestRejectionIsABusinessError(t *testing.T) {
	in := load(t, specOf(t, liar().Module()))
	_, err := in.Execute(context.Background(), map[string]any{"mode": int64(8)})
	var b *abi.Error
	if !errors.As(err, &b) || b.Code != "no" || b.Message != "not today" || b.Details != nil {
		t.Fatalf("err = %#v", err)
	}
}

func TestCanceledCallerIsNoFault(t *testing.T) {
	in := load(t, specOf(t, liar().Module()))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := in.Execute(ctx, map[string]any{"mode": int64(17)})
	if problem.CodeOf(err) != problem.Canceled {
		t.Fatalf("err = %v, want %s", err, problem.Canceled)
	}
	if got := calls(t, in); got != 1 {
		t.Errorf("the next call is call %d of its guest, want a fresh one", got)
	}
}

func TestInputOutsideOfTheDomainLeavesTheGuest(t *testing.T) {
	in := load(t, specOf(t, liar().Module()))
	first := calls(t, in)
	if _, err := in.Execute(context.Background(), map[string]any{"x": make(chan int)}); problem.CodeOf(err) != problem.ValueDomain {
		t.Fatalf("err = %v, want %s", err, problem.ValueDomain)
	}
	if got := calls(t, in); got != first+1 {
		t.Errorf("the next call is call %d of its guest, want %d", got, first+1)
	}
}

func TestAllocatorIsNotTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		alloc []byte
		want  problem.Code
	}{
		"null":                {w.I32(0), problem.FaultMemory},
		"outside":             {w.I32(-1), problem.FaultABI},
		"last byte":           {w.I32(2*65536 - 1), problem.FaultABI},
		"trap":                {w.Op(0x00), problem.FaultTrap},
		"exit with no reason": {w.Join(w.Exit(0), w.I32(0)), problem.FaultTrap},
	} {
		t.Run(name, func(t *testing.T) {
			d := closed(t, open(t, ""))
			_, err := d.Load(context.Background(), specOf(t, w.Guest{Alloc: c.alloc}.Module()))
			if problem.CodeOf(err) != problem.ConstructorFailed || faultCode(err) != c.want {
				t.Fatalf("err = %v, want %s of %s", err, problem.ConstructorFailed, c.want)
			}
		})
	}
}

func TestRefusedAtLoad(t *testing.T) {
	spin := w.Op(0x03, 0x40, 0x0c, 0, 0x0b)
	cases := map[string]struct {
		module []byte
		want   problem.Code
	}{
		"not wasm":                {[]byte("hello"), problem.WasmMalformed},
		"truncated":               {w.Guest{}.Module()[:100], problem.WasmMalformed},
		"bomb":                    {w.Module(w.Section(2, w.U32(1<<32-1))), problem.WasmTooLarge},
		"type error":              {w.Guest{Execute: w.I32(1)}.Module(), problem.WasmCompile},
		"abi version":             {w.Guest{Version: 99}.Module(), problem.ABIVersionMismatch},
		"no execute":              {w.Guest{Drop: abi.ExportExecute}.Module(), problem.WasmExportMissing},
		"no alloc":                {w.Guest{Drop: abi.ExportAlloc}.Module(), problem.WasmExportMissing},
		"no memory":               {w.Guest{Drop: abi.ExportMemory}.Module(), problem.WasmExportMissing},
		"execute of another type": {w.Guest{Retype: abi.ExportExecute}.Module(), problem.WasmExportType},
		"unknown import":          {w.Guest{Import: [2]string{"env", "steal"}}.Module(), problem.WasmImportUnknown},
		"import of another type":  {w.Guest{Import: [2]string{abi.ImportModule, abi.ImportNow}}.Module(), problem.WasmImportUnknown},
		"start function traps":    {w.Guest{Start: w.Op(0x00)}.Module(), problem.WasmStart},
		"start function exits":    {w.Guest{Start: w.Exit(0)}.Module(), problem.WasmStart},
		"start function spins":    {w.Guest{Start: spin}.Module(), problem.WasmStart},
		"init spins":              {w.Guest{Init: w.Join(spin, w.I64(0))}.Module(), problem.ConstructorFailed},
		"init answers nothing":    {w.Guest{Init: w.I64(0)}.Module(), problem.ConstructorFailed},
		"init lists no methods":   {answering(w.Encoded(0, map[string]any{})), problem.FaultABI},
		"init lists odd methods":  {answering(w.Encoded(0, map[string]any{"methods": []any{"Fly"}})), problem.FaultABI},
		"init lists Validate":     {answering(w.Encoded(0, map[string]any{"methods": []any{"Execute", "Validate"}})), problem.WasmExportMissing},
		"init rejects":            {answering(w.Encoded(1, map[string]any{"code": "bad_config", "message": "no"})), problem.ConstructorFailed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e, err := wazeroengine.New(wazeroengine.Config{})
			if err != nil {
				t.Fatal(err)
			}
			limit := time.Minute
			if strings.HasSuffix(name, "spins") {
				limit = 300 * time.Millisecond
			}
			d := closed(t, wasm.New(wasm.Config{Engines: map[string]wasm.Engine{"wazero": e}, DefaultEngine: "wazero", StartTimeout: limit}))
			_, err = d.Load(context.Background(), specOf(t, c.module))
			if problem.CodeOf(err) != c.want {
				t.Fatalf("err = %v, want %s", err, c.want)
			}
			var p *problem.Error
			if !errors.As(err, &p) || p.Remedy == "" || p.Check == "" {
				t.Errorf("%v names no check or no remedy", err)
			}
		})
	}
}

func answering(init []byte) []byte {
	g := w.Guest{Data: [][]byte{init}}
	g.Init = g.Answer(0)
	return g.Module()
}

func TestRefusedByManifest(t *testing.T) {
	module := w.Guest{}.Module()
	cases := map[string]struct {
		change func(*manifest.Manifest)
		want   problem.Code
	}{
		"digest":             {func(m *manifest.Manifest) { m.Artifact.SHA256 = manifest.DigestOf([32]byte{}) }, problem.DigestMismatch},
		"engine":             {func(m *manifest.Manifest) { m.Engine = "v8" }, problem.EngineUnknown},
		"a process":          {func(m *manifest.Manifest) { m.Isolation = manifest.IsolationProcess }, problem.ManifestMalformed},
		"too little memory":  {func(m *manifest.Manifest) { m.Limits.MemoryBytes = 65536 }, problem.WasmTooLarge},
		"more than the host": {func(m *manifest.Manifest) { m.Limits.MemoryBytes = 8 << 30 }, problem.WasmTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			spec := specOf(t, module)
			c.change(spec.Manifest)
			_, err := closed(t, open(t, "")).Load(context.Background(), spec)
			if problem.CodeOf(err) != c.want {
				t.Fatalf("err = %v, want %s", err, c.want)
			}
		})
	}
}
