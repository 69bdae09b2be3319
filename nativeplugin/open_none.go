//go:build !linux || !cgo

package nativeplugin

import "github.com/swapline/swapline/runtime/problem"

// supported reports whether this build can open plugins.
func supported() error {
	return problem.New(problem.NativeToolchain, "this build of the host cannot open Go plugins").
		Want("linux with CGO_ENABLED=1").Got("a build without it").
		Cure("deploy the release as Wasm, or use a host built with CGO_ENABLED=1 on Linux")
}

// openSymbol refuses.
func openSymbol(string) (any, error) { return nil, supported() }
