// Package pluginbuild builds a strategy as a Go plugin that its host can load,
// also beside other versions of the same strategy.
//
// Two facts of package plugin decide how. A process refuses two different
// builds of one import path, and that holds for every package of the plugin,
// not only for its main package: a helper whose body changed blocks the
// upgrade, and so does a library of another version. And a package that host and
// plugin share must have the same fingerprint in both, which depends on
// toolchain, flags and, without -trimpath, on the folder of the sources.
//
// # What Build does
//
//  1. It takes toolchain, flags, tags and architecture level from the host's
//     profile (Config.Host), which can be that of a running host elsewhere. What
//     the caller's environment says about these is ignored. A go command of
//     another version fetches the host's toolchain (GOTOOLCHAIN).
//
//  2. It lists the packages of the main package in Config.Dir (go list -deps)
//     and refuses sources of the contract that are not the host's: another
//     version, or, when the host was built from a checkout, another digest
//     (swapline.ContractDigest).
//
//  3. It copies all packages but the standard library and the contract (abi,
//     abi/wire), so that a process shares nothing else with the release. The
//     copies get import paths of their own,
//
//     swapline.release/<strategy>/v<version>_<digest>/<path>
//
//     where dots of the version become underscores, digest is the first eight
//     hex digits of the SHA-256 of the recipe, and path is that within the
//     module of the main package, or the whole import path of other modules.
//     Only import specifications and the targets of go:linkname change in the
//     files; lines stay where they were. Embedded and C files come along, files
//     that build constraints leave out do not. C symbols become invisible
//     outside of the plugin, as a process has one C function of a name.
//
//  4. It adds a file to the main package's copy with the recipe as a variable
//     (nativeplugin.RecipeVariable).
//
//  5. It builds in a temporary workspace (go.work) made of the copies and, when
//     the host was built from a checkout, of the checkout that the contract
//     resolves to in Config.Dir, so that the contract is a main module on both
//     sides and has the same fingerprint.
//
//  6. It compares the result with the host and what it has loaded without
//     opening it (nativeplugin.Profile.Inspect) and refuses to write a plugin
//     that would not load.
//
// # Modules that are shared
//
// Some modules with a version keep their import paths: the process has them
// once, with their variables, whichever release came first. They are
//
//   - those with C code, whose symbols a process has once,
//   - those with assembly that spells out an import path or includes a file of
//     another folder,
//   - those that enter a name into a table of the standard library when they
//     start, which a second copy cannot: database/sql.Register, expvar, flag,
//     net/http.Handle and a few more,
//   - those in Config.Share,
//   - those that a shared module imports, and those that import an internal
//     package of one.
//
// If host or loaded plugins have packages of a shared module, its version must
// be theirs; Build says so before it compiles. Modules without a version cannot
// be shared.
//
// # Same sources, same bytes
//
// With -trimpath the bytes follow from the recipe, the sources, and the C
// compiler and linker; not from folders, users, caches or time. Config.Like
// builds a plugin again and holds the result to its bytes.
//
// # Worked example
//
// The strategy "risk", version 1.2.0, in module example.com/acme/strategies has
// its main package in ./risk and imports ./internal/score:
//
//	example.com/acme/strategies/risk            -> swapline.release/risk/v1_2_0_5f1c09aa/risk
//	example.com/acme/strategies/internal/score  -> swapline.release/risk/v1_2_0_5f1c09aa/internal/score
//	golang.org/x/text/cases                     -> swapline.release/risk/v1_2_0_5f1c09aa/golang.org/x/text/cases
//	github.com/swapline/swapline/abi               stays: the contract
//	github.com/lib/pq                              stays: it calls sql.Register when it starts
//
// # Limits
//
// A copied package has its own registries: the OpenTelemetry provider that a
// host sets is not the plugin's, unless the module is in Config.Share. A
// registration in a function that init calls is not seen; the throw-away process
// in which the host tries the plugin finds it. C files and headers must lie in
// the folder of their package. The packages of other modules are compiled anew
// for each release.
//
// The sister package runtime/wasm/guestbuild builds the same sources for Wasm.
package pluginbuild

