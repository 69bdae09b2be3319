package main

import "github.com/swapline/swapline/nativeplugin"

// nativeProbe is the hidden first argument with which the server starts itself
// as the throw-away process that opens a plugin first.
const nativeProbe = "native-probe"

// runChild runs the process's hidden roles and reports whether args ask for one.
// It comes before everything else: a probe must not read flags or folders.
func runChild(args []string) (code int, ok bool) {
	if len(args) != 1 || args[0] != nativeProbe {
		return 0, false
	}
	return nativeplugin.ProbeMain(), true
}
