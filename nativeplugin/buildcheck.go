package nativeplugin

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// cureBuild is the command that takes everything over from the running host.
const cureBuild = "swapline build --kind native --host host FOLDER"

// modePlugin is the build mode of plugins.
const modePlugin = "plugin"

// compareFile holds the file to what a plugin of swapline build looks like.
func (c *comparison) compareFile() []Difference {
	var list []Difference
	add := func(what, host, plugin, cure string, s Severity, code problem.Code) {
		list = append(list, Difference{What: what, Host: host, Plugin: plugin, Severity: s, Code: code, Cure: cure})
	}
	p := c.plugin
	if mode := p.mode(); mode != modePlugin {
		add("build mode", modePlugin, orUnset(mode), cureBuild, Fails, problem.NativeMalformed)
	}
	if machine := p.machine.String(); machine != c.profile.Machine {
		add("machine", c.profile.Machine, machine, cureBuild+" on a machine like the host's", Fails, problem.NativeToolchain)
	}
	if p.initArray > maxInitArray || p.preinitArray {
		add("constructors", fmt.Sprintf("%d bytes at most", maxInitArray), fmt.Sprintf("%d bytes", p.initArray),
			"remove C constructors: they run before anything can be checked", Dangerous, problem.NativeMalformed)
	}
	if !p.hasConstructor() {
		add("symbol "+abi.ConstructorSymbol, "func NewStrategy(abi.Host) (abi.Strategy, error)", "missing",
			"export the constructor from the main package", Dangerous, problem.NativeSymbol)
	}
	return list
}

// maxInitArray is what the linker itself puts into a plugin: Go's start and
// the C runtime's.
const maxInitArray = 16

// constructorSuffix ends the symbol name of every possible constructor.
const constructorSuffix = "." + abi.ConstructorSymbol

// hasConstructor looks for NewStrategy as a function or a variable of the main
// package.
func (im *image) hasConstructor() bool {
	path, own := im.pluginPath()
	if !own {
		path = im.info.Path
	}
	name := mainSymbol(path, abi.ConstructorSymbol)
	_, isVariable := im.data[name]
	return isVariable || im.functions[name]
}

// pluginPath is how package plugin knows the plugin: by its import path or, when
// it was built from files, by a digest of them. It is not its own when somebody
// chose it for the linker, which then looks for symbols where there are none.
func (im *image) pluginPath() (path string, own bool) {
	if _, ok := im.fingerprints[im.info.Path]; ok {
		return im.info.Path, true
	}
	for pkg := range im.fingerprints {
		if strings.HasPrefix(pkg, "plugin/unnamed-") {
			return pkg, true
		}
	}
	return im.info.Path, false
}

func (im *image) mode() string { return setting(im.info, "-buildmode") }

// compareBuild compares what the linker wrote about toolchain and flags.
func (c *comparison) compareBuild() []Difference {
	var list []Difference
	host, p := c.profile.Build, c.plugin.info
	if host.GoVersion != p.GoVersion {
		list = append(list, Difference{
			What: "Go toolchain", Host: host.GoVersion, Plugin: p.GoVersion,
			Severity: failsIf(c.foreignToHost()), Code: problem.NativeToolchain, Cure: cureBuild + ", which fetches the host's toolchain",
		})
	}
	for _, key := range settingKeys(host, p) {
		if x, y := setting(host, key), setting(p, key); x != y {
			list = append(list, c.compareSetting(key, x, y))
		}
	}
	return list
}

// codeKeys are the settings that change the code of packages, in the order in
// which reports name them.
func codeKeys() []string {
	return []string{"-compiler", "GOOS", "GOARCH", "GOEXPERIMENT", "CGO_ENABLED",
		"-trimpath", "-race", "-msan", "-asan", "-cover", "-tags", "-gcflags", "-asmflags",
		"GOAMD64", "GOARM64", "GOFIPS140"}
}

// settingKeys are all settings of both builds that say more about a file than
// who made it from which commit.
func settingKeys(host, plugin *debug.BuildInfo) []string {
	rest := map[string]bool{}
	for _, s := range slices.Concat(host.Settings, plugin.Settings) {
		untold := s.Key == "-buildmode" || s.Key == "vcs" || strings.HasPrefix(s.Key, "vcs.")
		if !untold && !slices.Contains(codeKeys(), s.Key) {
			rest[s.Key] = true
		}
	}
	return append(codeKeys(), slices.Sorted(maps.Keys(rest))...)
}

// compareSetting says what a setting that differs means.
func (c *comparison) compareSetting(key, host, plugin string) Difference {
	d := Difference{What: key, Host: orUnset(host), Plugin: orUnset(plugin), Code: problem.NativeToolchain}
	code := slices.Contains(codeKeys(), key)
	switch {
	case key == "GOAMD64" && plugin < host, mainOnly(key, host) && mainOnly(key, plugin):
		d.Severity = Harmless
	case key == "GOAMD64":
		// Nothing fails before an instruction that the host's machine may lack.
		d.Severity = Dangerous
	case code:
		d.Severity = failsIf(c.foreignToHost())
	case key == "-pgo" && c.foreignToHost():
		d.Severity = Fails
	default:
		d.Severity = Harmless
	}
	if d.Severity != Harmless {
		d.Cure = fmt.Sprintf("%s; or build with %s as the host: %s", cureBuild, key, orUnset(host))
	}
	return d
}

// mainOnly reports whether flags without a pattern touch the main package only,
// which is never shared.
func mainOnly(key, flags string) bool {
	return (key == "-gcflags" || key == "-asmflags") && (flags == "" || strings.HasPrefix(flags, "-"))
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
