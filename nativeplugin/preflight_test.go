package nativeplugin

import (
	"debug/elf"
	"errors"
	"fmt"
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
	profile := profileOf(host)
	profile.Contract = "sha256:contract"
	r := newResident(profile)
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
		recipe:       &Recipe{Contract: "sha256:contract"},
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
		{"import path swapline.release/risk/v1", func(p *image) {
			p.info.Path, p.fingerprints["swapline.release/risk/v1"] = "swapline.release/risk/v1", "v1"
			p.functions["swapline.release/risk/v1.NewStrategy"] = true
		}, problem.NativeConflict},
		{"plugin path", func(p *image) { delete(p.fingerprints, p.info.Path) }, problem.NativeConflict},
		{"library path", func(p *image) { p.libraryPath = "$ORIGIN" }, problem.NativeDependency},
		{"library libasan.so.8", func(p *image) { p.libraries = append(p.libraries, "libasan.so.8") }, problem.NativeDependency},
		{"-asmflags", func(p *image) { set(p, "-asmflags", "all=-D=X") }, problem.NativeToolchain},
		{"package runtime", func(p *image) { p.fingerprints["runtime"] = "other" }, problem.NativeDependency},
		{"package example.com/own", func(p *image) { p.fingerprints["example.com/own"] = "other" }, problem.NativeConflict},
		{"size of runtime.x", func(p *image) { p.data["runtime.x"] = 16 }, problem.NativeLayout},
		{"size of example.com/own.table", func(p *image) { p.data["example.com/own.table"] = 128 }, problem.NativeLayout},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Version = "v1.0.1" }, problem.NativeDependency},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Sum = "h1:b" }, problem.NativeDependency},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Sum = "" }, problem.NativeDependency},
		{"module example.com/lib", func(p *image) { p.info.Deps[1].Replace = &debug.Module{Path: "../lib"} }, problem.NativeDependency},
		{"module example.com/own", func(p *image) { p.info.Deps[2].Version = "v2.0.0" }, problem.NativeDependency},
		{"package example.com/lib/sub", func(p *image) { p.info.Deps = p.info.Deps[:1] }, problem.NativeDependency},
		{"contract (abi, abi/wire)", func(p *image) { p.recipe = nil }, problem.NativeDependency},
		{"contract (abi, abi/wire)", func(p *image) { p.recipe.Contract = "" }, problem.NativeDependency},
		{"contract (abi, abi/wire)", func(p *image) { p.recipe.Contract = "sha256:other" }, problem.NativeDependency},
		{"contract (abi, abi/wire)", func(p *image) { p.recipe, p.info.Deps[0].Sum = nil, "h1:x" }, problem.NativeDependency},
		{"contract (abi, abi/wire)", func(p *image) { p.recipe, p.info.Deps[0].Replace = nil, &debug.Module{Path: "../copy"} }, problem.NativeDependency},
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
	r.fingerprints[contractModule+"/runtime"] = owned[string]{"same", &member{hostName, r.profile.Build}}
	p.fingerprints[contractModule+"/runtime"] = "same"
	list := r.preflight(p).Refusals()
	if len(list) != 1 || list[0].What != "package "+contractModule+"/runtime" || list[0].Code != problem.NativeDependency {
		t.Fatalf("refusals %+v", list)
	}
}

func TestHarmlessDifferencesRefuseNothing(t *testing.T) {
	for key, value := range map[string]string{
		"GOAMD64": "v1", "-gcflags": "-N -l", "-asmflags": "-D=X=1", "-ldflags": "-s -w", "CGO_CFLAGS": "-O3", "-pgo": "off", "DefaultGODEBUG": "x=1",
	} {
		r, p := fitting()
		set(p, key, value)
		report := r.preflight(p)
		if report.Err() != nil || len(report.Differences) != 1 || report.Differences[0].Severity != Harmless || report.Fails() || report.Dangerous() {
			t.Errorf("%s: %+v", key, report.Differences)
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
	if _, err := report.WriteTo(&table); err != nil || strings.Count(table.String(), "\n") != len(report.Differences)+5 {
		t.Errorf("%v, table\n%s", err, table.String())
	}
}

// TestWhatFailsAndWhatIsDangerousIsToldApart changes one thing at a time. A
// setting that differs fails if it left its mark on a fingerprint.
func TestWhatFailsAndWhatIsDangerousIsToldApart(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *image)
		fails  bool
	}{
		{"tags alone", func(p *image) { set(p, "-tags", "x") }, false},
		{"tags that changed a package", func(p *image) { set(p, "-tags", "x"); p.fingerprints["runtime"] = "other" }, true},
		{"a fingerprint of a loaded plugin", func(p *image) { p.fingerprints["example.com/own"] = "other" }, true},
		{"a higher GOAMD64", func(p *image) { set(p, "GOAMD64", "v3") }, false},
		{"a module of another version", func(p *image) { p.info.Deps[1].Version = "v1.0.1" }, false},
		{"the same and its fingerprint", func(p *image) { p.info.Deps[1].Version, p.fingerprints["example.com/lib/sub"] = "v1.0.1", "other" }, true},
		{"a variable that grew", func(p *image) { p.data["runtime.x"] = 16 }, false},
		{"another contract", func(p *image) { p.recipe = nil }, false},
		{"no constructor", func(p *image) { clear(p.functions) }, false},
		{"a C constructor", func(p *image) { p.initArray = 24 }, false},
		{"a c-shared library", func(p *image) { set(p, "-buildmode", "c-shared") }, true},
		{"a library of the system", func(p *image) { p.libraries = append(p.libraries, "/proc/self/exe") }, false},
		{"a library that nobody has", func(p *image) { p.libraries = append(p.libraries, "/nowhere/x.so") }, true},
		{"a sanitizer", func(p *image) { p.libraries = append(p.libraries, "libasan.so.8") }, true},
		{"a path for the linker", func(p *image) { delete(p.fingerprints, p.info.Path) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, p := fitting()
			c.change(p)
			if report := r.preflight(p); report.Fails() != c.fails || report.Dangerous() == c.fails || report.Err() == nil {
				t.Errorf("fails %t, dangerous %t: %+v", report.Fails(), report.Dangerous(), report.Differences)
			}
		})
	}
}

