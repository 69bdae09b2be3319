package pluginbuild

import (
	"runtime/debug"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// flags is how the host was built, as arguments and environment of go.
type flags struct {
	list  []string // for go list: what selects files
	build []string // for go build
	env   []string
}

// flagsOf reads the flags back from build info. What only concerns linking of
// the host (-ldflags) is left out.
func flagsOf(host *debug.BuildInfo) (flags, error) {
	s := map[string]string{}
	for _, setting := range host.Settings {
		s[setting.Key] = setting.Value
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
	for _, key := range []string{"GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOARM", "GOEXPERIMENT",
		"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"} {
		if v, ok := s[key]; ok && v != "" {
			f.env = append(f.env, key+"="+v)
		}
	}
	version, _, _ := strings.Cut(goVersion, "-X:")
	if version = strings.TrimSpace(version); strings.HasPrefix(version, "go1.") && !strings.Contains(version, " ") {
		f.env = append(f.env, "GOTOOLCHAIN="+version)
	}
}
