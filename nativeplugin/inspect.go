package nativeplugin

import (
	"os"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Kind is the manifest's word for releases of this driver.
const Kind manifest.Kind = "native"

// Self is the file of the running executable, also after it was replaced on
// disk.
func Self() string {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// Inspect compares the plugin in path with a host executable; "" is the
// running one. It opens nothing and works in every build. The error is a
// problem of code NativeMalformed, or NativeToolchain if the host could load no
// plugin at all; differences are in the report, see [Report.Err].
func Inspect(path, host string) (Report, error) {
	p, err := ProfileOf(host)
	if err != nil {
		return Report{}, err
	}
	return p.Inspect(path)
}

// readHost reads an executable that loads plugins.
func readHost(path string) (*image, error) {
	im, err := readImage(path)
	if err != nil {
		return nil, problem.New(problem.NativeToolchain, "the host %s cannot load plugins: %w", path, err).In("native_preflight").
			Want("an executable linked with cgo and package plugin").Got("another one").
			Cure("deploy the release as Wasm, or use a host built with CGO_ENABLED=1 on Linux")
	}
	return im, nil
}
