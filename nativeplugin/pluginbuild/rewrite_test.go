package pluginbuild

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

func TestOnlyImportSpecificationsChange(t *testing.T) {
	renamed := map[string]string{"example.com/a": "unique/a", "example.com/a/b": "unique/a/b"}
	for _, c := range []struct{ name, src, want string }{
		{"grouped and named", "package p\n\nimport (\n\t\"fmt\"\n\tx \"example.com/a\"\n\t. `example.com/a/b`\n)\n", "package p\n\nimport (\n\t\"fmt\"\n\tx \"unique/a\"\n\t. \"unique/a/b\"\n)\n"},
		{"strings and comments stay", "package p // example.com/a\n\nimport _ \"example.com/a\"\n\nconst s = \"example.com/a\"\n", "package p // example.com/a\n\nimport _ \"unique/a\"\n\nconst s = \"example.com/a\"\n"},
		{"longer paths stay", "package p\n\nimport _ \"example.com/ab\"\n", "package p\n\nimport _ \"example.com/ab\"\n"},
		{"line directives do not mislead", "package p\n\n//line other.go:100\nimport _ \"example.com/a\"\n", "package p\n\n//line other.go:100\nimport _ \"unique/a\"\n"},
		{"build tags stay", "//go:build linux\n\npackage p\n\nimport \"example.com/a\"\n", "//go:build linux\n\npackage p\n\nimport \"unique/a\"\n"},
		{"what is no Go stays for the compiler", "package\n", "package\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(rewriteImports([]byte(c.src), renamed)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTheHostsFlagsAreUsed(t *testing.T) {
	host := &debug.BuildInfo{GoVersion: "go1.26.8-X:jsonv2", Settings: []debug.BuildSetting{
		{Key: "CGO_ENABLED", Value: "1"}, {Key: "-trimpath", Value: "true"}, {Key: "-race", Value: "true"}, {Key: "-tags", Value: "a,b"},
		{Key: "-gcflags", Value: "all=-N"}, {Key: "-ldflags", Value: "-X main.v=1"}, {Key: "GOAMD64", Value: "v3"},
		{Key: "GOEXPERIMENT", Value: "jsonv2"}, {Key: "CGO_CFLAGS", Value: "-O1"}, {Key: "vcs.time", Value: "now"},
	}}
	f, err := flagsOf(host)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"-trimpath", "-race", "-tags=a,b", "-gcflags=all=-N", "-buildmode=plugin", "-ldflags=-s -w"} {
		if !slices.Contains(f.build, want) {
			t.Errorf("no %s in %v", want, f.build)
		}
	}
	for _, want := range []string{"GOAMD64=v3", "GOEXPERIMENT=jsonv2", "CGO_CFLAGS=-O1", "GOTOOLCHAIN=go1.26.8", "CGO_ENABLED=1"} {
		if !slices.Contains(f.env, want) {
			t.Errorf("no %s in %v", want, f.env)
		}
	}
	if all := strings.Join(append(f.build, f.env...), " "); strings.Contains(all, "main.v") || strings.Contains(all, "vcs.time") {
		t.Errorf("what only the host needs is in %s", all)
	}
}

func TestAHostWithoutCgoIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	_, err := flagsOf(&debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "CGO_ENABLED", Value: "0"}}})
	if problem.CodeOf(err) != problem.NativeToolchain {
		t.Errorf("got %v", err)
	}
}