// TestAModuleIsThatOfWhoBroughtThePackage: the host may use another package of
// the module in another version.
func TestAModuleIsThatOfWhoBroughtThePackage(t *testing.T) {
	r, p := fitting()
	r.profile.Build.Deps = append(r.profile.Build.Deps, &debug.Module{Path: "example.com/own", Version: "v0.1.0", Sum: "h1:old"})
	if err := r.preflight(p).Err(); err != nil {
		t.Error(err)
	}
	p.info.Deps[2].Version = "v2.0.0"
	list := r.preflight(p).Refusals()
	if len(list) != 1 || list[0].Host != "v1.0.0 h1:o in risk 1.0.0" {
		t.Errorf("refusals %+v", list)
	}
}

func TestAPluginOfFilesIsKnownByTheirDigest(t *testing.T) {
	r, p := fitting()
	delete(p.fingerprints, p.info.Path)
	p.info.Path = "command-line-arguments"
	p.fingerprints["plugin/unnamed-1"] = "x"
	p.functions = map[string]bool{"plugin/unnamed-1.NewStrategy": true}
	if err := r.preflight(p).Err(); err != nil {
		t.Fatal(err)
	}
	r.add(p, "files 1.0.0")
	if list := r.preflight(p).Refusals(); len(list) != 1 || list[0].What != "import path plugin/unnamed-1" || list[0].Host != "loaded from files 1.0.0" {
		t.Errorf("refusals %+v", list)
	}
}

func TestTheTableInAnErrorIsBounded(t *testing.T) {
	r, p := fitting()
	for i := range 100 {
		name := fmt.Sprintf("example.com/lib/%s%d", strings.Repeat("long", 100), i)
		r.fingerprints[name] = owned[string]{"a", &member{hostName, r.profile.Build}}
		p.fingerprints[name] = "b"
	}
	set(p, "-race", "true")
	var e *problem.Error
	if !errors.As(r.preflight(p).Err(), &e) {
		t.Fatal("no problem")
	}
	if len(e.Differences) != differencesTold || e.DifferencesLeftOut != 101-differencesTold {
		t.Errorf("%d lines, %d left out", len(e.Differences), e.DifferencesLeftOut)
	}
	if d := e.Differences[0]; d.What != "-race" || d.Severity != "fails" || d.Cure == "" {
		t.Errorf("first line %+v", d)
	}
	for _, d := range e.Differences {
		if len(d.What) > textTold+3 {
			t.Fatalf("%d bytes in a line", len(d.What))
		}
	}
}

// TestALineFailsIfItsOwnPackagesDo: what else differs does not count.
func TestALineFailsIfItsOwnPackagesDo(t *testing.T) {
	for _, c := range []struct {
		name, what string
		change     func(r *resident, p *image)
		want       Severity
	}{
		{"a module and its package", "module example.com/lib", func(_ *resident, p *image) {
			p.info.Deps[1].Version, p.fingerprints["example.com/lib/sub"] = "v2.0.0", "other"
		}, Fails},
		{"a module and its second package", "module example.com/lib", func(r *resident, p *image) {
			r.fingerprints["example.com/lib/tail"] = owned[string]{"l", r.fingerprints["runtime"].owner}
			p.info.Deps[1].Version, p.fingerprints["example.com/lib/tail"] = "v2.0.0", "other"
		}, Fails},
		{"a module and another's package", "module example.com/lib", func(_ *resident, p *image) {
			p.info.Deps[1].Version, p.fingerprints["runtime"] = "v2.0.0", "other"
		}, Dangerous},
		{"a setting and a package of the host", "-tags", func(_ *resident, p *image) {
			set(p, "-tags", "x")
			p.fingerprints["runtime"] = "other"
		}, Fails},
		{"a setting and a package of a loaded plugin", "-tags", func(_ *resident, p *image) {
			set(p, "-tags", "x")
			p.fingerprints["example.com/own"] = "other"
		}, Dangerous},
		{"a contract that the host does not tell", "contract (abi, abi/wire)", func(r *resident, p *image) {
			r.profile.Contract, p.recipe.Contract, p.fingerprints["runtime"] = "", "", "other"
		}, Dangerous},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, p := fitting()
			c.change(r, p)
			report := r.preflight(p)
			at := slices.IndexFunc(report.Differences, func(d Difference) bool { return d.What == c.what })
			if at < 0 || report.Differences[at].Severity != c.want {
				t.Errorf("%s is not %q: %+v", c.what, c.want, report.Differences)
			}
			if !report.Fails() || report.Dangerous() {
				t.Errorf("fails %t, dangerous %t", report.Fails(), report.Dangerous())
			}
		})
	}
}
