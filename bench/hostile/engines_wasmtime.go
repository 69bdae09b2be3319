//go:build wasmtime

package main

import (
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
)

// taggedEngines are those that need a build tag.
func taggedEngines() []engine {
	return []engine{{wasmtimeengine.Name, func(folder string) (wasm.Engine, error) {
		return wasmtimeengine.New(wasmtimeengine.Config{CacheDir: folder})
	}}}
}
