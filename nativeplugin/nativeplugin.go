// Package nativeplugin is the driver of kind "native": strategies that are Go
// plugins (go build -buildmode=plugin) and run inside of the host process.
//
// Package plugin has sharp edges: an open that fails poisons later ones, some
// files kill the process inside of dlopen, a plugin can never be unloaded, and
// its check of shared packages sees export data only. So a plugin goes through
// three gates, and each one is passed before the next is tried.
//
// # Pre-flight
//
// The file is read, not opened. A [Report] lists every [Difference]:
//
//   - the file: a complete 64-bit ELF file built as a Go plugin for this machine,
//     with no C constructors (INIT_ARRAY of at most 16 bytes, no PREINIT_ARRAY),
//     no C libraries beyond the C library's and the host's, and a symbol
//     NewStrategy in its main package;
//   - the build: Go toolchain with experiments, GOOS, GOARCH, GOAMD64, -trimpath,
//     -race, -msan, -asan, -cover, -tags, -gcflags, -asmflags, cgo equal to the
//     host's (a lower GOAMD64 is harmless);
//   - the import path: not that of another plugin of the process;
//   - the modules of shared packages: equal version and checksum, no replace
//     directive. Of the host's own checkout only the contract (abi, abi/wire) may
//     be shared;
//   - the fingerprints of shared packages: the symbols go:link.pkghash.<package>
//     in the dynamic symbol table, a Go string header each, hold what
//     plugin.Open compares;
//   - the sizes of shared data symbols, or a variable that grew would overlap
//     its neighbours in the host's memory. Two may differ: go:buildinfo and
//     runtime.islibrary.
//
// "Shared" means with the host or with any plugin opened before, whose
// definitions win in the order of loading.
//
// # Probe
//
// A child process, the same executable started with Config.Probe, opens the
// plugins that the host has open in the same order, then the candidate, looks
// NewStrategy up and calls it with the release's config. Package child says how
// the two talk and what makes a verdict count; an exit code proves nothing. The
// child has no network where the kernel allows that: a
// constructor does not reach out, that is what Validate is for. Its memory, CPU
// time and wall clock are bounded. It does not inherit SWAPLINE_TOKEN and what
// telemetry is configured by, and processes that it leaves behind are ended where
// the kernel allows a namespace for them.
//
// Request and verdict are one JSON object each; the config is in the form of
// package wire:
//
//	{"loaded": ["/store/a1..."], "candidate": "/store/b2...", "strategy": "risk",
//	 "version": "1.2.0", "config": "oWNtYXgYZA==", "now": "2026-01-02T03:04:05Z"}
//	{"stage": "constructed", "methods": ["Execute"]}
//
// Stages are replay, open, symbol, type, construct and constructed; all but the
// last carry "error".
//
// # Open
//
// The process opens one plugin at a time and each artifact digest once; a
// rollback finds it open and only makes a new strategy. If an open fails or
// does not return after the probe succeeded, the process is degraded: releases
// that are open go on and can be made again, new ones are refused until the
// process is renewed. What is open stays mapped until the process ends, some 2
// to 6 MB each, so Config.MaxPlugins refuses before memory does.
//
// # What it does not promise
//
// A plugin has all rights of the process. A panic in a call is recovered; a
// panic in a goroutine that the plugin started, a fatal error of the Go runtime
// and os.Exit end the process. Code that is not trusted belongs into Wasm.
package nativeplugin

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Config configures a driver.
type Config struct {
	// Probe is the command line of the throw-away child: this executable with
	// arguments that make it call [ProbeMain]. Required.
	Probe []string
	// MaxPlugins bounds how many plugins one process opens; 0 means 64.
	MaxPlugins int
	// ProbeTimeout bounds one probe, OpenTimeout one open in this process; 0
	// means 30 seconds.
	ProbeTimeout, OpenTimeout time.Duration
}

// defaults of [Config].
const (
	defaultMaxPlugins = 64
	defaultTimeout    = 30 * time.Second
)

// Driver loads plugins into this process. It is safe for concurrent use. As
// package plugin knows one set of plugins per process, so should a process have
// one Driver.
type Driver struct {
	config Config
	turn   chan struct{} // holds one token; whoever has it may read and open plugins

	resident *resident // nil until the first load; belongs to the holder of the turn

	mu struct {
		sync.Mutex
		open     map[manifest.Digest]*opened
		order    []*opened
		degraded error // why no new plugin may be opened
	}
}

// opened is a plugin that is mapped into the process for good.
type opened struct {
	digest    manifest.Digest
	path      string
	size      int64
	construct abi.Constructor
}

// New makes a driver. In a build that cannot open plugins (without cgo, not
// Linux) it works too and refuses every load with the reason.
func New(c Config) (*Driver, error) {
	if len(c.Probe) == 0 {
		return nil, problem.New(problem.Internal, "nativeplugin: Config.Probe is required")
	}
	if c.MaxPlugins <= 0 {
		c.MaxPlugins = defaultMaxPlugins
	}
	if c.ProbeTimeout <= 0 {
		c.ProbeTimeout = defaultTimeout
	}
	if c.OpenTimeout <= 0 {
		c.OpenTimeout = defaultTimeout
	}
	d := &Driver{config: c, turn: make(chan struct{}, 1)}
	d.mu.open = map[manifest.Digest]*opened{}
	d.turn <- struct{}{}
	return d, nil
}

