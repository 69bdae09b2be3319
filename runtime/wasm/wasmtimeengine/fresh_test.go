//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
)

func TestFreshCodeIsKeptNowhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	e := opened(t, Config{CacheDir: dir})
	for i, want := range []int{0, 1, 1} {
		m, err := e.Compile(context.Background(), answering(7), wasm.Compile{MemoryPages: 1, Fresh: i != 1})
		if err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadDir(dir)
		if err != nil || len(list) != want {
			t.Errorf("after compilation %d there are %d files, want %d: %v", i, len(list), want, err)
		}
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if m, err := e.Compile(ended, answering(7), wasm.Compile{MemoryPages: 1, Fresh: true}); err == nil {
		t.Errorf("fresh code came from the cache: %v", m.Close(context.Background()))
	}
}
