package nativeplugin_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// refuse loads a file that must be refused and then shows that the process has
// not noticed: what is open answers, and a fresh strategy can be made.
func refuse(t *testing.T, s driver.Spec, code problem.Code, words ...string) {
	t.Helper()
	v1 := load(t, release(t, "1.0.0", scorer("v1")), "1.0.0", nil)
	d := sharedDriver(t)
	before := d.Status()
	_, err := d.Load(context.Background(), s)
	wantCode(t, err, code, words...)
	if after := d.Status(); after != before {
		t.Errorf("the process changed from %+v to %+v", before, after)
	}
	if got := answer(t, v1, map[string]any{"amount": int64(4)}, "score"); got != int64(8) {
		t.Errorf("the open release answers %v", got)
	}
	again := load(t, release(t, "2.0.0", scorer("v2")), "2.0.0", nil)
	if got := answer(t, again, map[string]any{"amount": int64(4)}, "score"); got != int64(41) {
		t.Errorf("a release loaded afterwards answers %v", got)
	}
}

func TestForeignBuildsAreRefusedBeforeTheyAreOpened(t *testing.T) {
	good := plain(goodConstructor)
	for _, c := range []struct {
		name  string
		files strategySource
		flags []string
		code  problem.Code
		words []string
	}{
		{"noopt", good, []string{"-buildmode=plugin", "-gcflags=github.com/swapline/swapline/abi=-N"}, problem.NativeToolchain, []string{"-gcflags", "abi=-N"}},
		{"trimpath", good, []string{"-buildmode=plugin", "-trimpath"}, problem.NativeToolchain, []string{"-trimpath", "true"}},
		{"tags", good, []string{"-buildmode=plugin", "-tags=netgo"}, problem.NativeToolchain, []string{"-tags", "netgo"}},
		{"otherrace", good, []string{"-buildmode=plugin", otherRace()}, problem.NativeToolchain, []string{"-race"}},
		{"executable", good, []string{"-buildmode=exe"}, problem.NativeMalformed, nil},
		{"symbol", plain("var _ = host"), []string{"-buildmode=plugin"}, problem.NativeSymbol, []string{"NewStrategy"}},
		{"type", plain("func NewStrategy(abi.Host) (strategy, error) { return strategy{}, nil }"), []string{"-buildmode=plugin"}, problem.NativeSymbolType, []string{"main.strategy"}},
		{"pointer", plain("var NewStrategy = func(abi.Host) (abi.Strategy, error) { return strategy{}, nil }"), []string{"-buildmode=plugin"}, problem.NativeSymbolType, []string{"*func"}},
		{"clibrary", withC("static int one(void) { return 1; }", "-lz"), []string{"-buildmode=plugin"}, problem.NativeDependency, []string{"libz"}},
		{"cconstructor", withC("__attribute__((constructor)) static void early(void) { *(volatile int *)__builtin_alloca(4) = 1; } static int one(void) { return 1; }", ""), []string{"-buildmode=plugin"}, problem.NativeMalformed, []string{"constructors"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuse(t, spec(t, foreign(t, c.name, c.files, c.flags...), "9.0.0", nil), c.code, c.words...)
		})
	}
}

// otherRace is the flag that makes a plugin differ from this process.
func otherRace() string { return fmt.Sprintf("-race=%t", ownSetting("-race") != "true") }

// withC is a strategy with C code.
func withC(code, libraries string) strategySource {
	s := plain(goodConstructor)
	s["c.go"] = "package main\n\n// " + code + "\n// #cgo LDFLAGS: -Wl,--no-as-needed " + libraries + "\nimport \"C\"\n\nvar _ = C.one()\n"
	return s
}

func TestAContractFromAnotherCopyIsRefused(t *testing.T) {
	s := plain(goodConstructor)
	path := foreign(t, "copied", withContractCopy(t, s), "-buildmode=plugin")
	refuse(t, spec(t, path, "9.0.0", nil), problem.NativeDependency, "github.com/swapline/swapline/abi")
}

// withContractCopy moves the contract to another folder and changes it.
func withContractCopy(t *testing.T, s strategySource) strategySource {
	t.Helper()
	text, err := os.ReadFile("../abi/abi.go")
	if err != nil {
		t.Fatal(err)
	}
	s["contract/go.mod"] = "module github.com/swapline/swapline\n\ngo 1.26.0\n"
	s["contract/abi/abi.go"] = string(text) + "\n// Extra is new.\ntype Extra struct{ Field int }\n"
	s["go.work"] = "go 1.26.0\nuse .\nuse ./contract\n"
	return s
}

func TestAReplacedModuleThatTheHostSharesIsRefused(t *testing.T) {
	s := plain(goodConstructor)
	s["main.go"] = replace(s["main.go"], `"github.com/swapline/swapline/abi"`, "\"github.com/swapline/swapline/abi\"\n\t\"golang.org/x/mod/semver\"")
	s["main.go"] += "\nvar _ = semver.IsValid(\"v1.0.0\")\n"
	s["semver/go.mod"] = "module golang.org/x/mod\n\ngo 1.25.0\n"
	s["semver/semver/semver.go"] = "package semver\n\nfunc IsValid(string) bool { return true }\n"
	s["require"] = "\nrequire golang.org/x/mod v0.42.0\n"
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	s["go.work"] = "go 1.26.0\nuse .\nuse " + root + "\nreplace golang.org/x/mod => ./semver\n"
	path := foreign(t, "replaced", s, "-buildmode=plugin")
	refuse(t, spec(t, path, "9.0.0", nil), problem.NativeDependency, "golang.org/x/mod")
}

func TestFilesThatAreNoPluginsAreRefused(t *testing.T) {
	good, err := os.ReadFile(release(t, "1.0.0", scorer("v1")).path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty":     {},
		"text":      []byte("package main\n\nfunc main() {}\n"),
		"header":    good[:64],
		"truncated": good[:100_000],
		"cut":       good[:len(good)-1],
		"clibrary":  cLibrary(t),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name+".so")
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			refuse(t, spec(t, path, "9.0.0", nil), problem.NativeMalformed, "is not a Go plugin")
		})
	}
}

func cLibrary(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	source, out := filepath.Join(dir, "c.c"), filepath.Join(dir, "c.so")
	if err := os.WriteFile(source, []byte("int one(void) { return 1; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("gcc", "-shared", "-fPIC", "-o", out, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestBytesThatChangedAfterTheSignatureAreRefused(t *testing.T) {
	s := spec(t, release(t, "1.0.0", scorer("v1")).path, "1.0.0", nil)
	s.Manifest.Artifact.SHA256 = "sha256:" + "00000000000000000000000000000000" + "00000000000000000000000000000000"
	refuse(t, s, problem.DigestMismatch)
}
