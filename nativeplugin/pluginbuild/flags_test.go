package pluginbuild

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
)

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

func TestFlagsAreRepeatedFromARecipe(t *testing.T) {
	f := flagsAs(&nativeplugin.Recipe{Flags: []string{"-buildmode=plugin", "-trimpath", "-race", "-tags=a,b", "-gcflags=all=-N"}, Env: []string{"GOAMD64=v3"}})
	if want := []string{"-trimpath", "-race", "-tags=a,b"}; !slices.Equal(f.list, want) || len(f.build) != 5 || !slices.Equal(f.env, []string{"GOAMD64=v3"}) {
		t.Errorf("got %+v", f)
	}
}

func TestReleasesOfGoAreRecognised(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8": "go1.26.8", "go1.26.8-X:jsonv2": "go1.26.8", "go1.27rc1": "go1.27rc1", "go1.26.8 X:jsonv2": "",
		"devel go1.27-abc": "", "": "",
	} {
		if got := release(version); got != want {
			t.Errorf("%q: %q, want %q", version, got, want)
		}
	}
}

// TestWhatTheCallerHasSetDoesNotChangeTheCode, and how modules are fetched is
// the caller's.
func TestWhatTheCallerHasSetDoesNotChangeTheCode(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("# mine\nGOAMD64=v3\nGOPRIVATE=example.com\n\nnonsense\nCGO_CFLAGS=-O0\nGOPROXY=off\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"GOENV": file, "GOFLAGS": "-race", "GOEXPERIMENT": "x", "CGO_ENABLED": "0", "GOPROXY": "direct", "GOTOOLCHAIN": "local"} {
		t.Setenv(name, value)
	}
	got := map[string]string{}
	for _, line := range environment() {
		name, value, _ := strings.Cut(line, "=")
		got[name] = value
	}
	for name, want := range map[string]string{"GOENV": "off", "GOPRIVATE": "example.com", "GOPROXY": "direct", "PATH": os.Getenv("PATH")} {
		if got[name] != want {
			t.Errorf("%s=%s, want %s", name, got[name], want)
		}
	}
	for _, name := range []string{"GOAMD64", "CGO_CFLAGS", "GOFLAGS", "GOEXPERIMENT", "CGO_ENABLED", "GOTOOLCHAIN"} {
		if value, ok := got[name]; ok {
			t.Errorf("%s=%s", name, value)
		}
	}
}
