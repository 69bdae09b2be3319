package pluginbuild_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime/problem"
)

// author writes a strategy with a helper and an embedded file into a new
// folder and returns it.
func author(t *testing.T, change map[string]string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"go.mod": "module example.com/acme\n\ngo 1.26.0\n\nrequire github.com/swapline/swapline v0.0.0\n\nreplace github.com/swapline/swapline => " + root + "\n",
		"risk/main.go": `package main

import (
	"context"
	_ "embed"

	sc "example.com/acme/internal/score"
	"github.com/swapline/swapline/abi"
)

//go:embed data/table.csv
var table string

type strategy struct{}

func NewStrategy(abi.Host) (abi.Strategy, error) { return strategy{}, nil }

func (strategy) Execute(context.Context, map[string]any) (map[string]any, error) {
	return map[string]any{"score": sc.Of(table)}, nil
}

func main() {}
`,
		"risk/data/table.csv":           "a,b\n",
		"risk/excluded_windows.go":      "package main\n\nimport _ \"example.com/acme/missing\"\n",
		"internal/score/score.go":       "package score\n\nfunc Of(s string) any { return int64(len(s)) }\n",
		"internal/score/unused_test.go": "package score\n\nthis is no Go\n",
	}
	for name, content := range change {
		files[name] = content
	}
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func build(t *testing.T, c pluginbuild.Config) (pluginbuild.Result, error) {
	t.Helper()
	c.Strategy, c.Version = "risk", "1.2.0-rc.1"
	if c.Output == "" {
		c.Output = filepath.Join(t.TempDir(), "risk.so")
	}
	return pluginbuild.Build(context.Background(), c)
}

func TestTheResultTellsHowItWasMade(t *testing.T) {
	var progress bytes.Buffer
	dir := author(t, nil)
	r, err := build(t, pluginbuild.Config{Dir: filepath.Join(dir, "risk"), Progress: &progress})
	if err != nil {
		t.Fatal(err)
	}
	if want := `^swapline\.release/risk/v1_2_0-rc_1_[0-9a-f]{8}/risk$`; !regexp.MustCompile(want).MatchString(r.ImportPath) {
		t.Errorf("import path %s, want %s", r.ImportPath, want)
	}
	if want := []string{"example.com/acme/internal/score", "example.com/acme/risk"}; !slices.Equal(r.Recipe.Packages, want) {
		t.Errorf("copied %v, want %v", r.Recipe.Packages, want)
	}
	embedded, err := nativeplugin.RecipeOf(r.Path)
	if err != nil || !reflect.DeepEqual(*embedded, r.Recipe) {
		t.Errorf("the plugin holds %+v, %v", embedded, err)
	}
	if r.Recipe.ImportPath != r.ImportPath || r.Recipe.Main != "example.com/acme/risk" || r.Recipe.Go != runtime.Version() || len(r.Recipe.Sources) != 64 {
		t.Errorf("recipe %+v", r.Recipe)
	}
	if contract, err := swapline.Contract(); err != nil || r.Recipe.Contract != contract {
		t.Errorf("contract %s, want %s, %v", r.Recipe.Contract, contract, err)
	}
	if r.Report.ImportPath != r.ImportPath || len(r.Report.Refusals()) != 0 || r.Report.Shared < 10 {
		t.Errorf("report %+v", r.Report)
	}
	if !strings.Contains(progress.String(), "compiling\n") {
		t.Errorf("progress %q", progress.String())
	}
}

