// Package compiler compiles modules in a child process. A module of a few
// kilobytes can keep a compiler busy for minutes or make it ask for gigabytes,
// and an engine that compiles can neither be stopped nor survive the end of
// memory. So a child with limits compiles, and the host's engine takes the
// machine code from its cache on disk.
//
// # Compiling
//
// [Compiler.Wrap] makes of an engine one whose Compile does this:
//
//  1. It looks for the module's seal: a file that names the engine's cache files
//     with their SHA-256. If there is one and the files are the sealed ones, the
//     next step is 5. Restarting a host with a hundred strategies starts no
//     child.
//  2. A child gets the module and an empty folder, and opens the same engine
//     with that folder as its cache. See package child for how it is confined;
//     [Limits] bounds it.
//  3. The child says which files it made and what their SHA-256 is. An exit code
//     proves nothing.
//  4. When the child has gone, the host compares: these files, no others, no
//     links, no folders without files, within the limit. Then it moves them into
//     the engine's cache, one rename each, and writes the seal last.
//  5. The engine compiles with a context that has ended: it takes the module
//     from the cache or fails. Should it fail because it looks for other files
//     than the child made, the seal is broken and a child starts once more.
//
// A refusal by the engine is the engine's own text. What exceeds a limit is a
// problem of code [problem.WasmCompileLimit] that says which limit.
//
// # What is kept
//
//	Dir/wazero/work/…              folders of children; emptied at the start
//	Dir/wazero/code/…              the engine's cache
//	Dir/wazero/seals/9f86d08188…   {"files":[{"name":"…","size":18,"sha256":"…"}]}
//
// A seal is named by the SHA-256 of the engine's name and version, the system
// and the module:
//
//	"swapline compiler 1\n" name "\n" version "\n" GOOS "/" GOARCH "\n" module
//
// The code is executed as it is found, and engines do not verify it well: wazero
// has a checksum of the instructions and none of the addresses at which functions
// begin. A file that was damaged is found by its SHA-256, removed and compiled
// again. That is against accidents. Whoever can write to Dir runs code in the
// host.
//
// When the files exceed [Config.CacheBytes] those go that were not used for
// longest, never those of a module that is open.
//
// # What a child is not
//
// The limits hold against modules that cost too much. They do not make the
// compiler right: the machine code that a child hands over runs in the host.
//
// One host uses a Dir at a time. A host that uses an engine without this package
// compiles in its own process; then package guard's bounds of effort are all
// that stands between it and a module.
package compiler

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
)

// Config sets up a compiler. Zero fields mean the default in brackets.
type Config struct {
	// Dir is the folder of all caches; it is made if it does not exist. Required.
	Dir string
	// Command is the program and the arguments of the child, which must call
	// [Main]. Required.
	Command []string
	// Limits bound a child.
	Limits Limits
	// Parallel is how many children run at the same time (1).
	Parallel int
	// CacheBytes bounds the files of each engine's cache (1 GiB).
	CacheBytes int64
	// Progress, if set, is told what a Compile does. It gets that call's context
	// and must return at once.
	Progress func(context.Context, Progress)
	// Log gets what was found damaged (discarded).
	Log *slog.Logger
}

// Limits bound one child. Zero fields mean the default in brackets. The default
// of Wall is below the time that the server leaves for an answer.
type Limits struct {
	CPU    time.Duration // of all processors, in whole seconds (30 s)
	Wall   time.Duration // from start to end (45 s)
	Memory int64         // bytes that it may use (1 GiB)
	Code   int64         // bytes of machine code, and of all that it leaves (256 MiB)
}

// Progress is one step of a Compile.
type Progress struct {
	Engine  string
	Stage   Stage
	Elapsed time.Duration // since Compile began
}

// Stage is what a Compile does.
type Stage string

// Stages in their order. A module that is in the cache has only StageLoading. A
// stage is reported when it begins, StageCompiling again every second.
const (
	StageWaiting   Stage = "waiting" // for other children
	StageCompiling Stage = "compiling"
	StageKeeping   Stage = "keeping"
	StageLoading   Stage = "loading"
)

// Source is an engine that can be opened on a cache.
type Source struct {
	// Name is the engine's name in manifests, Version that of its code.
	Name, Version string
	// Open opens the engine with dir as its cache. It is called in the host once
	// and in every child. The engine's Compile must, when its context has ended,
	// take the module from the cache or fail with the context's error or
	// wasm.ErrInterrupted.
	Open func(dir string) (wasm.Engine, error)
}

// Compiler bounds what all engines that it wraps compile.
type Compiler struct {
	config Config
	places chan struct{}
}

// New makes a compiler.
func New(c Config) (*Compiler, error) {
	if c.Dir == "" || len(c.Command) == 0 {
		return nil, errors.New("a compiler needs a folder and the command of its child")
	}
	c = c.orDefaults()
	return &Compiler{config: c, places: make(chan struct{}, c.Parallel)}, nil
}

func (c Config) orDefaults() Config {
	c.Limits = c.Limits.orDefaults()
	c.Parallel = positive(c.Parallel, 1)
	c.CacheBytes = positive(c.CacheBytes, 1<<30)
	if c.Progress == nil {
		c.Progress = func(context.Context, Progress) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (l Limits) orDefaults() Limits {
	return Limits{
		CPU: positive(l.CPU, 30*time.Second), Wall: positive(l.Wall, 45*time.Second),
		Memory: positive(l.Memory, 1<<30), Code: positive(l.Code, 256<<20),
	}
}

func positive[N ~int | ~int64](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

// Wrap opens an engine whose modules are compiled in children. Closing it closes
// the engine; the files stay.
func (c *Compiler) Wrap(s Source) (wasm.Engine, error) { return c.wrap(s, osFiles{}) }

func (c *Compiler) wrap(s Source, f files) (wasm.Engine, error) {
	dir := filepath.Join(c.config.Dir, s.Name)
	if err := private(dir); err != nil {
		return nil, err
	}
	kept, err := openStore(dir, c.config.CacheBytes, f, c.config.Log)
	if err != nil {
		return nil, problem.New(problem.StoreFailed, "the compilation cache cannot be used: %w", err)
	}
	inner, err := s.Open(kept.code)
	if err != nil {
		return nil, err
	}
	e := &engine{Engine: inner, compiler: c, source: s, store: kept, busy: map[key]chan struct{}{}}
	e.checkEngine()
	return e, nil
}

// private makes the folder for this user alone, or makes sure that nobody else
// can write to it.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return problem.New(problem.StoreFailed, "the compilation cache cannot be made: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return problem.New(problem.StoreFailed, "the compilation cache cannot be used: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return problem.New(problem.StoreFailed, "others can write to the compilation cache %s", dir).
			Want("mode %v", fs.FileMode(0o700)).Got("mode %v", mode).Cure("remove the folder; it is made again")
	}
	return nil
}
