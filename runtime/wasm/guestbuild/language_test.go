package guestbuild_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/guests/sdktest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
)

const limitC = `#include "swapline.h"
sw_status sw_execute(sw_value in, sw_out *out) {
	sw_put_bool(out, "known", sw_exists(in));
	return SW_OK;
}
`

// build builds the files in a fresh folder, whose name has letters that mean
// something in a pattern.
func build(t *testing.T, files map[string]string) (guestbuild.Result, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a [strange] folder*")
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := guestbuild.Build(context.Background(), guestbuild.Config{Dir: dir, Output: filepath.Join(t.TempDir(), "out.wasm")})
	if errors.Is(err, guestbuild.ErrNoTool) {
		sdktest.NeedTool(t, err)
	}
	return r, err
}

func TestAFolderOfCIsBuiltWithTheSDK(t *testing.T) {
	r, err := build(t, map[string]string{"limit.c": limitC, "strategy.json": "{}"})
	if err != nil || r.Language != "C" || r.Size == 0 || !strings.Contains(r.Tool, "clang") {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestAnOptimizerOnThePathChangesNothing: some versions of clang run it unasked.
func TestAnOptimizerOnThePathChangesNothing(t *testing.T) {
	fake := t.TempDir()
	if err := os.WriteFile(filepath.Join(fake, "wasm-opt"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", fake+string(os.PathListSeparator)+os.Getenv("PATH"))
	if _, err := build(t, map[string]string{"limit.c": limitC}); err != nil {
		t.Fatal(err)
	}
}

func TestGoFilesComeFirst(t *testing.T) {
	_, err := build(t, map[string]string{"main.go": "package main\n\nfunc main() { mistake }\n", "go.mod": "module a.example/b\n\ngo 1.26.0\n", "limit.c": limitC})
	if problem.CodeOf(err) != problem.BuildFailed || !strings.Contains(err.Error(), "main.go:3:") {
		t.Fatalf("got %v, want the Go compiler's words", err)
	}
}

func TestMistakesInOtherLanguagesAreShown(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a mistake in C":           {map[string]string{"limit.c": "int mistake(void) { return x; }\n"}, "limit.c:1:"},
		"C without sw_execute":     {map[string]string{"limit.c": "int unused;\n"}, "sw_execute"},
		"a mistake in Cargo.toml":  {map[string]string{"Cargo.toml": "[package"}, "Cargo.toml"},
		"a mistake in Rust":        {map[string]string{"Cargo.toml": cargo("cdylib"), "src/lib.rs": "fn mistake() -> i32 { x }\n"}, "src/lib.rs:1:"},
		"Rust that is no cdylib":   {map[string]string{"Cargo.toml": cargo("rlib"), "src/lib.rs": ""}, "cdylib"},
		"a dependency not on disk": {map[string]string{"Cargo.toml": cargo("cdylib") + "[dependencies]\na = { path = \"../a\" }\n", "src/lib.rs": ""}, "dependency `a`"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := build(t, c.files)
			if problem.CodeOf(err) != problem.BuildFailed || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want %q", r, err, c.want)
			}
		})
	}
}

func cargo(crateType string) string {
	return "[package]\nname = \"limit\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"" + crateType + "\"]\n"
}

func TestACompilerThatIsMissingHasACure(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("RUSTC", "")
	for name, file := range map[string]string{"clang": "limit.c", "asc": "asconfig.json", "go": "main.go"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := guestbuild.Build(context.Background(), guestbuild.Config{Dir: dir, Output: filepath.Join(dir, "out.wasm")})
		if !errors.Is(err, guestbuild.ErrNoTool) || problem.CodeOf(err) != problem.BuildFailed || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A panic tells where it was; where the sources were is nobody's business.
func TestTheNamesOfFoldersStayOutOfARustModule(t *testing.T) {
	away := filepath.Join(t.TempDir(), "hidden")
	for name, content := range map[string]string{
		"Cargo.toml": "[package]\nname = \"apart\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
		"src/lib.rs": "pub fn at(i: usize) -> u8 {\n    if i > 1 {\n        panic!(\"no {}\", i)\n    }\n    7\n}\n",
	} {
		path := filepath.Join(away, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := build(t, map[string]string{
		"Cargo.toml": cargo("cdylib") + "[dependencies]\napart = { path = \"" + away + "\" }\n",
		"src/lib.rs": "#[no_mangle]\npub extern \"C\" fn at(i: usize) -> u8 {\n    apart::at(i)\n}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(module); !strings.Contains(text, "/apart/src/lib.rs") || strings.Contains(text, away) {
		t.Error("the module does not name its sources as /apart/src/lib.rs")
	}
}
