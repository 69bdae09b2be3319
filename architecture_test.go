package swapline_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

const module = "github.com/swapline/swapline"

// rule limits what packages import. Names of packages are relative to the
// module; "runtime/..." is the package and all below it, "std/..." is the standard
// library.
type rule struct {
	packages string
	except   []string // packages that the rule is not about
	only     []string // when set: nothing else
	never    []string
	deep     bool   // counts what the imports import, too
	target   string // GOOS/GOARCH to look at, "" for this machine's
	reason   string
}

// rules is the table of section 3 of the architecture.
func rules() []rule {
	all := "..."
	return []rule{
		{packages: "abi", only: []string{"std/..."}, deep: true,
			reason: "plugins share it with their host and guests carry it; every dependency would be frozen with it"},
		{packages: "abi/wire", only: []string{"std/...", "abi"}, deep: true,
			reason: "plugins share it with their host and guests carry it"},
		{packages: ".", only: []string{"std/..."}, deep: true,
			reason: "the host and the builder of plugins import it for the digest of the contract"},
		{packages: "runtime/slot", only: []string{"std/..."}, deep: true,
			reason: "the switch is generic and must be provable without the rest"},
		{packages: "runtime/rebind", only: []string{"std/...", "abi", "runtime/problem"},
			reason: "who exposes and binds what is decided without knowing of releases, kinds or stores"},
		{packages: "runtime/histogram", only: []string{"std/..."}, deep: true,
			reason: "every call records in it, and everybody reads it"},
		{packages: "runtime/rollout/sequential", only: []string{"std/..."}, deep: true,
			reason: "evidence is computed from numbers, whatever they count"},
		{packages: "runtime/rollout", only: []string{"std/...", "runtime/histogram", "runtime/rollout/sequential"}, deep: true,
			reason: "what becomes of a release is decided without clock, release, store or call"},
		{packages: "runtime/pointer", only: []string{"std/...", "abi/..."}, deep: true,
			reason: "it finds values and knows nothing of what they are for"},
		{packages: "runtime/arm", only: []string{"std/...", "abi/...", "runtime/histogram", "runtime/pointer", "runtime/rollout"},
			reason: "it counts calls and knows nothing of who makes them or judges them"},
		{packages: "runtime/breaker", only: []string{"std/...", "runtime/rollout"},
			reason: "when to let others answer is decided without clock, release or call"},
		{packages: "runtime/difference", only: []string{"std/...", "abi/wire", "runtime/pointer", "runtime/rollout"},
			reason: "what differs is decided by two answers and a policy alone"},
		{packages: "runtime/compare/sample", only: []string{"std/...", "gonum.org/...", "golang.org/x/perf/..."},
			reason: "numbers go in and intervals come out, whatever they were measured on"},
		{packages: "runtime/compare", only: []string{"std/...", "golang.org/x/sys/unix", "abi/wire", "runtime/compare/sample", "runtime/difference", "runtime/histogram", "runtime/pointer",
			"runtime/problem", "runtime/recorder", "runtime/rollout", "github.com/HdrHistogram/..."},
			reason: "it runs what it is given and knows nothing of kinds, releases or stores"},
		{packages: "runtime/compare/page", only: []string{"std/...", "runtime/compare", "github.com/HdrHistogram/..."},
			reason: "a page is drawn from a report alone"},
		{packages: "runtime/experiment", only: []string{"std/...", "abi/...", "runtime/arm", "runtime/compare", "runtime/compare/sample", "runtime/histogram", "runtime/pointer",
			"runtime/rollout", "runtime/rollout/sequential", "gonum.org/...", "github.com/HdrHistogram/..."},
			reason: "what an experiment finds is decided without clock, release or call"},
		{packages: "runtime/recorder", only: []string{"std/...", "abi/wire", "runtime/pointer", "runtime/rollout"},
			reason: "what is kept of inputs must be easy to see: no store, no telemetry"},
		{packages: "runtime/shadow", only: []string{"std/..."}, deep: true,
			reason: "the budget is provable without knowing what runs"},
		{packages: "runtime/problem", only: []string{"std/..."}, deep: true,
			reason: "everybody imports it"},
		{packages: "runtime/manifest/...", only: []string{"std/...", "abi/...", "runtime/problem", "runtime/manifest/...", "golang.org/x/mod/..."},
			reason: "the format is a value; it knows neither trust nor loading"},
		{packages: "runtime/trust", only: []string{"std/...", "abi/...", "runtime/problem", "runtime/manifest/..."},
			reason: "what is verified must not depend on what is loaded or stored"},
		{packages: "runtime/store", only: []string{"std/...", "runtime/manifest"},
			reason: "the contract is free of any engine"},
		{packages: "runtime/store/...", never: []string{"runtime", "runtime/driver/...", "runtime/trust", "server"},
			reason: "a store keeps bytes and does not judge them"},
		{packages: "runtime/capability/...", never: []string{"runtime", "runtime/driver/...", "runtime/store/...", "runtime/trust", "runtime/slot", "server"},
			reason: "what strategies may do knows nothing of kinds, nor of who decides it"},
		{packages: "runtime/driver/...", never: []string{"runtime", "runtime/store/...", "runtime/trust", "runtime/slot", "server"},
			reason: "a driver gets what is verified and knows nothing of the pipeline above it"},
		{packages: "runtime/wasm/...", never: []string{"runtime", "runtime/store/...", "runtime/trust", "runtime/slot", "server"},
			reason: "a driver gets what is verified and knows nothing of the pipeline above it"},
		{packages: "nativeplugin/...", never: []string{"runtime", "runtime/store/...", "runtime/trust", "runtime/slot", "server"},
			reason: "a driver gets what is verified and knows nothing of the pipeline above it"},
		{packages: "runtime", never: []string{"nativeplugin/...", "runtime/wasm/...", "runtime/store/boltstore", "runtime/driver/memdriver", "server"}, deep: true,
			reason: "one pipeline for all kinds; kinds and stores are handed in"},
		{packages: "server", never: []string{"nativeplugin/...", "runtime/wasm/...", "runtime/driver/...", "runtime/trust", "runtime/store/...", "runtime/slot"},
			reason: "the server translates HTTP; decisions are the runtime's"},
		{packages: "guests/go", only: []string{"std/...", "abi/..."}, deep: true,
			reason: "a plugin must not share more with its host than the contract"},
		{packages: "guests/go", only: []string{"std/...", "abi/..."}, never: []string{"std/encoding/json", "std/fmt", "std/net/..."}, deep: true, target: "wasip1/wasm",
			reason: "each guest carries it; reflection on JSON costs 20 to 30 times what the wire form costs"},
		{packages: "examples/riskscore/...", only: []string{"std/...", "abi/...", "guests/go", "examples/riskscore/..."},
			reason: "a strategy imports the contract and its SDK, as its users' strategies do"},
		{packages: "examples/fxquote/...", only: []string{"std/...", "abi/...", "guests/go", "examples/fxquote/..."},
			reason: "a strategy imports the contract and its SDK, as its users' strategies do"},
		{packages: "examples/rebind/...", only: []string{"std/...", "abi/..."},
			reason: "a strategy imports the contract, as its users' strategies do"},
		{packages: all, except: []string{"runtime/wasm/wazeroengine"}, never: []string{"github.com/tetratelabs/wazero/..."},
			reason: "an engine can be replaced as long as one package knows it"},
		{packages: all, except: []string{"runtime/wasm/wasmtimeengine"}, never: []string{"github.com/bytecodealliance/wasmtime-go/...", "C"},
			reason: "the C library is out of its makers' support, and C code is out of the race detector's and the collector's sight"},
		{packages: all, except: []string{"nativeplugin"}, never: []string{"std/plugin"},
			reason: "package plugin changes how a binary is linked; the driver's checks stand before it"},
		{packages: all, except: []string{"server", "cmd/..."}, never: []string{"github.com/labstack/echo/..."},
			reason: "the HTTP framework stays at the edge"},
		{packages: all, except: []string{"cmd/..."}, never: []string{"go.opentelemetry.io/otel/sdk/...", "go.opentelemetry.io/otel/exporters/...",
			"github.com/prometheus/...", "go.opentelemetry.io/contrib/instrumentation/runtime/..."},
			reason: "libraries speak the telemetry API; the program chooses the SDK"},
		{packages: all, except: []string{"runtime", "server", "cmd/..."}, never: []string{"go.opentelemetry.io/..."},
			reason: "telemetry in two packages only, not in drivers and leaves"},
		{packages: all, except: []string{"cmd/...", "bench/...", "examples/...", "runtime/store/..."}, never: []string{"runtime/store/boltstore", "server", "github.com/spf13/cobra"},
			reason: "wiring happens in the program"},
		{packages: all, except: []string{"bench/...", "cmd/...", "examples/..."}, never: []string{"cmd/...", "bench/...", "examples/..."},
			reason: "programs use the library, not the other way round"},
	}
}

