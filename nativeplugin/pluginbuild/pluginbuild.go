// Package pluginbuild builds a strategy as a Go plugin that its host can load,
// also beside other versions of the same strategy.
//
// Two facts of package plugin decide how. A process refuses two different
// builds of one import path, and that holds for every package of the plugin,
// not only for its main package: a helper whose body changed blocks the
// upgrade. And a package that host and plugin share must have the same
// fingerprint in both, which depends on toolchain, flags and, without
// -trimpath, on the folder of the sources.
//
// # What Build does
//
//  1. It lists the packages of the main package in Config.Dir with the flags
//     and tags of the host (go list -deps).
//
//  2. It copies those that could differ between two builds under one import
//     path: all but the standard library, packages of modules with a version
//     and without replacement, and the contract (abi, abi/wire). The copies
//     get import paths of their own,
//
//     swapline.release/<strategy>/v<version>_<digest>/<path within the module>
//
//     where dots of the version become underscores and digest is the first
//     eight hex digits of the SHA-256 over the copied files, their paths and
//     the versions of the modules used. Packages of other unversioned modules
//     keep their whole import path behind that prefix. Only import
//     specifications change in the files; lines stay where they were. Embedded
//     and C files come along, files that build constraints leave out do not.
//
//  3. It builds in a temporary workspace (go.work) made of the copies and, when
//     the host was built from a checkout, of that checkout, so that the contract
//     is the main module on both sides and has the same fingerprint. The
//     checkout is what github.com/swapline/swapline resolves to in Config.Dir.
//
//  4. It compares the result with the host without opening it (the pre-flight of
//     package nativeplugin) and refuses to write a plugin that would not load.
//
// With -trimpath the same sources give the same bytes in any folder.
//
// # Worked example
//
// The strategy "risk", version 1.2.0, in module example.com/acme/strategies has
// its main package in ./risk and imports ./internal/score:
//
//	example.com/acme/strategies/risk            -> swapline.release/risk/v1_2_0_5f1c09aa/risk
//	example.com/acme/strategies/internal/score  -> swapline.release/risk/v1_2_0_5f1c09aa/internal/score
//	github.com/swapline/swapline/abi               stays: the contract
//	golang.org/x/text/cases                        stays: a versioned module
//
// Limits: go:linkname directives and assembly that spell out the import path of
// a copied package are not rewritten.
//
// The sister package runtime/wasm/guestbuild builds the same sources for Wasm.
package pluginbuild

import (
	"context"
	"debug/buildinfo"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
)

// Config says what to build and for which host.
type Config struct {
	// Dir is the folder of the strategy's main package.
	Dir string
	// Output is the file to write; it is replaced in one step.
	Output string
	// Strategy and Version name the release; they become part of the import
	// paths and so of every stack trace and profile.
	Strategy, Version string
	// HostFile is the executable that shall load the plugin; "" is the running
	// one.
	HostFile string
	// Host is the build info of the host; nil reads it from HostFile.
	Host *debug.BuildInfo
	// Progress receives one line at the start of each step; nil is silence.
	Progress io.Writer
}

// Result is a finished build.
type Result struct {
	// Path is Config.Output.
	Path string
	// ImportPath is the plugin's own path: the prefix of its functions in
	// stack traces and profiles.
	ImportPath string
	// Sources is the hex SHA-256 over what was copied.
	Sources string
	// Recipe tells how to repeat the build.
	Recipe Recipe
	// Report is the comparison with the host.
	Report nativeplugin.Report
}

// Recipe is what decided the bytes besides the sources.
type Recipe struct {
	Go       string   // version of the toolchain
	Flags    []string // of go build
	Env      []string // KEY=value, only what was set on purpose
	Packages []string // copied packages by their original import paths
	Modules  []string // path@version of the modules used as they are
}

// Build builds the strategy and compares it with the host. Errors are problems:
// BuildFailed with the compiler's words and the author's own paths, or what the
// comparison says. After an error Output is as it was before.
func Build(ctx context.Context, c Config) (Result, error) {
	b, err := prepare(c)
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(b.temp)
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"listing packages", b.list},
		{"copying sources", b.copy},
		{"compiling", b.compile},
		{"comparing with the host", b.compare},
		{"writing " + c.Output, b.install},
	} {
		b.say(step.name)
		if err := step.run(ctx); err != nil {
			return Result{}, err
		}
	}
	return b.result(), nil
}

// build is one run of Build.
type build struct {
	config     Config
	host       *debug.BuildInfo
	hostFile   string
	flags      flags
	temp       string // folder of everything temporary
	authorWork string // go.work of the author, if any

	main     *listed           // the strategy's main package
	packages []*listed         // all packages to copy, in go list's order
	modules  map[string]string // versioned modules used: path -> version
	contract *listedModule     // the module of the contract
	tree     tree              // the copies
	report   nativeplugin.Report
}

func prepare(c Config) (*build, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, problem.New(problem.BuildFailed, "folder %q: %w", c.Dir, err)
	}
	c.Dir = dir
	if c.Output, err = filepath.Abs(c.Output); err != nil {
		return nil, problem.New(problem.BuildFailed, "output %q: %w", c.Output, err)
	}
	b := &build{config: c, hostFile: c.HostFile, host: c.Host}
	if b.hostFile == "" {
		b.hostFile = nativeplugin.Self()
	}
	if b.host == nil {
		if b.host, err = buildinfo.ReadFile(b.hostFile); err != nil {
			return nil, problem.New(problem.BuildFailed, "host %s has no Go build information: %w", b.hostFile, err)
		}
	}
	if b.flags, err = flagsOf(b.host); err != nil {
		return nil, err
	}
	if b.temp, err = os.MkdirTemp("", "swapline-build-"); err != nil {
		return nil, problem.New(problem.BuildFailed, "no temporary folder: %w", err)
	}
	return b, nil
}

func (b *build) say(line string) {
	if b.config.Progress != nil {
		_, _ = io.WriteString(b.config.Progress, line+"\n")
	}
}

// compare runs the pre-flight against the host.
func (b *build) compare(context.Context) error {
	report, err := nativeplugin.Inspect(b.artifact(), b.hostFile)
	if err != nil {
		return err
	}
	b.report = report
	return report.Err()
}

// install moves the artifact to its place in one step.
func (b *build) install(context.Context) error {
	data, err := os.ReadFile(b.artifact())
	if err != nil {
		return problem.New(problem.BuildFailed, "the compiler wrote nothing: %w", err)
	}
	aside := b.config.Output + ".part"
	if err := os.WriteFile(aside, data, 0o644); err != nil {
		return problem.New(problem.BuildFailed, "output: %w", err)
	}
	if err := os.Rename(aside, b.config.Output); err != nil {
		os.Remove(aside)
		return problem.New(problem.BuildFailed, "output: %w", err)
	}
	return nil
}

func (b *build) artifact() string { return filepath.Join(b.temp, "plugin.so") }

func (b *build) result() Result {
	r := Recipe{Go: b.host.GoVersion, Flags: b.flags.build, Env: b.flags.env}
	for _, p := range b.packages {
		r.Packages = append(r.Packages, p.ImportPath)
	}
	r.Modules = b.moduleList("@")
	return Result{
		Path:       b.config.Output,
		ImportPath: b.tree.importPath(b.main.ImportPath),
		Sources:    b.tree.digest,
		Recipe:     r,
		Report:     b.report,
	}
}
