package main

import (
	"fmt"
	"strings"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// engine is one way to run modules.
type engine struct {
	name string
	// open makes it; machine code may be kept in the folder.
	open func(folder string) (wasm.Engine, error)
}

// engines are all that this program was built with.
func engines() []engine {
	return append([]engine{{wazeroengine.Name, func(folder string) (wasm.Engine, error) {
		return wazeroengine.New(wazeroengine.Config{CacheDir: folder})
	}}}, taggedEngines()...)
}

func engineNames() []string {
	var names []string
	for _, e := range engines() {
		names = append(names, e.name)
	}
	return names
}

func knownEngines(names []string) ([]string, error) {
	for _, name := range names {
		if _, err := engineOf(name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func engineOf(name string) (engine, error) {
	for _, e := range engines() {
		if e.name == name {
			return e, nil
		}
	}
	return engine{}, fmt.Errorf("there is no engine %q in this build, only %s; wasmtime needs the build tag wasmtime",
		name, strings.Join(engineNames(), ", "))
}
