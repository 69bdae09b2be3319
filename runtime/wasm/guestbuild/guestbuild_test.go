package guestbuild_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
)

func TestTheConformanceStrategyBuildsTheSameTwice(t *testing.T) {
	var made [2]guestbuild.Result
	for i := range made {
		var err error
		output := filepath.Join(t.TempDir(), "tck.wasm")
		if made[i], err = guestbuild.Build(context.Background(), guestbuild.Config{Dir: "../../../guests/tck", Output: output}); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(output)
		if err != nil || int64(len(content)) != made[i].Size || !bytes.HasPrefix(content, []byte("\x00asm")) {
			t.Fatalf("%d bytes, %v, result %+v", len(content), err, made[i])
		}
	}
	if made[0].SHA256 != made[1].SHA256 || made[0].SHA256 == "" {
		t.Errorf("digests %s and %s", made[0].SHA256, made[1].SHA256)
	}
}

func TestMistakesOfTheAuthorAreShown(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"type error":        {"main.go": "package main\n\nfunc main() { var x int = \"\" }\n"},
		"no main package":   {"lib.go": "package lib\n"},
		"nothing":           {},
		"unknown directory": nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "strategy")
			write(t, dir, files)
			output := filepath.Join(t.TempDir(), "out.wasm")
			if err := os.WriteFile(output, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := guestbuild.Build(context.Background(), guestbuild.Config{Dir: dir, Output: output})
			if problem.CodeOf(err) != problem.BuildFailed {
				t.Fatalf("got %v", err)
			}
			if name == "type error" && !strings.Contains(err.Error(), "main.go:3:") {
				t.Errorf("no position in %v", err)
			}
			if got, err := os.ReadFile(output); err != nil || string(got) != "old" {
				t.Errorf("output holds %q, %v", got, err)
			}
			if left, _ := filepath.Glob(output + "*"); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// write writes a module into dir; nil leaves the folder out.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if files == nil {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	files["go.mod"] = "module example.com/strategy\n\ngo 1.26.0\n"
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
