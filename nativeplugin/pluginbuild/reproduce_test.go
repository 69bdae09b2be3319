package pluginbuild_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime/problem"
)

// trimmed is a host that was built with -trimpath, as real ones are.
var trimmed struct {
	sync.Once
	file string
	err  error
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "swapline-host-")
	if err != nil {
		panic(err)
	}
	trimmed.file = filepath.Join(dir, "host")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func trimmedHost(t *testing.T) string {
	t.Helper()
	trimmed.Do(func() {
		c := exec.Command("go", "test", "-c", "-trimpath", "-o", trimmed.file, "..")
		c.Env = append(os.Environ(), "GOPROXY=", "GOMODCACHE=", "GOENV=")
		var out []byte
		if out, trimmed.err = c.CombinedOutput(); trimmed.err != nil {
			trimmed.file = string(out)
		}
	})
	if trimmed.err != nil {
		t.Fatalf("%v\n%s", trimmed.err, trimmed.file)
	}
	return trimmed.file
}

func bytesOf(t *testing.T, c pluginbuild.Config) []byte {
	t.Helper()
	r, err := build(t, c)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// underRace reports whether this test runs with the race detector, which shows
// nothing new where only the go command works.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestTheSameSourcesGiveTheSameBytes in another folder, for another user with
// other settings of go, and with an empty build cache.
func TestTheSameSourcesGiveTheSameBytes(t *testing.T) {
	host := trimmedHost(t)
	sums := proxy(t, map[string]published{"example.com/dep@v1.0.0": counter("v1.0.0", "1")})
	source := func() string { return user(t, sums, "\t\"example.com/dep\"", "dep.Next()", "example.com/dep@v1.0.0") }
	first := bytesOf(t, pluginbuild.Config{Dir: source(), HostFile: host})
	second := source()
	for _, folder := range []string{second, os.TempDir(), filepath.Dir(nativeplugin.Self())} {
		if folder != "/" && bytes.Contains(first, []byte(folder+"/")) {
			t.Errorf("the plugin holds the folder %s", folder)
		}
	}
	home := t.TempDir()
	write(t, filepath.Join(home, "env"), "GOAMD64=v3\nGOEXPERIMENT=jsonv2\nCGO_CFLAGS=-O0\n")
	for name, value := range map[string]string{
		"USER": "somebody", "LOGNAME": "somebody", "HOME": home, "GOENV": filepath.Join(home, "env"), "GOPATH": filepath.Join(home, "go"),
		"TMPDIR": t.TempDir(), "GOFLAGS": "-tags=other", "GOAMD64": "v2", "GOEXPERIMENT": "jsonv2", "CGO_LDFLAGS": "-g", "TZ": "Asia/Tokyo",
	} {
		t.Setenv(name, value)
	}
	if !testing.Short() && !underRace() {
		t.Setenv("GOCACHE", t.TempDir())
	}
	if !bytes.Equal(first, bytesOf(t, pluginbuild.Config{Dir: second, HostFile: host})) {
		t.Error("two folders, two results")
	}
}

func TestAPluginIsBuiltAgainByItsRecipe(t *testing.T) {
	dir := author(t, nil)
	c := pluginbuild.Config{Dir: filepath.Join(dir, "risk"), HostFile: trimmedHost(t), Output: filepath.Join(t.TempDir(), "first.so")}
	first := bytesOf(t, c)
	again := pluginbuild.Config{Dir: filepath.Join(author(t, nil), "risk"), Like: c.Output}
	if !bytes.Equal(first, bytesOf(t, again)) {
		t.Error("the recipe gives another plugin")
	}
	for what, change := range map[string]map[string]string{
		"the packages": {"risk/more.go": "package main\n\nimport _ \"example.com/acme/internal/more\"\n", "internal/more/more.go": "package more\n"},
		"the sources":  {"risk/more.go": "package main\n"},
	} {
		again.Dir = filepath.Join(author(t, change), "risk")
		_, err := build(t, again)
		wantWords(t, err, problem.BuildFailed, what)
	}
	_, err := pluginbuild.Build(context.Background(), pluginbuild.Config{Dir: c.Dir, Like: c.Output, Strategy: "risk", Version: "9.9.9"})
	wantWords(t, err, problem.BuildFailed, "the release", "9.9.9", "1.2.0-rc.1")
	harmed := filepath.Join(t.TempDir(), "harmed.so")
	write(t, harmed, string(first)+"more")
	again = pluginbuild.Config{Dir: c.Dir, Like: harmed}
	_, err = build(t, again)
	wantWords(t, err, problem.BuildFailed, "bytes")
	_, err = build(t, pluginbuild.Config{Dir: c.Dir, Like: nativeplugin.Self()})
	wantWords(t, err, problem.BuildFailed, "no recipe")
}

// TestAnotherHostIsSaidBeforeAnythingIsCompiled with what to do about it.
func TestAnotherHostIsSaidBeforeAnythingIsCompiled(t *testing.T) {
	dir := filepath.Join(author(t, nil), "risk")
	for name, c := range map[string]struct {
		change func(*nativeplugin.Profile)
		code   problem.Code
		words  []string
	}{
		"contract":                         {func(p *nativeplugin.Profile) { p.Contract = "sha256:other" }, problem.NativeDependency, []string{"sha256:other", "rebuild the host"}},
		"toolchain":                        {func(p *nativeplugin.Profile) { p.Build.GoVersion = "go1.26.1" }, problem.NativeToolchain, []string{"go1.26.1", "GOTOOLCHAIN=go1.26.1"}},
		"another toolchain than a release": {func(p *nativeplugin.Profile) { p.Build.GoVersion = "devel go1.27-abc" }, problem.NativeToolchain, []string{"devel go1.27-abc"}},
		"contract of a version": {func(p *nativeplugin.Profile) {
			p.Build.Main.Version, p.Build.Main.Sum = "v1.2.3", "h1:x"
		}, problem.NativeDependency, []string{"go get github.com/swapline/swapline@v1.2.3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOPROXY", "off")
			t.Setenv("GOMODCACHE", t.TempDir())
			profile, err := nativeplugin.ProfileOf("")
			if err != nil {
				t.Fatal(err)
			}
			c.change(profile)
			var progress bytes.Buffer
			_, err = build(t, pluginbuild.Config{Dir: dir, Host: profile, Progress: &progress})
			wantWords(t, err, c.code, c.words...)
			if strings.Contains(progress.String(), "copying") {
				t.Errorf("progress\n%s", progress.String())
			}
		})
	}
}