import (
	"context"
	"io"
	"os"
	"path/filepath"

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
	// Host is what shall load the plugin, with what it has loaded; nil is the
	// executable HostFile, and the running one if that is "".
	Host     *nativeplugin.Profile
	HostFile string
	// Like is a plugin that Build made before: it is built again, by its recipe
	// instead of for a host, and must become the same bytes.
	Like string
	// Share names modules, by their paths, that keep their import paths, so that
	// the process has their variables once.
	Share []string
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
	// Recipe tells how to repeat the build; it is in the plugin too.
	Recipe nativeplugin.Recipe
	// Report is the comparison with the host; empty with Config.Like.
	Report nativeplugin.Report
}

// Build builds the strategy and compares it with the host. Errors are problems:
// BuildFailed with the compiler's words and the author's own paths,
// NativeToolchain, NativeDependency or NativeConflict when the host cannot be
// matched, or what the comparison says. After an error Output is as it was
// before.
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
		{b.comparing(), b.compare},
		{"writing " + c.Output, b.install},
	} {
		b.say(step.name)
		if ctx.Err() != nil {
			return Result{}, interrupted(ctx)
		}
		if err := step.run(ctx); err != nil {
			return Result{}, err
		}
	}
	return Result{Path: b.config.Output, ImportPath: b.recipe.ImportPath, Recipe: *b.recipe, Report: b.report}, nil
}

// build is one run of Build.
type build struct {
	config     Config
	host       *nativeplugin.Profile // nil if like is set
	like       *like
	flags      flags
	temp       string // folder of everything temporary
	authorWork string // go.work of the author, if any

	main     *listed            // the strategy's main package
	packages []*listed          // all but the standard library and the contract, in go list's order
	byPath   map[string]*listed // the same by import path
	shared   map[string]string  // path of a module that is not copied -> why
	changed  bool               // whether shared grew
	contract contract
	recipe   *nativeplugin.Recipe
	tree     tree // the copies
	report   nativeplugin.Report
}

func prepare(c Config) (*build, error) {
	for _, path := range []*string{&c.Dir, &c.Output} {
		whole, err := filepath.Abs(*path)
		if err != nil {
			return nil, problem.New(problem.BuildFailed, "path %q: %w", *path, err)
		}
		*path = whole
	}
	b := &build{config: c, host: c.Host}
	err := b.readModel()
	if err != nil {
		return nil, err
	}
	if b.temp, err = os.MkdirTemp("", "swapline-build-"); err != nil {
		return nil, problem.New(problem.BuildFailed, "no temporary folder: %w", err)
	}
	return b, nil
}

// readModel finds out how to build: as the host was built, or as a plugin was.
func (b *build) readModel() (err error) {
	if b.config.Like != "" {
		if b.like, err = readLike(b.config.Like); err != nil {
			return err
		}
		b.host, b.flags = nil, flagsAs(b.like.recipe)
		return nil
	}
	if b.host == nil {
		if b.host, err = nativeplugin.ProfileOf(b.config.HostFile); err != nil {
			return err
		}
	}
	b.flags, err = flagsOf(b.host.Build)
	return err
}

// goVersion is the toolchain to use.
func (b *build) goVersion() string {
	if b.like != nil {
		return b.like.recipe.Go
	}
	return b.host.Build.GoVersion
}

func (b *build) say(line string) {
	if b.config.Progress != nil {
		_, _ = io.WriteString(b.config.Progress, line+"\n")
	}
}

func (b *build) comparing() string {
	if b.like != nil {
		return "comparing with " + b.config.Like
	}
	return "comparing with the host"
}

// compare runs the pre-flight against the host, or holds the bytes to those
// that shall come out.
func (b *build) compare(context.Context) (err error) {
	if b.like != nil {
		built, err := os.ReadFile(b.artifact())
		if err != nil {
			return problem.New(problem.BuildFailed, "the compiler wrote nothing: %w", err)
		}
		return b.reproduced(built)
	}
	if b.report, err = b.host.Inspect(b.artifact()); err != nil {
		return err
	}
	return b.report.Err()
}

// install moves the artifact to its place in one step.
func (b *build) install(context.Context) error {
	data, err := os.ReadFile(b.artifact())
	if err != nil {
		return problem.New(problem.BuildFailed, "the compiler wrote nothing: %w", err)
	}
	aside := b.config.Output + ".part"
	if err = os.WriteFile(aside, data, 0o644); err == nil {
		err = os.Rename(aside, b.config.Output)
	}
	if err != nil {
		os.Remove(aside)
		return problem.New(problem.BuildFailed, "output: %w", err)
	}
	return nil
}

func (b *build) artifact() string { return filepath.Join(b.temp, "plugin.so") }
