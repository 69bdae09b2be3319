package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
)

// TestAPluginIsBuiltForARunningHost asks the server for toolchain and flags
// instead of reading this program.
func TestAPluginIsBuiltForARunningHost(t *testing.T) {
	data, dir := t.TempDir(), filepath.Join(t.TempDir(), "myrisk")
	must(t, data, "new", "myrisk", "--dir", dir)
	out := filepath.Join(dir, "dist")
	refused(t, command(t, data, "build", dir, "--kind", "native", "--host", "host", "--out", out), exitError, "")
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 0 {
		t.Errorf("without a server there is %v, %v", entries, err)
	}
	serving(t, data, serveOptions{})
	var made struct{ Artifacts []built }
	if err := json.Unmarshal([]byte(must(t, data, "build", dir, "--kind", "native", "--host", "host", "--out", out, "--json")), &made); err != nil {
		t.Fatal(err)
	}
	if len(made.Artifacts) != 1 || made.Artifacts[0].Kind != nativeplugin.Kind {
		t.Fatalf("built %+v", made.Artifacts)
	}
	recipe, err := nativeplugin.RecipeOf(made.Artifacts[0].Path)
	if err != nil || !reflect.DeepEqual(recipe, made.Artifacts[0].Recipe) || recipe.Strategy != "myrisk" || recipe.Version != "0.1.0" {
		t.Fatalf("recipe %+v, %v", recipe, err)
	}
	write(t, filepath.Join(dir, "more.go"), "package main\n\nvar more = 1\n")
	refused(t, command(t, data, "build", dir, "--recipe", made.Artifacts[0].Path, "--out", t.TempDir()), exitInvalid, "the sources differs")
}

func TestOptionsOfPluginsAreForPlugins(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "strategy.json"), sourceText)
	write(t, filepath.Join(dir, "golden.json"), goldenText)
	for _, args := range [][]string{
		{"--host", "host"},
		{"--kind", "wasm", "--recipe", "x.so"},
		{"--share", "example.com/x"},
		{"--host", "host", "--recipe", "x.so"},
	} {
		refused(t, command(t, dir, append([]string{"build", dir}, args...)...), exitUsage, "")
	}
	write(t, filepath.Join(dir, "host"), "no executable")
	refused(t, command(t, dir, "build", dir, "--kind", "native", "--host", filepath.Join(dir, "host"), "--out", dir), exitInvalid, "native_toolchain_mismatch")
	refused(t, command(t, dir, "build", dir, "--recipe", filepath.Join(dir, "host"), "--out", dir), exitInvalid, "native_malformed")
}

func TestWhatIsNotCopiedIsSaid(t *testing.T) {
	var text strings.Builder
	printBuilt(&text, []built{{}, {Recipe: &nativeplugin.Recipe{Modules: []nativeplugin.RecipeModule{
		{Path: "example.com/a", Version: "v1.0.0"}, {Path: "example.com/b", Version: "v1.2.0", Shared: "it has C code"},
	}}}})
	if got := text.String(); !strings.Contains(got, "example.com/b@v1.2.0 is not copied: it has C code") || strings.Contains(got, "example.com/a") {
		t.Errorf("printed\n%s", got)
	}
}