// listed is what go list tells about a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
}

// TestImportRules checks what non-test code imports.
func TestImportRules(t *testing.T) {
	worlds := map[string][]listed{}
	for _, r := range rules() {
		if worlds[r.target] == nil {
			worlds[r.target] = list(t, r.target)
		}
		standard := map[string]bool{}
		for _, p := range worlds[r.target] {
			standard[p.ImportPath] = p.Standard
		}
		found := false
		for _, p := range worlds[r.target] {
			name, ours := strings.CutPrefix(relative(p.ImportPath), "./")
			if !ours || !matches(r.packages, name) || matchesAny(r.except, name) {
				continue
			}
			found = true
			imports := p.Imports
			if r.deep {
				imports = p.Deps
			}
			for _, broken := range r.broken(imports, standard) {
				t.Errorf("%s imports %s: %s", name, broken, r.reason)
			}
		}
		if !found {
			t.Errorf("no package matches the rule for %s", r.packages)
		}
	}
}

// broken returns the imports that the rule does not allow.
func (r rule) broken(imports []string, standard map[string]bool) []string {
	var out []string
	for _, path := range imports {
		name := strings.TrimPrefix(relative(path), "./")
		if standard[path] {
			name = "std/" + path
		}
		allowed := r.only == nil || matchesAny(r.only, name)
		if !allowed || matchesAny(r.never, name) {
			out = append(out, path)
		}
	}
	return out
}

