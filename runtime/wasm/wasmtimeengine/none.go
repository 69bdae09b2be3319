//go:build !wasmtime || !cgo || !linux || !amd64

package wasmtimeengine

import (
	"runtime"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
)

// New refuses.
func New(Config) (wasm.Engine, error) {
	p := problem.New(problem.EngineUnknown, "this build of the host has no engine %q", Name).In("engine").
		Want("linux/amd64 with cgo and -tags wasmtime").Got("%s/%s without them", runtime.GOOS, runtime.GOARCH)
	if runtime.GOARCH == "arm64" {
		return nil, p.Cure("use another engine: wasmtime %s has a known escape from the sandbox on arm64", Version)
	}
	return nil, p.Cure("leave the engine out to take the default, or use a host built with CGO_ENABLED=1 go build -tags wasmtime")
}
