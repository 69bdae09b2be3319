package nativeplugin

import (
	"debug/elf"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

// fitting is a host and a plugin between which nothing differs. The host has
// one plugin loaded.
func fitting() (*resident, *image) {
	host := sample("github.com/swapline/swapline/cmd/swapline", "exe")
	host.info.Main = debug.Module{Path: contractModule, Version: "(devel)"}
	host.info.Deps = []*debug.Module{{Path: "example.com/lib", Version: "v1.0.0", Sum: "h1:a"}}
	host.libraries = []string{"libc.so.6", "libspecial.so"}
	r := newResident(host)
	r.add(withOwn(sample("swapline.release/risk/v1", "plugin"), "v1"), "risk 1.0.0")
	return r, withOwn(sample("swapline.release/risk/v2", "plugin"), "v2")
}

func sample(path, mode string) *image {
	return &image{
		machine: elf.EM_X86_64,
		info: &debug.BuildInfo{
			GoVersion: "go1.26.8", Path: path, Main: debug.Module{Path: path, Version: "(devel)"},
			Deps: []*debug.Module{
				{Path: contractModule, Version: "(devel)"},
				{Path: "example.com/lib", Version: "v1.0.0", Sum: "h1:a"},
			},
			Settings: []debug.BuildSetting{{Key: "-buildmode", Value: mode}, {Key: "-trimpath", Value: "true"}, {Key: "GOAMD64", Value: "v2"}},
		},
		fingerprints: map[string]string{"runtime": "r", contractModule + "/abi": "c", "example.com/lib/sub": "l"},
		data:         map[string]uint64{"runtime.x": 8, "runtime.islibrary": 1},
		functions:    map[string]bool{path + ".NewStrategy": true},
		libraries:    []string{"libc.so.6"},
		initArray:    16,
	}
}

// withOwn gives a plugin a package and a module that the host lacks.
func withOwn(p *image, version string) *image {
	p.fingerprints[p.info.Path] = version
	p.fingerprints["example.com/own"] = "o"
	p.data["example.com/own.table"] = 64
	p.info.Deps = append(p.info.Deps, &debug.Module{Path: "example.com/own", Version: "v1.0.0", Sum: "h1:o"})
	return p
}

func set(p *image, key, value string) {
	p.info.Settings = slices.DeleteFunc(p.info.Settings, func(s debug.BuildSetting) bool { return s.Key == key })
	p.info.Settings = append(p.info.Settings, debug.BuildSetting{Key: key, Value: value})
}

func TestAFittingPluginHasNoDifference(t *testing.T) {
	r, p := fitting()
	report := r.preflight(p)
	if len(report.Differences) != 0 || report.Err() != nil {
		t.Fatalf("differences %+v", report.Differences)
	}
	if report.Packages != 5 || report.Shared != 4 {
		t.Errorf("%d packages, %d shared", report.Packages, report.Shared)
	}
}

func TestEveryDifferenceIsNamedWithItsCure(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(p *image)
		code   problem.Code
	}{
		{"Go toolchain", func(p *image) { p.info.GoVersion = "go1.26.7" }, problem.NativeToolchain},
		{"Go toolchain", func(p *image) { p.info.GoVersion = "go1.26.8-X:jsonv2" }, problem.NativeToolchain},
		{"GOARCH", func(p *image) { set(p, "GOARCH", "arm64") }, problem.NativeToolchain},
		{"GOEXPERIMENT", func(p *image) { set(p, "GOEXPERIMENT", "jsonv2") }, problem.NativeToolchain},
		{"-trimpath", func(p *image) { set(p, "-trimpath", "") }, problem.NativeToolchain},
		{"-race", func(p *image) { set(p, "-race", "true") }, problem.NativeToolchain},
		{"-msan", func(p *image) { set(p, "-msan", "true") }, problem.NativeToolchain},
		{"-asan", func(p *image) { set(p, "-asan", "true") }, problem.NativeToolchain},
		{"-cover", func(p *image) { set(p, "-cover", "true") }, problem.NativeToolchain},
		{"-tags", func(p *image) { set(p, "-tags", "netgo") }, problem.NativeToolchain},
		{"-gcflags", func(p *image) { set(p, "-gcflags", "all=-N") }, problem.NativeToolchain},
		{"CGO_ENABLED", func(p *image) { set(p, "CGO_ENABLED", "1") }, problem.NativeToolchain},
		{"GOAMD64", func(p *image) { set(p, "GOAMD64", "v3") }, problem.NativeToolchain},
		{"machine", func(p *image) { p.machine = elf.EM_AARCH64 }, problem.NativeToolchain},
		{"build mode", func(p *image) { set(p, "-buildmode", "c-shared") }, problem.NativeMalformed},
		{"constructors", func(p *image) { p.initArray = 24 }, problem.NativeMalformed},
		{"constructors", func(p *image) { p.preinitArray = true }, problem.NativeMalformed},
		{"library libevil.so", func(p *image) { p.libraries = append(p.libraries, "libevil.so") }, problem.NativeDependency},
		{"symbol NewStrategy", func(p *image) { clear(p.functions) }, problem.NativeSymbol},
		{"import path swapline.release/risk/v1", func(p *image) { p.info.Path = "swapline.release/risk/v1" }, problem.NativeConflict},
		{"package runtime", func(p *image) { p.fingerprints["runtime"] = "other" }, problem.NativeDependency},
		{"package example.com/own", func(p *image) { p.fingerprints["example.com/own"] = "other" }, problem.NativeConflict},
		{"size of runtime.x", func(p *image) { p.data["runtime.x"] = 16 }, problem.NativeLayout},
		{"size of example.com/own.table", func(p *image) { p.data["example.com/own.table"] = 128 }, problem.NativeLayout},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Version = "v1.0.1" }, problem.NativeDependency},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Sum = "h1:b" }, problem.NativeDependency},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Sum = "" }, problem.NativeDependency},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Replace = &debug.Module{Path: "../lib"} }, problem.NativeDependency},
		{"module example.com/own", func(p *image) { p.info.Deps[2].Version = "v2.0.0" }, problem.NativeDependency},
		{"module " + contractModule, func(p *image) { p.info.Deps[0].Sum = "h1:x" }, problem.NativeDependency},
		{"module " + contractModule, func(p *image) { p.info.Deps[0].Replace = &debug.Module{Path: "../copy"} }, problem.NativeDependency},
	} {
		t.Run(c.what, func(t *testing.T) {
			r, p := fitting()
			c.change(p)
			list := r.preflight(p).Refusals()
			if len(list) == 0 || list[0].What != c.what || list[0].Code != c.code || list[0].Cure == "" || list[0].Host == list[0].Plugin {
				t.Fatalf("refusals %+v, want %s with %s", list, c.what, c.code)
			}
		})
	}
}

