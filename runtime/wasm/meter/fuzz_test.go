package meter_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// FuzzRewrite: what package guard refuses is refused; of what it accepts, the
// copy is accepted too, and compiles if and only if the module does.
func FuzzRewrite(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(generate(seed))
	}
	for _, m := range hostile() {
		if len(m) < 2000 {
			f.Add(m)
		}
	}
	r := wazero.NewRuntimeWithConfig(context.Background(), engines()["compiler"])
	f.Cleanup(func() { _ = r.Close(context.Background()) })
	small := guard.Limits{Bytes: 100_000, Work: 5000, TotalWork: 20_000, Locals: 1000, Pages: 100}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, refused := guard.Parse(b, small)
		out, err := meter.Rewrite(b, small)
		if err != nil {
			checkRefusal(t, refused, err)
			return
		}
		if refused != nil {
			t.Fatalf("rewrote what guard refuses: %v", refused)
		}
		if again, _ := meter.Rewrite(b, small); !bytes.Equal(out, again) {
			t.Fatal("two copies differ")
		}
		before, after := compiles(r, b), compiles(r, out)
		if (before == nil) != (after == nil) {
			t.Fatalf("the module compiles with %v, its copy with %v", before, after)
		}
	})
}

func checkRefusal(t *testing.T, refused, err error) {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != problem.WasmMalformed && p.Code != problem.WasmTooLarge {
		t.Fatalf("refused without a code: %v", err)
	}
	if refused == nil && p.Check != "wasm_meter" {
		t.Fatalf("guard accepts it, refused with %v", err)
	}
}

func compiles(r wazero.Runtime, b []byte) error {
	m, err := r.CompileModule(context.Background(), b)
	if err == nil {
		_ = m.Close(context.Background())
	}
	return err
}
