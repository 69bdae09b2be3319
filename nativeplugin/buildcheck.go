package nativeplugin

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// compareFile holds the file to what a plugin of swapline build looks like.
func (r *resident) compareFile(p *image) []Difference {
	var list []Difference
	refuse := func(what, host, plugin, cure string, code problem.Code) {
		list = append(list, Difference{What: what, Host: host, Plugin: plugin, Severity: Refused, Code: code, Cure: cure})
	}
	if mode := setting(p.info, "-buildmode"); mode != "plugin" {
		refuse("build mode", "plugin", mode, "build with swapline build --kind native", problem.NativeMalformed)
	}
	if p.machine != r.host.machine {
		refuse("machine", r.host.machine.String(), p.machine.String(), "build for the machine of the host", problem.NativeToolchain)
	}
	if p.initArray > maxInitArray || p.preinitArray {
		refuse("constructors", fmt.Sprintf("%d bytes at most", maxInitArray), fmt.Sprintf("%d bytes", p.initArray),
			"remove C constructors: they run before anything can be checked", problem.NativeMalformed)
	}
	for _, library := range p.libraries {
		if !slices.Contains(r.host.libraries, library) && !systemLibrary(library) {
			refuse("library "+library, "not loaded", "needed",
				"remove the C library, or build the strategy with --kind wasm", problem.NativeDependency)
		}
	}
	if !p.hasConstructor() {
		refuse("symbol NewStrategy", "func NewStrategy(abi.Host) (abi.Strategy, error)", "missing",
			"export the constructor from the main package", problem.NativeSymbol)
	}
	return list
}

// maxInitArray is what the linker itself puts into a plugin: Go's start and
// the C runtime's.
const maxInitArray = 16

// systemLibrary reports whether a library is part of the C library.
func systemLibrary(name string) bool {
	switch name {
	case "libc.so.6", "libpthread.so.0", "libdl.so.2", "libm.so.6", "libresolv.so.2", "librt.so.1":
		return true
	}
	return strings.HasPrefix(name, "ld-linux-")
}

// hasConstructor looks for NewStrategy as a function or a variable of the main
// package. Package plugin writes dots of the last path element as %2e.
func (im *image) hasConstructor() bool {
	dir, last := filepath.Split(im.info.Path)
	name := dir + strings.ReplaceAll(last, ".", "%2e") + constructorSuffix
	_, isVariable := im.data[name]
	return isVariable || im.functions[name] || im.info.Path == "command-line-arguments"
}

// buildKeys are the settings that change the code of packages. The rest, such
// as -ldflags and version control, is not compared.
func buildKeys() []string {
	return []string{"-compiler", "GOOS", "GOARCH", "GOEXPERIMENT", "CGO_ENABLED",
		"-trimpath", "-race", "-msan", "-asan", "-cover", "-tags", "-gcflags", "-asmflags",
		"GOAMD64", "GOARM64", "GOFIPS140"}
}

// compareBuild compares what the linker wrote about toolchain and flags.
func (r *resident) compareBuild(p *image) []Difference {
	var list []Difference
	if have := r.host.info.GoVersion; p.info.GoVersion != have {
		list = append(list, Difference{
			What: "Go toolchain", Host: have, Plugin: p.info.GoVersion, Severity: Refused, Code: problem.NativeToolchain,
			Cure: "build the plugin with " + have + ", or with swapline build of this very host",
		})
	}
	for _, key := range buildKeys() {
		if d, differs := compareSetting(key, setting(r.host.info, key), setting(p.info, key)); differs {
			list = append(list, d)
		}
	}
	return list
}

func compareSetting(key, host, plugin string) (Difference, bool) {
	d := Difference{
		What: key, Host: orUnset(host), Plugin: orUnset(plugin), Severity: Refused, Code: problem.NativeToolchain,
		Cure: fmt.Sprintf("build the plugin with %s as the host (%s), or with swapline build of this very host", key, orUnset(host)),
	}
	switch {
	case host == plugin:
		return d, false
	case key == "GOAMD64" && plugin < host:
		d.Severity, d.Cure = Harmless, ""
	case key == "-gcflags" && !strings.Contains(host+plugin, "="):
		// Without a pattern the flags are those of the main package only.
		d.Severity, d.Cure = Dangerous, ""
	}
	return d, true
}

func orUnset(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
