package pluginbuild_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"plugin"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime/problem"
)

// published is a module that a proxy serves: file name to content.
type published map[string]string

// proxy serves modules ("path@version") from a folder, into a module cache of
// the test's own, and returns what belongs into go.sum.
func proxy(t *testing.T, modules map[string]published) string {
	t.Helper()
	root, cache := t.TempDir(), t.TempDir()
	t.Setenv("GOPROXY", "file://"+root)
	t.Setenv("GOMODCACHE", cache)
	t.Setenv("GOSUMDB", "off")
	t.Cleanup(func() {
		if out, err := exec.Command("go", "clean", "-modcache").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	sums := ""
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		sums += publish(t, root, name, modules[name])
	}
	return sums
}

// publish writes one module as a proxy serves it.
func publish(t *testing.T, root, name string, files published) string {
	t.Helper()
	path, version, _ := strings.Cut(name, "@")
	dir := filepath.Join(root, filepath.FromSlash(path), "@v")
	if files["go.mod"] == "" {
		files["go.mod"] = "module " + path + "\n\ngo 1.26.0\n"
	}
	source := t.TempDir()
	for file, content := range files {
		write(t, filepath.Join(source, file), content)
	}
	write(t, filepath.Join(dir, version+".mod"), files["go.mod"])
	write(t, filepath.Join(dir, version+".info"), fmt.Sprintf(`{"Version":%q}`, version))
	var packed bytes.Buffer
	if err := zip.CreateFromDir(&packed, module.Version{Path: path, Version: version}, source); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, version+".zip"), packed.String())
	whole, err := dirhash.HashZip(filepath.Join(dir, version+".zip"), dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(files["go.mod"])), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, whole, path, version, mod)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// user writes a strategy that requires modules ("path@version") and answers
// with the value of an expression in its helper package.
func user(t *testing.T, sums, imports, expression string, modules ...string) string {
	t.Helper()
	dir := author(t, map[string]string{
		"go.sum":                  sums,
		"internal/score/score.go": "package score\n\nimport (\n" + imports + "\n)\n\nfunc Of(string) any { return " + expression + " }\n",
	})
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(mod)
	for _, m := range modules {
		text += "\nrequire " + strings.Replace(m, "@", " ", 1) + "\n"
	}
	write(t, filepath.Join(dir, "go.mod"), text)
	return filepath.Join(dir, "risk")
}

