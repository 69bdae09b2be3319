package wazeroengine_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

func TestFreshCodeIsKeptNowhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	e, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	module := w.Module(w.Section(1, w.Vec(w.Func("", "i"))), w.Section(3, w.Vec(w.U32(0))), w.Section(10, w.Vec(w.Body(w.I32(7)))))
	for i, c := range []struct {
		fresh bool
		files int
	}{{true, 0}, {false, 1}, {true, 1}} {
		m, err := e.Compile(ctx, module, wasm.Compile{MemoryPages: 1, Fresh: c.fresh})
		if err != nil {
			t.Fatal(err)
		}
		if n := files(t, dir); n != c.files {
			t.Errorf("after compilation %d there are %d files, want %d", i, n, c.files)
		}
		if err := m.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	ended, end := context.WithCancel(ctx)
	end()
	if m, err := e.Compile(ended, module, wasm.Compile{MemoryPages: 1, Fresh: true}); err == nil {
		t.Errorf("fresh code came from a cache: %v", m.Close(ctx))
	}
	if err := e.Close(ctx); err != nil {
		t.Error(err)
	}
}

func files(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