func TestMistakesAreShownWithTheAuthorsPaths(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string
		words         []string
	}{
		"in the main package": {"risk/wrong.go", "package main\n\nvar x int = \"text\"\n", []string{"/risk/wrong.go:3:13: cannot use"}},
		"in the helper":       {"internal/score/wrong.go", "package score\n\nvar x = y\n", []string{"/internal/score/wrong.go:3:9: undefined: y", "# example.com/acme/internal/score"}},
		"between them":        {"internal/score/score.go", "package score\n", []string{"/risk/main.go:", "undefined: sc.Of"}},
		"unknown import":      {"risk/wrong.go", "package main\n\nimport _ \"example.com/acme/nowhere\"\n", []string{"wrong.go:3", "example.com/acme/nowhere"}},
		"a name of ours":      {"risk/swapline_recipe.go", "package main\n", []string{"/risk/swapline_recipe.go", "rename"}},
		"a variable of ours":  {"risk/wrong.go", "package main\n\nvar SwaplineRecipe int\n", []string{"/risk/wrong.go:3:5: SwaplineRecipe redeclared", "in the recipe that swapline build adds"}},
		"syntax":              {"risk/wrong.go", "package main\n\nfunc {\n", []string{"wrong.go:3"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := author(t, map[string]string{c.file: c.content})
			_, err := build(t, pluginbuild.Config{Dir: filepath.Join(dir, "risk")})
			if problem.CodeOf(err) != problem.BuildFailed {
				t.Fatalf("got %v", err)
			}
			for _, w := range append(c.words, "") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("no %q in %v", w, err)
				}
			}
			for _, w := range []string{"swapline.release", "swapline-build-"} {
				if strings.Contains(err.Error(), w) {
					t.Errorf("%q in %v", w, err)
				}
			}
		})
	}
}

func TestWhatDoesNotFitIsNotWritten(t *testing.T) {
	output := filepath.Join(t.TempDir(), "risk.so")
	if err := os.WriteFile(output, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := author(t, map[string]string{"risk/main.go": "package main\n\nimport _ \"github.com/swapline/swapline/abi\"\n\nfunc main() {}\n"})
	_, err := build(t, pluginbuild.Config{Dir: filepath.Join(dir, "risk"), Output: output})
	if problem.CodeOf(err) != problem.NativeSymbol {
		t.Fatalf("got %v", err)
	}
	if got, err := os.ReadFile(output); err != nil || string(got) != "old" {
		t.Errorf("output holds %q, %v", got, err)
	}
	if names, _ := filepath.Glob(output + "*"); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

func TestOtherFoldersAreRefused(t *testing.T) {
	dir := author(t, nil)
	for _, sub := range []string{"internal/score", "risk/data", "nowhere"} {
		if _, err := build(t, pluginbuild.Config{Dir: filepath.Join(dir, sub)}); problem.CodeOf(err) != problem.BuildFailed {
			t.Errorf("%s: %v", sub, err)
		}
	}
}

func TestTheConformanceStrategyOfThisModuleBuilds(t *testing.T) {
	r, err := build(t, pluginbuild.Config{Dir: "../../guests/tck"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(r.ImportPath, "/guests/tck") {
		t.Errorf("import path %s", r.ImportPath)
	}
}

func TestACancelledBuildSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := pluginbuild.Build(ctx, pluginbuild.Config{Dir: "../../guests/tck", Output: filepath.Join(t.TempDir(), "x.so")})
	if problem.CodeOf(err) != problem.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestARealModuleWithAssemblyIsCopied builds with golang.org/x/sys, of the
// version that this module uses.
func TestARealModuleWithAssemblyIsCopied(t *testing.T) {
	const module = "golang.org/x/sys"
	sums, err := exec.Command("grep", "^"+module+" ", "../../go.sum").Output()
	if err != nil {
		t.Fatal("the module is not in go.sum: ", err)
	}
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	used := module + "@" + strings.TrimSpace(string(version))
	imports := "\t\"golang.org/x/sys/cpu\"\n\t\"golang.org/x/sys/unix\""
	s, r := opened(t, user(t, string(sums), imports, "cpu.Initialized && unix.Getpid() > 0", used), "7.0.0")
	if score(t, s) != true {
		t.Error("the copied functions do not work")
	}
	wantModule(t, r, used, "")
}
