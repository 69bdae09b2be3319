package main

import (
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/wasm/compiler"
)

// nativeProbe is the hidden first argument with which the server starts itself
// as the throw-away process that opens a plugin first.
const nativeProbe = "native-probe"

// nativeWorker is the one for worker processes, which serve releases of isolation
// "process".
const nativeWorker = "native-worker"

// runChild runs the process's hidden roles and reports whether args ask for one.
// It comes before everything else: a child must not read flags or folders.
func runChild(args []string) (code int, ok bool) {
	if len(args) != 1 {
		return 0, false
	}
	switch args[0] {
	case nativeProbe:
		return nativeplugin.ProbeMain(), true
	case nativeWorker:
		return nativeplugin.WorkerMain(), true
	case compileModule:
		return compiler.Main(compiled()), true
	}
	return 0, false
}