// atStep interrupts a build at its n-th step.
type atStep struct {
	n      int
	cancel context.CancelFunc
}

func (a *atStep) Write(line []byte) (int, error) {
	if a.n--; a.n == 0 {
		a.cancel()
	}
	return len(line), nil
}

// TestABuildThatEndsAtAnyStepLeavesNothing behind, and the old file as it was.
func TestABuildThatEndsAtAnyStepLeavesNothing(t *testing.T) {
	dir := filepath.Join(author(t, nil), "risk")
	output := filepath.Join(t.TempDir(), "risk.so")
	write(t, output, "old")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	const most = 20
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := pluginbuild.Build(ctx, pluginbuild.Config{Dir: dir, Output: output, Strategy: "risk", Version: "1.0.0", Progress: &atStep{n, cancel}})
		cancel()
		if left, _ := filepath.Glob(filepath.Join(temp, "swapline-build-*")); len(left) != 0 {
			t.Errorf("step %d left %v", n, left)
		}
		if names, _ := filepath.Glob(output + "*"); len(names) != 1 {
			t.Errorf("step %d left %v", n, names)
		}
		content, readErr := os.ReadFile(output)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if err == nil {
			if n != 6 || string(content) == "old" {
				t.Errorf("%d steps, output of %d bytes", n-1, len(content))
			}
			return
		}
		if problem.CodeOf(err) != problem.Canceled || string(content) != "old" || n > most {
			t.Fatalf("step %d: %v; output of %d bytes", n, err, len(content))
		}
	}
}
