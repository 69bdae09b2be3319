//go:build !wasmtime

package wasm_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// engine is the one that the tests of this build run on.
func engine(tb testing.TB, dir string) (string, wasm.Engine) {
	tb.Helper()
	e, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	return wazeroengine.Name, e
}
