package pluginbuild

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
)

// flags is how the host was built, as arguments and environment of go.
type flags struct {
	list  []string // for go list: what selects files
	build []string // for go build
	env   []string
}

// flagsAs repeats those of another build.
func flagsAs(r *nativeplugin.Recipe) flags {
	f := flags{build: r.Flags, env: r.Env}
	for _, flag := range r.Flags {
		name, _, _ := strings.Cut(flag, "=")
		if slices.Contains([]string{"-trimpath", "-race", "-msan", "-asan", "-tags"}, name) {
			f.list = append(f.list, flag)
		}
	}
	return f
}

// setting is one line of build info, "" if it is not there.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// flagsOf reads the flags back from build info. What only concerns linking of
// the host (-ldflags) is left out.
func flagsOf(host *debug.BuildInfo) (flags, error) {
	s := map[string]string{}
	for _, one := range host.Settings {
		s[one.Key] = one.Value
	}
	if s["CGO_ENABLED"] != "1" {
		return flags{}, problem.New(problem.NativeToolchain, "the host was built without cgo and cannot load plugins").
			Want("CGO_ENABLED=1").Got("CGO_ENABLED=%s", s["CGO_ENABLED"]).
			Cure("build the strategy with --kind wasm, or rebuild the host with CGO_ENABLED=1")
	}
	f := flags{}
	f.addSwitches(s)
	f.addEnvironment(s, host.GoVersion)
	return f, nil
}

func (f *flags) addSwitches(s map[string]string) {
	f.build = []string{"-buildmode=plugin", "-buildvcs=false", "-pgo=off", "-ldflags=-s -w"}
	for _, key := range []string{"-trimpath", "-race", "-msan", "-asan"} {
		if s[key] == "true" {
			f.build = append(f.build, key)
			f.list = append(f.list, key)
		}
	}
	if tags := s["-tags"]; tags != "" {
		f.build = append(f.build, "-tags="+tags)
		f.list = append(f.list, "-tags="+tags)
	}
	for _, key := range []string{"-gcflags", "-asmflags"} {
		if s[key] != "" {
			f.build = append(f.build, key+"="+s[key])
		}
	}
}

func (f *flags) addEnvironment(s map[string]string, goVersion string) {
	// An empty GOFLAGS would let the user's configuration file decide.
	f.env = []string{"GOFLAGS=-buildvcs=false", "CGO_ENABLED=1"}
	for _, key := range []string{"GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOARM", "GOEXPERIMENT", "GOFIPS140",
		"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"} {
		if v, ok := s[key]; ok && v != "" {
			f.env = append(f.env, key+"="+v)
		}
	}
	// Any other toolchain than a release can only be the one that is there.
	version := release(goVersion)
	if version == "" {
		version = "local"
	}
	f.env = append(f.env, "GOTOOLCHAIN="+version)
}

// release is the version of a released toolchain without its experiments, ""
// for any other one.
func release(goVersion string) string {
	version, _, _ := strings.Cut(goVersion, "-X:")
	version = strings.TrimSpace(version)
	if !strings.HasPrefix(version, "go1.") || strings.Contains(version, " ") {
		return ""
	}
	return version
}

// environment is the caller's without what changes the code that go makes,
// also where the caller has set that with go env -w.
func environment() []string {
	env := slices.DeleteFunc(append(savedEnvironment(), os.Environ()...), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return slices.Contains([]string{"GOENV", "GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GOARM", "GOARM64", "GOEXPERIMENT", "GOFIPS140",
			"GOTOOLCHAIN", "GO111MODULE", "GODEBUG", "GO_EXTLINK_ENABLED",
			"CGO_ENABLED", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"}, name)
	})
	return append(env, "GOENV=off")
}

// savedEnvironment is what the caller has set with go env -w: KEY=value.
func savedEnvironment() []string {
	file := os.Getenv("GOENV")
	if folder, err := os.UserConfigDir(); err == nil && file == "" {
		file = filepath.Join(folder, "go", "env")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] >= 'A' && line[0] <= 'Z' && strings.Contains(line, "=") {
			lines = append(lines, line)
		}
	}
	return lines
}
