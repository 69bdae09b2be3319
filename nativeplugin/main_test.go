package nativeplugin_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// probeArgument makes the test binary the driver's throw-away child.
const probeArgument = "native-probe"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == probeArgument {
		os.Exit(nativeplugin.ProbeMain())
	}
	if len(os.Args) == 2 && os.Args[1] == workerArgument {
		os.Exit(nativeplugin.WorkerMain())
	}
	if scene := os.Getenv("SWAPLINE_TEST_SCENE"); scene != "" {
		os.Exit(playScene(scene))
	}
	os.Exit(runTests(m))
}

// runTests gives every test the same folder of built plugins: a process keeps
// what it opened, and building is what takes time.
func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "swapline-native-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	workshop.dir = dir
	return m.Run()
}

// shop builds plugins once and shares them, and has the one driver of the
// process.
type shop struct {
	dir    string
	mu     sync.Mutex
	built  map[string]*product
	driver *nativeplugin.Driver
}

type product struct {
	once   sync.Once
	path   string
	result pluginbuild.Result
	err    error
}

var workshop = &shop{built: map[string]*product{}}

func (s *shop) product(name string) *product {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.built[name] == nil {
		s.built[name] = &product{}
	}
	return s.built[name]
}

// sharedDriver is the driver of this process.
func sharedDriver(t testing.TB) *nativeplugin.Driver {
	t.Helper()
	workshop.mu.Lock()
	defer workshop.mu.Unlock()
	if workshop.driver == nil {
		d, err := newDriver()
		if err != nil {
			t.Fatal(err)
		}
		workshop.driver = d
	}
	return workshop.driver
}

func newDriver() (*nativeplugin.Driver, error) {
	return nativeplugin.New(nativeplugin.Config{Probe: []string{nativeplugin.Self(), probeArgument}, Worker: []string{nativeplugin.Self(), workerArgument}, ProbeTimeout: time.Minute, QuietPeriod: 50 * time.Millisecond})
}

// strategySource is a folder of a strategy: file name to content.
type strategySource map[string]string

// module writes the sources as a module that finds the contract in this
// checkout, and returns its folder.
func (s strategySource) module(dir string) (string, error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return "", err
	}
	files := strategySource{"go.mod": "module example.com/strategy\n\ngo 1.26.0\n\nrequire github.com/swapline/swapline v0.0.0\n\nreplace github.com/swapline/swapline => " + root + "\n"}
	for name, content := range s {
		files[name] = content
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// release builds a release of strategy "risk" with pluginbuild.
func release(t testing.TB, version string, s strategySource) *product {
	t.Helper()
	p := workshop.product(version)
	p.once.Do(func() {
		var dir string
		if dir, p.err = s.module(filepath.Join(workshop.dir, "src-"+version)); p.err != nil {
			return
		}
		p.path = filepath.Join(workshop.dir, "risk-"+version+".so")
		p.result, p.err = pluginbuild.Build(context.Background(), pluginbuild.Config{
			Dir: dir, Output: p.path, Strategy: "risk", Version: version,
		})
	})
	if p.err != nil {
		t.Fatalf("build %s: %v", version, p.err)
	}
	return p
}

// foreign builds a plugin as somebody would who does not use pluginbuild.
func foreign(t *testing.T, name string, s strategySource, flags ...string) string {
	t.Helper()
	p := workshop.product("foreign-" + name)
	p.once.Do(func() { p.path, p.err = buildForeign(name, s, flags) })
	if p.err != nil {
		t.Fatalf("build %s: %v", name, p.err)
	}
	return p.path
}

func buildForeign(name string, s strategySource, flags []string) (string, error) {
	dir, err := s.module(filepath.Join(workshop.dir, "src-"+name))
	if err != nil {
		return "", err
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return "", err
	}
	work := filepath.Join(dir, "go.work")
	mod := "module example.com/" + name + "\n\ngo 1.26.0\n" + s["require"]
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644); err != nil {
		return "", err
	}
	if err := writeRecipe(dir, name); err != nil {
		return "", err
	}
	if s["go.work"] == "" {
		if err := os.WriteFile(work, []byte("go 1.26.0\nuse .\nuse "+root+"\n"), 0o644); err != nil {
			return "", err
		}
	}
	out := filepath.Join(workshop.dir, name+".so")
	args := append([]string{"build", "-buildvcs=false", "-o", out, "-race=" + cmp.Or(ownSetting("-race"), "false")}, flags...)
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK="+work, "GOFLAGS=-buildvcs=false")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd.Args, err, text)
	}
	return out, nil
}

// writeRecipe gives a foreign build the recipe that pluginbuild would give it,
// unless its sources have one.
func writeRecipe(dir, name string) error {
	file := filepath.Join(dir, "recipe.go")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	contract, err := swapline.Contract()
	if err != nil {
		return err
	}
	text, err := json.Marshal(nativeplugin.Recipe{Strategy: "risk", Version: "9.0.0", ImportPath: "example.com/" + name, Go: runtime.Version(), Contract: contract})
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte("package main\n\nvar "+nativeplugin.RecipeVariable+" = "+strconv.Quote(string(text))+"\n"), 0o644)
}

// ownSetting is how this test binary was built.
func ownSetting(key string) string {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// spec describes the file as a verified release.
func spec(t *testing.T, path, version string, config map[string]any) driver.Spec {
	t.Helper()
	s, err := specOf(path, version, config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func specOf(path, version string, config map[string]any) (driver.Spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return driver.Spec{}, err
	}
	sum := sha256.Sum256(data)
	return driver.Spec{
		Digest: manifest.DigestOf(sha256.Sum256([]byte(path + version))),
		Manifest: &manifest.Manifest{
			Name: "risk", Version: version, Kind: nativeplugin.Kind, Config: config,
			Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sum), Size: int64(len(data))},
		},
		Path: path,
	}, nil
}

// load loads a release that must load.
func load(t *testing.T, p *product, version string, config map[string]any) driver.Instance {
	t.Helper()
	in, err := sharedDriver(t).Load(context.Background(), spec(t, p.path, version, config))
	if err != nil {
		t.Fatalf("load %s: %v", version, err)
	}
	return in
}

// answer executes and returns one field of the answer.
func answer(t *testing.T, in driver.Instance, input map[string]any, field string) any {
	t.Helper()
	out, err := in.Execute(context.Background(), input)
	if err != nil {
		t.Fatal(err)
	}
	return out[field]
}

// wantCode checks the problem's code and that its text holds all words.
func wantCode(t *testing.T, err error, code problem.Code, words ...string) {
	t.Helper()
	if got := problem.CodeOf(err); got != code {
		t.Fatalf("code %q, want %q: %v", got, code, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}
