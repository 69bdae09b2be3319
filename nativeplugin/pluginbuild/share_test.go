package pluginbuild

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

// pkg is a package of a module of the same name up to its first colon:
// "example.com/a:sub" lies in example.com/a. A module without a version begins
// with "own".
func pkg(name string, imports ...string) *listed {
	module, _, _ := strings.Cut(name, ":")
	p := &listed{ImportPath: strings.ReplaceAll(name, ":", "/"), Module: &listedModule{Path: module, Version: "v1.0.0"}}
	if strings.HasPrefix(name, "own") {
		p.Module.Version = ""
	}
	for _, i := range imports {
		p.Imports = append(p.Imports, strings.ReplaceAll(i, ":", "/"))
	}
	return p
}

func withFile(p *listed, name, content string) *listed {
	p.content = append(p.content, file{name, []byte(content)})
	return p
}

const registers = "package x\n\nimport \"expvar\"\n\nfunc init() { expvar.NewInt(\"x\") }\n"

func TestWhatSharedModulesNeedIsSharedToo(t *testing.T) {
	for _, c := range []struct {
		name     string
		packages []*listed
		shared   []string
	}{
		{"nothing", []*listed{pkg("own", "a"), pkg("a", "b"), pkg("b")}, nil},
		{"one", []*listed{pkg("own", "a"), withFile(pkg("a"), "a.go", registers)}, []string{"a"}},
		{"its other packages", []*listed{pkg("own", "a"), withFile(pkg("a"), "a.go", registers), pkg("a:sub", "b"), pkg("b")}, []string{"a", "b"}},
		{"what it imports", []*listed{pkg("d"), pkg("c", "d"), pkg("b", "c"), withFile(pkg("a", "b", "fmt"), "a.go", registers), pkg("own", "a")}, []string{"a", "b", "c", "d"}},
		{"not what imports it", []*listed{pkg("b", "a"), withFile(pkg("a"), "a.go", registers), pkg("own", "b")}, []string{"a"}},
		{"but what imports an internal package of it", []*listed{pkg("a:sub", "a:internal"), pkg("a:internal"), pkg("a:b:x", "a:internal"),
			{ImportPath: "a/nested", Module: &listedModule{Path: "a/nested", Version: "v2.0.0"}, Imports: []string{"a/internal"}}, withFile(pkg("a"), "a.go", registers)}, []string{"a", "a/nested"}},
		{"what it names in go:linkname", []*listed{pkg("b"), withFile(withFile(pkg("a"), "a.go", registers), "l.go", "package x\n\n//go:linkname f b.f\nfunc f()\n")}, []string{"a", "b"}},
		{"C code", []*listed{{ImportPath: "a", Module: &listedModule{Path: "a", Version: "v1.0.0"}, CgoFiles: []string{"a.go"}}}, []string{"a"}},
		{"assembly with a header elsewhere", []*listed{withFile(pkg("a"), "a.S", "#include \"textflag.h\"\n#include \"../asm.h\"\n"), withFile(pkg("b"), "b.s", "#include \"textflag.h\"\n")}, []string{"a"}},
		{"C code of the author", []*listed{{ImportPath: "own", Module: &listedModule{Path: "own"}, CgoFiles: []string{"a.go"}}}, nil},
		{"a registration of the author", []*listed{withFile(pkg("own"), "a.go", registers)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &build{packages: c.packages}
			if err := b.share(); err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(b.shared)); !slices.Equal(got, c.shared) {
				t.Errorf("shared %v, want %v", b.shared, c.shared)
			}
		})
	}
}