// opened builds a strategy and opens it in this process.
func opened(t *testing.T, dir, version string, share ...string) (abi.Strategy, pluginbuild.Result) {
	t.Helper()
	r, err := pluginbuild.Build(context.Background(), pluginbuild.Config{
		Dir: dir, Output: filepath.Join(t.TempDir(), "risk.so"), Strategy: "risk", Version: version, Share: share,
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plugin.Open(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	symbol, err := p.Lookup(abi.ConstructorSymbol)
	if err != nil {
		t.Fatal(err)
	}
	strategy, err := symbol.(abi.Constructor)(nil)
	if err != nil {
		t.Fatal(err)
	}
	return strategy, r
}

func score(t *testing.T, s abi.Strategy) any {
	t.Helper()
	out, err := s.Execute(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out["score"]
}

// wantModule checks how the recipe says that a module was used.
func wantModule(t *testing.T, r pluginbuild.Result, module, shared string) {
	t.Helper()
	for _, m := range r.Recipe.Modules {
		if m.Path+"@"+m.Version == module {
			if m.Sum == "" || (shared == "") != (m.Shared == "") || !strings.Contains(m.Shared, shared) {
				t.Errorf("the recipe says %+v, want shared %q", m, shared)
			}
			return
		}
	}
	t.Errorf("no %s in the recipe: %v", module, r.Recipe.Modules)
}

// counter is a module with state, an internal package, an embedded file and a
// symbol that it takes from its internal package by name.
func counter(version, step string) published {
	return published{
		"dep.go": `package dep

import (
	_ "embed"
	_ "unsafe"

	"example.com/dep/internal/state.v1"
)

//go:embed version.txt
var Version string

func Next() string { hidden(` + step + `); return Version + " " + state.Text() }

//go:linkname hidden example.com/dep/internal/state%2ev1.add
func hidden(int)
`,
		"empty.s":                    "",
		"version.txt":                version,
		"internal/state.v1/state.go": "package state\n\nimport \"strconv\"\n\nvar calls int\n\nfunc add(n int) { calls += n }\n\nfunc Text() string { return strconv.Itoa(calls) }\n",
	}
}

// TestReleasesWithOtherVersionsOfAModuleLiveInOneProcess is the reason for
// copying: no module is shared, so none can be in the way, nor bleed.
func TestReleasesWithOtherVersionsOfAModuleLiveInOneProcess(t *testing.T) {
	newer := counter("v1.1.0", "10, 1")
	newer["internal/state.v1/state.go"] = strings.NewReplacer("calls int", "calls [64]int", "add(n int)", "add(n, m int)", "calls +=", "calls[m] +=", "Itoa(calls)", "Itoa(calls[1])").
		Replace(newer["internal/state.v1/state.go"])
	newer["dep.go"] = strings.ReplaceAll(newer["dep.go"], "hidden(int)", "hidden(int, int)")
	sums := proxy(t, map[string]published{"example.com/dep@v1.0.0": counter("v1.0.0", "1"), "example.com/dep@v1.1.0": newer})
	const imports, next = "\t\"example.com/dep\"", "dep.Next()"
	first, built := opened(t, user(t, sums, imports, next, "example.com/dep@v1.0.0"), "1.0.0")
	second, _ := opened(t, user(t, sums, imports, next, "example.com/dep@v1.1.0"), "1.0.0") // of the same version by mistake
	third, _ := opened(t, user(t, sums, imports, next, "example.com/dep@v1.0.0"), "1.2.0")
	for _, c := range []struct {
		strategy abi.Strategy
		want     string
	}{{first, "v1.0.0 1"}, {first, "v1.0.0 2"}, {second, "v1.1.0 10"}, {third, "v1.0.0 1"}, {first, "v1.0.0 3"}} {
		if got := score(t, c.strategy); got != c.want {
			t.Errorf("got %v, want %s", got, c.want)
		}
	}
	wantModule(t, built, "example.com/dep@v1.0.0", "")
	if want := []string{"example.com/acme/internal/score", "example.com/acme/risk", "example.com/dep", "example.com/dep/internal/state.v1"}; !slices.Equal(built.Recipe.Packages, want) {
		t.Errorf("copied %v", built.Recipe.Packages)
	}
}

// TestAModuleThatTheHostHasInAnotherVersionIsNotInTheWay uses a module that this
// very test binary is linked with.
func TestAModuleThatTheHostHasInAnotherVersionIsNotInTheWay(t *testing.T) {
	sums := proxy(t, map[string]published{
		"golang.org/x/mod@v0.99.0": {"semver/semver.go": "package semver\n\nvar Other = [9]int{8: 42}\n\nfunc Compare() int { return Other[8] }\n"},
	})
	s, r := opened(t, user(t, sums, "\t\"golang.org/x/mod/semver\"", "semver.Compare()", "golang.org/x/mod@v0.99.0"), "2.0.0")
	if got := score(t, s); got != 42 {
		t.Errorf("got %v", got)
	}
	wantModule(t, r, "golang.org/x/mod@v0.99.0", "")
}

// TestAModuleThatCannotBeCopiedIsPinned: it registers a name in the standard
// library when it starts, so a second copy would end in a panic.
func TestAModuleThatCannotBeCopiedIsPinned(t *testing.T) {
	register := func(name string) string {
		return "package " + name + "\n\nimport \"expvar\"\n\nvar hits = expvar.NewInt(\"" + name + "\")\n\nfunc Compare() int64 { hits.Add(1); return hits.Value() }\n"
	}
	sums := proxy(t, map[string]published{
		"golang.org/x/mod@v0.99.1":  {"semver/semver.go": register("semver")},
		"example.com/metric@v1.0.0": {"metric.go": strings.Replace(register("metric"), "import", "import _ \"example.com/need\"\nimport", 1), "go.mod": "module example.com/metric\n\ngo 1.26.0\n\nrequire example.com/need v1.0.0\n"},
		"example.com/metric@v1.1.0": {"metric.go": register("metric")},
		"example.com/need@v1.0.0":   {"need.go": "package need\n\nvar N int\n"},
	})
	host, err := nativeplugin.ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	host.Build.Deps = append(host.Build.Deps, &debug.Module{Path: "golang.org/x/mod", Version: "v0.42.0", Sum: "h1:x"}) // go test leaves them out
	_, err = build(t, pluginbuild.Config{Host: host, Dir: user(t, sums, "\t\"golang.org/x/mod/semver\"", "semver.Compare()", "golang.org/x/mod@v0.99.1")})
	wantWords(t, err, problem.NativeDependency, "golang.org/x/mod", "expvar.NewInt", "v0.99.1", "go get golang.org/x/mod@v0.42.0")

	const imports, next = "\t\"example.com/metric\"", "metric.Compare()"
	old := user(t, sums, imports, next, "example.com/metric@v1.0.0", "example.com/need@v1.0.0")
	first, r := opened(t, old, "3.0.0")
	second, _ := opened(t, old, "3.1.0")
	if got := []any{score(t, first), score(t, second), score(t, first)}; !slices.Equal(got, []any{int64(1), int64(2), int64(3)}) {
		t.Errorf("one counter for both releases gave %v", got)
	}
	wantModule(t, r, "example.com/metric@v1.0.0", "expvar.NewInt")
	wantModule(t, r, "example.com/need@v1.0.0", "example.com/metric needs it")
	profile := loadedProfile(t, r)
	_, err = build(t, pluginbuild.Config{Host: profile, Dir: user(t, sums, imports, next, "example.com/metric@v1.1.0")})
	wantWords(t, err, problem.NativeConflict, "example.com/metric", "risk 3.0.0", "v1.0.0", "v1.1.0")
}

// loadedProfile is this process with a plugin open.
func loadedProfile(t *testing.T, r pluginbuild.Result) *nativeplugin.Profile {
	t.Helper()
	profile, err := nativeplugin.ProfileOf("")
	if err != nil {
		t.Fatal(err)
	}
	other, err := nativeplugin.ProfileOf(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	profile.Loaded = []nativeplugin.LoadedProfile{{
		Owner: "risk 3.0.0", Path: r.ImportPath, Build: other.Build, Fingerprints: other.Fingerprints, Data: other.Data,
	}}
	return profile
}

func wantWords(t *testing.T, err error, code problem.Code, words ...string) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("no %q in %v", w, err)
		}
	}
}

// TestWhatIsAskedToBeSharedIsShared: two releases, one variable.
func TestWhatIsAskedToBeSharedIsShared(t *testing.T) {
	sums := proxy(t, map[string]published{"example.com/one@v1.0.0": {"one.go": "package one\n\nvar n int\n\nfunc Next() int { n++; return n }\n"}})
	dir := user(t, sums, "\t\"example.com/one\"", "one.Next()", "example.com/one@v1.0.0")
	first, r := opened(t, dir, "4.0.0", "example.com/one")
	second, _ := opened(t, dir, "4.1.0", "example.com/one")
	if got := []any{score(t, first), score(t, second)}; !slices.Equal(got, []any{1, 2}) {
		t.Errorf("got %v", got)
	}
	wantModule(t, r, "example.com/one@v1.0.0", "as asked")
	for _, module := range []string{"example.com/nowhere", "example.com/acme"} {
		_, err := build(t, pluginbuild.Config{Dir: dir, Share: []string{module}})
		wantWords(t, err, problem.BuildFailed, module)
	}
}

// assembly is a package with a function in assembly, and others for machines
// that the test does not know.
func assembly(name string) published {
	return published{
		"asm_amd64.s": "#include \"textflag.h\"\n\n// func answer() int64\nTEXT " + name + "(SB), NOSPLIT, $0-8\n\tMOVQ ·value(SB), AX\n\tMOVQ AX, ret+0(FP)\n\tRET\n",
		"asm_arm64.s": "#include \"textflag.h\"\n\n// func answer() int64\nTEXT " + name + "(SB), NOSPLIT, $0-8\n\tMOVD ·value(SB), R0\n\tMOVD R0, ret+0(FP)\n\tRET\n",
		"asm.go":      "package asm\n\nvar value int64\n\nfunc answer() int64\n\nfunc Next() int64 { value++; return answer() }\n",
	}
}

func TestAssemblyIsCopiedUnlessItSpellsItsPath(t *testing.T) {
	sums := proxy(t, map[string]published{
		"example.com/asm@v1.0.0":  assembly("·answer"),
		"example.com/path@v1.0.0": assembly("example·com∕path·answer"),
	})
	for i, c := range []struct {
		module, shared string
		want           []any
	}{
		{"example.com/asm@v1.0.0", "", []any{int64(1), int64(1)}},
		{"example.com/path@v1.0.0", "assembly", []any{int64(1), int64(2)}},
	} {
		path, _, _ := strings.Cut(c.module, "@")
		dir := user(t, sums, "\tasm \""+path+"\"", "asm.Next()", c.module)
		first, r := opened(t, dir, fmt.Sprintf("5.%d.0", i))
		second, _ := opened(t, dir, fmt.Sprintf("5.%d.1", i))
		wantModule(t, r, c.module, c.shared)
		if got := []any{score(t, first), score(t, second)}; !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", path, got, c.want)
		}
	}
	own := author(t, map[string]string{"internal/score/score.go": "package score\n\nfunc Of(string) int\n",
		"internal/score/score.s": "TEXT example·com∕acme∕internal∕score·Of(SB), 0, $0-24\n\tRET\n"})
	_, err := build(t, pluginbuild.Config{Dir: filepath.Join(own, "risk")})
	wantWords(t, err, problem.BuildFailed, "example.com/acme/internal/score", "spells out")
}

// TestCOfOneReleaseIsNotThatOfAnother: a process has one C function of a name.
func TestCOfOneReleaseIsNotThatOfAnother(t *testing.T) {
	for i, want := range []string{"11", "22"} {
		dir := author(t, map[string]string{
			"internal/score/score.go": "package score\n\n// int rate(void);\nimport \"C\"\n\nfunc Of(string) int { return int(C.rate()) }\n",
			"internal/score/rate.c":   "int table[" + want + "] = {" + want + "};\n\nint rate(void) { return table[0]; }\n",
		})
		s, _ := opened(t, filepath.Join(dir, "risk"), fmt.Sprintf("6.%d.0", i))
		if got := fmt.Sprint(score(t, s)); got != want {
			t.Errorf("release %d answers %s, want %s", i, got, want)
		}
	}
}

// TestAVendorFolderIsUsed builds without a proxy and an empty module cache.
func TestAVendorFolderIsUsed(t *testing.T) {
	sums := proxy(t, map[string]published{"example.com/dep@v1.0.0": counter("v1.0.0", "1")})
	dir := user(t, sums, "\t\"example.com/dep\"", "dep.Next()", "example.com/dep@v1.0.0")
	write(t, filepath.Join(dir, "excluded_windows.go"), "package main\n")
	vendor := exec.Command("go", "mod", "vendor")
	vendor.Dir = filepath.Dir(dir)
	vendor.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := vendor.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("GOPROXY", "off")
	if out, err := exec.Command("go", "clean", "-modcache").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r, err := build(t, pluginbuild.Config{Dir: dir, HostFile: trimmedHost(t)})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(r.Recipe.Packages, "example.com/dep/internal/state.v1") {
		t.Errorf("copied %v", r.Recipe.Packages)
	}
}