func TestThePartOfTheHostThatIsNotTheContractIsNotShared(t *testing.T) {
	r, p := fitting()
	r.fingerprints[contractModule+"/runtime"] = owned[string]{"same", hostName}
	p.fingerprints[contractModule+"/runtime"] = "same"
	list := r.preflight(p).Refusals()
	if len(list) != 1 || list[0].What != "package "+contractModule+"/runtime" || list[0].Code != problem.NativeDependency {
		t.Fatalf("refusals %+v", list)
	}
}

func TestHarmlessDifferencesRefuseNothing(t *testing.T) {
	for severity, change := range map[Severity]func(p *image){
		Harmless:  func(p *image) { set(p, "GOAMD64", "v1") },
		Dangerous: func(p *image) { set(p, "-gcflags", "-N -l") },
	} {
		r, p := fitting()
		change(p)
		report := r.preflight(p)
		if report.Err() != nil || len(report.Differences) != 1 || report.Differences[0].Severity != severity {
			t.Errorf("%s: %+v", severity, report.Differences)
		}
	}
}

func TestUnsharedModulesMayDiffer(t *testing.T) {
	r, p := fitting()
	delete(p.fingerprints, "example.com/lib/sub")
	p.info.Deps[1].Version = "v9.0.0"
	if err := r.preflight(p).Err(); err != nil {
		t.Error(err)
	}
}

func TestLibrariesOfTheHostAreAllowed(t *testing.T) {
	r, p := fitting()
	p.libraries = []string{"libspecial.so", "libpthread.so.0", "ld-linux-x86-64.so.2"}
	if err := r.preflight(p).Err(); err != nil {
		t.Error(err)
	}
}

func TestTheToolchainExplainsAllOtherDifferences(t *testing.T) {
	r, p := fitting()
	p.data["runtime.x"] = 16
	for pkg := range maps.Keys(p.fingerprints) {
		p.fingerprints[pkg] = "other"
	}
	p.info.GoVersion = "go1.26.7"
	report := r.preflight(p)
	err := report.Err()
	if problem.CodeOf(err) != problem.NativeToolchain {
		t.Errorf("got %v", err)
	}
	for _, w := range []string{"go1.26.8", "go1.26.7", "package runtime", "size of runtime.x"} {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("no %q in %v", w, err)
		}
	}
	var table strings.Builder
	if _, err := report.WriteTo(&table); err != nil || strings.Count(table.String(), "\n") != len(report.Differences)+1 {
		t.Errorf("%v, table\n%s", err, table.String())
	}
}