func TestWhatHasNoVersionCannotBeShared(t *testing.T) {
	for name, packages := range map[string][]*listed{
		"needed":  {withFile(pkg("a", "own"), "a.go", registers), pkg("own")},
		"spelled": {withFile(pkg("own"), "a.s", "TEXT own·f(SB), 0, $0\n")},
	} {
		b := &build{packages: packages}
		if err := b.share(); problem.CodeOf(err) != problem.BuildFailed || !strings.Contains(err.Error(), "package own") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRegistrationsAtTheStartAreFound(t *testing.T) {
	for _, c := range []struct{ imports, code, want string }{
		{`"database/sql"`, "func init() { sql.Register(\"x\", nil) }", "sql.Register"},
		{`db "database/sql"`, "func init() { if true { db.Register(\"x\", nil) } }", "sql.Register"},
		{`"expvar"`, "var x = expvar.NewMap(\"x\")", "expvar.NewMap"},
		{`"flag"`, "var (\n\ta = 1\n\tx = flag.Bool(\"x\", false, \"\")\n)", "flag.Bool"},
		{`"net/http"`, "func init() { http.HandleFunc(\"/x\", nil) }", "http.HandleFunc"},
		{`"runtime/pprof"`, "var p = pprof.NewProfile(\"x\")", "pprof.NewProfile"},
		{`"flag"`, "func Flags() { flag.Bool(\"x\", false, \"\") }", ""},
		{`"flag"`, "var set = flag.NewFlagSet(\"x\", 0)\n\nvar y = set.Bool(\"x\", false, \"\")", ""},
		{`"net/http"`, "var c = http.Client{}", ""},
		{`"example.com/flag"`, "var x = flag.Bool(\"x\", false, \"\")", ""},
		{`sql "example.com/sql"`, "func init() { sql.Register(\"x\", nil) }", ""},
		{`"flag"`, "type T struct{}\n\nfunc (T) init() { flag.Bool(\"x\", false, \"\") }", ""},
		{`"flag"`, "func (", ""},
	} {
		content := "package p\n\nimport " + c.imports + "\n\n" + c.code + "\n"
		if got := registration(file{"x.go", []byte(content)}); got != c.want {
			t.Errorf("%s\ngot %q, want %q", content, got, c.want)
		}
	}
	if got := registration(file{"x.txt", []byte(registers)}); got != "" {
		t.Errorf("in a text: %s", got)
	}
}

func TestPathsInAssemblyAreFound(t *testing.T) {
	b := &build{byPath: map[string]*listed{"example.com/a": {}, "example.com/b.c": {}, "single": {}}}
	for text, want := range map[string]string{
		"TEXT ·f(SB), 0, $0":                             "",
		"\tCALL runtime·memmove(SB)":                     "",
		"\tJMP\texample·com∕a·f(SB)":                     "example.com/a",
		"\tMOVQ $example·com∕b%2ec·table+8(SB), AX":      "example.com/b.c",
		"\tMOVQ single·x<>(SB), AX":                      "single",
		"\tCALL example·com∕a∕sub·f(SB)":                 "",
		"\tCALL internal∕cpu·X86(SB); CALL single·f(SB)": "single",
	} {
		if got := b.spelled(withFile(&listed{}, "x_amd64.s", text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if got := b.spelled(withFile(&listed{}, "x.go", "single·f")); got != "" {
		t.Errorf("in Go: %q", got)
	}
}

func TestTwoPackagesCannotGetOnePath(t *testing.T) {
	b := &build{packages: []*listed{pkg("own:example.com/x"), pkg("example.com/x")}, tree: tree{root: "r", main: "own"}}
	if _, err := b.renamed(); problem.CodeOf(err) != problem.BuildFailed || !strings.Contains(err.Error(), "own/example.com/x and example.com/x") {
		t.Errorf("got %v", err)
	}
}

func TestAModuleIsRecordedByWhatItsContentFollowsFrom(t *testing.T) {
	b := &build{shared: map[string]string{"example.com/s": "as asked"}}
	for _, c := range []struct {
		module *listedModule
		want   string
		listed bool
	}{
		{&listedModule{Path: "example.com/a", Version: "v1.0.0", Sum: "h1:a"}, "example.com/a@v1.0.0 h1:a", true},
		{&listedModule{Path: "example.com/s", Version: "v1.0.0", Sum: "h1:s"}, "example.com/s@v1.0.0 h1:s", true},
		{&listedModule{Path: "example.com/a", Version: "v1.0.0", Replace: &listedModule{Path: "example.com/fork", Version: "v1.0.1", Sum: "h1:f"}}, "example.com/fork@v1.0.1 h1:f", true},
		{&listedModule{Path: "example.com/a", Version: "v1.0.0", Replace: &listedModule{Path: "/home/me/a"}}, "", false},
		{&listedModule{Path: "example.com/own"}, "", false},
	} {
		got, listed := b.ingredient(c.module)
		if listed != c.listed || listed && (got.String() != c.want || (got.Shared != "") != (c.module.Path == "example.com/s")) {
			t.Errorf("%+v: %+v, %t", c.module, got, listed)
		}
	}
}
