package main

import (
	"runtime/debug"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/compiler"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// compileModule is the hidden first argument with which the server starts itself
// as the process that compiles one module.
const compileModule = "compile-module"

// compiled lists all engines that this binary may have, the default one first,
// as processes that compile for the server open them.
func compiled() []compiler.Source {
	return []compiler.Source{
		{
			Name: wazeroengine.Name, Version: versionOf("github.com/tetratelabs/wazero"),
			Open: func(dir string) (wasm.Engine, error) {
				return wazeroengine.New(wazeroengine.Config{CacheDir: dir})
			},
		},
		{
			Name: wasmtimeengine.Name, Version: versionOf("github.com/bytecodealliance/wasmtime-go/v39"),
			Open: func(dir string) (wasm.Engine, error) {
				return wasmtimeengine.New(wasmtimeengine.Config{CacheDir: dir})
			},
		},
	}
}

// versionOf is the version of a module in this binary.
func versionOf(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == path && m.Replace != nil {
			return m.Replace.Path + "@" + m.Replace.Version
		}
		if m.Path == path {
			return m.Version
		}
	}
	return ""
}