func list(t *testing.T, target string) []listed {
	t.Helper()
	arguments := []string{"list", "-deps", "-json=ImportPath,Imports,Deps,Standard"}
	// With the tag, packages show what they import at most.
	c := exec.CommandContext(t.Context(), "go", append(arguments, "-tags=wasmtime", "./...")...)
	if target != "" {
		system, machine, _ := strings.Cut(target, "/")
		c = exec.CommandContext(t.Context(), "go", append(arguments, "./guests/go")...)
		c.Env = append(c.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0")
	}
	out, err := c.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("go list: %s", failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// relative returns the name of a package within the module after "./", or the
// whole path of another module's.
func relative(path string) string {
	if path == module {
		return "./."
	}
	if rest, ok := strings.CutPrefix(path, module+"/"); ok {
		return "./" + rest
	}
	return path
}

func matches(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == prefix || strings.HasPrefix(name, prefix+"/")
	}
	return pattern == name
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// TestRulesCanFail shows that a rule finds what it forbids.
func TestRulesCanFail(t *testing.T) {
	standard := map[string]bool{"fmt": true, "plugin": true, "runtime": true}
	tests := []struct {
		name    string
		rule    rule
		imports []string
		want    []string
	}{
		{"only the standard library", rule{only: []string{"std/..."}}, []string{"fmt", module + "/abi", "example.com/x"}, []string{module + "/abi", "example.com/x"}},
		{"own packages", rule{only: []string{"std/...", "abi/..."}}, []string{"fmt", module + "/abi", module + "/abi/wire", module + "/abis"}, []string{module + "/abis"}},
		{"the runtime of the standard library is not ours", rule{never: []string{"runtime"}}, []string{"runtime"}, nil},
		{"never one", rule{never: []string{"std/plugin"}}, []string{"fmt", "plugin"}, []string{"plugin"}},
		{"never a tree", rule{never: []string{"runtime/driver/..."}}, []string{module + "/runtime", module + "/runtime/driver", module + "/runtime/driver/x"},
			[]string{module + "/runtime/driver", module + "/runtime/driver/x"}},
		{"our runtime", rule{never: []string{"runtime"}}, []string{module + "/runtime"}, []string{module + "/runtime"}},
	}
	for _, test := range tests {
		if got := test.rule.broken(test.imports, standard); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// kindFolders are where the words for kinds and engines may stand.
func kindFolders() []string {
	return []string{"nativeplugin/...", "runtime/wasm/...", "cmd/...", "guests/...", "examples/...", "bench/...", "runtime/problem"}
}

// TestKindsAreNamedWhereTheyBelong keeps the pipeline one pipeline: outside of
// drivers and wiring no identifier and no text may name a kind. Codes of package
// problem are exempt, and so is the server's catalogue that explains each code
// to people; they name what a driver found.
func TestKindsAreNamedWhereTheyBelong(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || matchesAny(kindFolders(), f.folder) || strings.HasPrefix(f.path, "server/catalogue") {
			continue
		}
		for _, line := range kindWords(t, f.path, f.text) {
			t.Errorf("%s: %s", f.path, line)
		}
	}
}

// kindWords finds kinds and engines in identifiers and string literals.
func kindWords(t *testing.T, name, text string) []string {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	say := func(n ast.Node, what string) {
		found = append(found, "line "+strconv.Itoa(set.Position(n.Pos()).Line)+" names a kind: "+what)
	}
	word := regexp.MustCompile(`(?i)\b(native|wasm|webassembly|wazero|wasmtime)\b`)
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			return !ok || x.Name != "problem" && n.Sel.Name != "NativeEndian" // a byte order of the standard library
		case *ast.BasicLit:
			if n.Kind == token.STRING && word.MatchString(n.Value) {
				say(n, n.Value)
			}
		case *ast.Ident:
			if slices.ContainsFunc(wordsOf(n.Name), word.MatchString) {
				say(n, n.Name)
			}
		}
		return true
	})
	return found
}

// wordsOf splits camel case.
func wordsOf(identifier string) []string {
	var words []string
	start := 0
	for i, r := range identifier {
		if i > start && unicode.IsUpper(r) {
			words = append(words, identifier[start:i])
			start = i
		}
	}
	return append(words, identifier[start:])
}

func TestKindWordsAreFound(t *testing.T) {
	tests := map[string]int{
		`var kind = "native"`:                      1,
		`var kind = "alternative"`:                 0,
		`func openWasm() {}`:                       1,
		`func nativeThing() {}`:                    1,
		`func alternatives() {}`:                   0,
		`// native and wasm in a comment`:          0,
		`var c = problem.WasmMalformed`:            0,
		`var c = other.WasmMalformed`:              1,
		`var s = "the wazero engine, Wasm module"`: 1,
	}
	for source, want := range tests {
		if got := kindWords(t, "x.go", "package x\n\n"+source+"\n"); len(got) != want {
			t.Errorf("%s: found %v, want %d", source, got, want)
		}
	}
}