// Load implements driver.Driver.
func (d *Driver) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	host, err := spec.Host()
	if err != nil {
		return nil, err
	}
	file, err := hold(spec.Path, spec.Manifest.Artifact)
	if err != nil {
		return nil, err
	}
	defer file.close()
	select {
	case <-d.turn:
	case <-ctx.Done():
		return nil, problem.New(problem.Canceled, "gave up while another plugin was being opened: %w", ctx.Err())
	}
	o, err := d.find(ctx, spec, file)
	d.turn <- struct{}{}
	if err != nil {
		return nil, err
	}
	in := &instance{spec: spec}
	if in.strategy, err = in.calls.Construct(ctx, o.construct, host); err != nil {
		return nil, fmt.Errorf("%s %s: %w", spec.Manifest.Name, spec.Manifest.Version, err)
	}
	return in, nil
}

// find returns the plugin of the release's artifact and opens it if need be.
// The caller has the turn.
func (d *Driver) find(ctx context.Context, spec driver.Spec, file *held) (*opened, error) {
	d.mu.Lock()
	o, degraded, count := d.mu.open[spec.Manifest.Artifact.SHA256], d.mu.degraded, len(d.mu.order)
	d.mu.Unlock()
	switch {
	case o != nil:
		return o, nil
	case degraded != nil:
		return nil, problem.New(problem.NativeDegraded, "an earlier plugin could not be opened, so this process opens no new ones: %w", degraded).
			Cure("restart the host; releases that are loaded go on meanwhile")
	case count >= d.config.MaxPlugins:
		return nil, problem.New(problem.NativeBudget, "this process has opened as many plugins as it may").
			Want("fewer than %d", d.config.MaxPlugins).Got("%d", count).
			Cure("restart the host: plugins cannot be unloaded; or raise the limit")
	}
	return d.admit(ctx, spec, file)
}

// admit takes a new plugin through the three gates.
func (d *Driver) admit(ctx context.Context, spec driver.Spec, file *held) (*opened, error) {
	im, err := parseImage(spec.Path, file.f, file.size)
	if err != nil {
		return nil, err
	}
	if err := d.readSelf(); err != nil {
		return nil, err
	}
	if err := d.resident.preflight(im).Err(); err != nil {
		return nil, err
	}
	if err := d.probe(ctx, spec); err != nil {
		return nil, err
	}
	if err := cmp.Or(file.check(spec.Manifest.Artifact), file.unchanged()); err != nil {
		return nil, err
	}
	o := &opened{digest: spec.Manifest.Artifact.SHA256, path: spec.Path, size: file.size}
	if o.construct, err = d.open(o.path); err != nil {
		return nil, err
	}
	if err := file.unchanged(); err != nil {
		return nil, d.degrade(err)
	}
	d.resident.add(im, fmt.Sprintf("%s %s", spec.Manifest.Name, spec.Manifest.Version))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.open[o.digest] = o
	d.mu.order = append(d.mu.order, o)
	return o, nil
}

// readSelf reads this executable once. The caller has the turn.
func (d *Driver) readSelf() error {
	if d.resident != nil {
		return nil
	}
	self, err := readHost(Self())
	if err == nil {
		d.resident = newResident(self)
	}
	return err
}

// open opens the plugin in this process. A failure here cannot be undone and
// degrades the process.
func (d *Driver) open(path string) (abi.Constructor, error) {
	type answer struct {
		symbol any
		err    error
	}
	done := make(chan answer, 1)
	go func() {
		a := answer{err: errStructure("it ended its goroutine while it was opened")}
		defer func() {
			if r := recover(); r != nil {
				a.err = fmt.Errorf("it panicked while it was opened: %v", r)
			}
			done <- a
		}()
		a.symbol, a.err = openSymbol(path)
	}()
	var a answer
	limit := time.NewTimer(d.config.OpenTimeout)
	defer limit.Stop()
	select {
	case a = <-done:
	case <-limit.C:
		a.err = fmt.Errorf("it did not open within %s", d.config.OpenTimeout)
	}
	construct, ok := a.symbol.(abi.Constructor)
	if a.err == nil && !ok {
		a.err = fmt.Errorf("%s is a %T", abi.ConstructorSymbol, a.symbol)
	}
	if a.err != nil {
		return nil, d.degrade(a.err)
	}
	return construct, nil
}

func (d *Driver) degrade(cause error) error {
	err := problem.New(problem.NativeOpen, "the plugin passed the probe but could not be opened here: %w", cause).
		Cure("restart the host; until then it opens no new plugins")
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.degraded = err
	return err
}

// Status tells about all plugins of the process.
type Status struct {
	// Plugins is how many are open; they stay until the process ends.
	Plugins, MaxPlugins int
	// MemoryBytes is roughly what they hold: the sum of their files' sizes.
	MemoryBytes int64
	// Degraded says why no new plugin may be opened; nil if all is well.
	Degraded error
}

// Status returns the state of the moment.
func (d *Driver) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{Plugins: len(d.mu.order), MaxPlugins: d.config.MaxPlugins, Degraded: d.mu.degraded}
	for _, o := range d.mu.order {
		s.MemoryBytes += o.size
	}
	return s
}

// loaded lists the files of the open plugins in the order of opening.
func (d *Driver) loaded() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, o := range d.mu.order {
		list = append(list, o.path)
	}
	return list
}

// Close implements driver.Driver. Plugins cannot be unloaded, so it frees
// nothing.
func (d *Driver) Close(context.Context) error { return nil }

var _ driver.Driver = (*Driver)(nil)
