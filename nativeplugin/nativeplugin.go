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
// The file is read, not opened. A [Report] lists every [Difference] to the host's
// [Profile], says whether it [Fails] (plugin.Open would refuse the plugin, or not
// survive it), is [Dangerous] (plugin.Open would accept it, and this package does
// not) or [Harmless], and names the command that cures it:
//
//   - the file: a complete 64-bit ELF file built as a Go plugin for this machine,
//     with no C constructors (INIT_ARRAY of at most 16 bytes, no PREINIT_ARRAY)
//     and a symbol NewStrategy in its main package;
//   - C libraries: none beyond the C library's own and the host's, no search path
//     for them, and no newer version of the C library than the host has;
//   - the build: Go toolchain with experiments, GOOS, GOARCH, GOAMD64, -trimpath,
//     -race, -msan, -asan, -cover, -tags, -gcflags, -asmflags, GOFIPS140, cgo equal
//     to the host's. A lower GOAMD64, flags for the main package alone, -ldflags
//     and whatever else build information shows are harmless;
//   - the plugin path: its import path, and not that of another plugin of the
//     process;
//   - where shared packages come from: modules of equal version and checksum,
//     without a replace directive. Of the host's own checkout only the contract
//     (abi, abi/wire) may be shared, and it has no version; it is accepted if the
//     digest of its sources in the plugin's [Recipe] is the one that the host
//     carries (swapline.Contract);
//   - the fingerprints of shared packages: the symbols go:link.pkghash.<package>
//     in the dynamic symbol table, a Go string header each, hold what
//     plugin.Open compares. They cover what a package exports, so a body or a
//     variable that changed leaves them alone: hence the two lines around this;
//   - the sizes of shared data symbols, or a variable that grew would overlap
//     its neighbours in the host's memory. Those that the linker makes for each
//     file may differ: go:buildinfo, runtime.islibrary, runtime.defaultGOROOT.str
//     and runtime.modinfo.str.
//
// A setting that differs is said to fail if it left its mark on a fingerprint.
// bench/drift holds all of that against what plugin.Open says.
//
// "Shared" means with the host or with any plugin opened before, whose
// definitions win in the order of loading.
//
// # Quarantine
//
// A child process, the same executable started with Config.Probe, opens the
// plugins that the host has open in the same order, then the candidate, and does
// with it all that the host would do. Package child says how the two talk and
// what makes a verdict count; an exit code proves nothing. The child is not the
// first process of its namespace, has no network, no file that the host
// inherited, at least four threads for Go code, and bounds for memory, CPU time,
// wall clock and tasks. It does not inherit SWAPLINE_TOKEN and what telemetry is
// configured by. What the kernel does not allow is left out.
//
// The stages:
//
//	replay     the plugins of the host are opened; then the child looks at itself
//	open       the packages of the candidate are initialised, NewStrategy is found
//	construct  with the release's config and the abilities that it was granted
//	claims     Points and Bindings are called, and the host judges the answers
//	validate   Validate is called for whether the process survives it: its error
//	           counts in the host alone, as there is no network here. It gets a
//	           context of 2 seconds and another 2 to return
//	golden     the manifest's golden cases, with the timeout of the release but
//	           not less than 5 seconds: a first call is slow, and the host may be busy
//	signals    the child sends itself SIGHUP, SIGINT and SIGTERM, which a host
//	           handles: they must reach the one who asked for them
//	quiet      nothing, for Config.QuietPeriod, with a garbage collection before
//	           and after: goroutines and finalizers have their time
//	done       the child looks at itself again
//
// Refused is who does not come back, or with a wrong answer; who panics, ends
// the goroutine or the process, crashes or takes all memory; whose methods are
// not those of the manifest; who writes to the descriptor of the verdict, or over
// 1 MiB to the standard streams; who leaves a process, over 1000 goroutines or
// over 256 open files; and who leaves the process in another state than it was
// in: working directory, environment, umask, resource limits, handling of
// signals, settings of the Go runtime (GC percent, memory limit, GOMAXPROCS, most
// stack and threads, profiling rates), credentials and flags of its threads,
// descriptors that were open before, or variables of the standard library that
// everybody shares (http.DefaultClient, time.Local, the default log and others).
// Each class has a code that begins with quarantine_, but for those that the
// host's own checks have: constructor_failed, golden_case_failed,
// method_set_mismatch, validate_failed. What could not even be opened is
// native_probe_failed.
//
// A second registration of a flag, an expvar variable or an HTTP pattern panics
// in the next version, so the first is told in the check's detail and the second
// refused with quarantine_clash.
//
// Request, notes and verdict are one JSON object each; the config and the cases
// are in the form of package wire:
//
//	{"loaded": ["/store/a1..."], "candidate": "/store/b2...", "strategy": "risk",
//	 "version": "1.2.0", "config": "oWNtYXgYZA==", "issued": "2026-01-02T03:04:05Z",
//	 "now": "2026-01-09T03:04:05Z", "capabilities": ["clock", "config"],
//	 "golden": [{"input": "oA==", "output": "oA=="}], "case_limit_ns": 5000000000,
//	 "quiet_ns": 500000000, "memory": 4294967296}
//	{"stage": "golden", "case": 0}
//	{"stage": "done", "methods": ["Execute"], "opened_ns": 21000000, "found": {"goroutines": 1,
//	 "where": ["1 by .../risk.NewStrategy at /src/risk.go:12"], "peak": 31000000,
//	 "grown": 1200000}}
//
// A verdict of another stage carries "error", and "how" where that was no plain
// error: panic, goexit or hang.
//
// The child shares the plugin's fate, so it cannot judge malice: code that waits
// for a date, finds out where it is, or reads the nonce from memory gets
// through. It catches mistakes.
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
	"runtime/pprof"
	"sync"
	"sync/atomic"
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
	// Worker is the command line of a worker process: this executable with
	// arguments that make it call [WorkerMain]. Releases of isolation "process"
	// need it.
	Worker []string
	// MaxPlugins bounds how many plugins one process opens; 0 means 64.
	MaxPlugins int
	// ProbeTimeout bounds the whole of one probe, OpenTimeout one open in this
	// process; 0 means 30 seconds.
	ProbeTimeout, OpenTimeout time.Duration
	// QuietPeriod is how long a probe waits, after the last call, for what
	// goroutines of the plugin do; 0 means 500 ms.
	QuietPeriod time.Duration
	// ProbeMemory bounds the address space of a probe, in bytes on top of what
	// the program has at its start; 0 means 4 GiB.
	ProbeMemory int64
	// Degraded is called once, on a goroutine of its own, when an open in this
	// process has failed and it can open no new plugins: time to renew it. nil
	// is nobody.
	Degraded func(cause error)
}

// defaults of [Config].
const (
	defaultMaxPlugins = 64
	defaultTimeout    = 30 * time.Second
	defaultQuiet      = 500 * time.Millisecond
	defaultMemory     = 4 << 30
)

// Driver loads plugins into this process. It is safe for concurrent use. As
// package plugin knows one set of plugins per process, so should a process have
// one Driver.
type Driver struct {
	config Config
	turn   chan struct{} // holds one token; whoever has it may read and open plugins

	resident resident
	passed   passed // artifacts for worker processes

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
	opening   time.Duration
	construct abi.Constructor
	examined  atomic.Pointer[driver.Finding] // until the load that it belongs to takes it
	about     Resident
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
	if c.QuietPeriod <= 0 {
		c.QuietPeriod = defaultQuiet
	}
	if c.ProbeMemory <= 0 {
		c.ProbeMemory = defaultMemory
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
	if spec.Manifest.Isolation == manifest.IsolationProcess {
		return d.isolate(ctx, spec, file)
	}
	select {
	case <-d.turn:
	case <-ctx.Done():
		return nil, problem.New(problem.Canceled, "gave up while another plugin was being opened: %w", ctx.Err())
	}
	began := time.Now()
	o, err := d.find(ctx, spec, file)
	d.turn <- struct{}{}
	if err != nil {
		return nil, err
	}
	in := &instance{spec: spec, examined: o.examined.Swap(nil)}
	in.starts = driver.Starts{Compile: time.Since(began), Cached: in.examined == nil}
	if !in.starts.Cached {
		in.starts.Opening = o.opening
	} else if spec.Fresh {
		in.starts = d.rehearse(ctx, spec, file)
	}
	began = time.Now()
	in.calls.For(spec)
	if in.strategy, err = in.calls.Construct(ctx, o.construct, host); err != nil {
		return nil, fmt.Errorf("%s %s: %w", spec.Manifest.Name, spec.Manifest.Version, err)
	}
	in.starts.Instantiate = time.Since(began)
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
			Cure("renew the host (swapline renew); releases that are loaded go on meanwhile")
	case count >= d.config.MaxPlugins:
		return nil, problem.New(problem.NativeBudget, "this process has opened as many plugins as it may").
			Want("fewer than %d", d.config.MaxPlugins).Got("%d", count).
			Cure("renew the host (swapline renew): plugins cannot be unloaded; or raise the limit")
	}
	return d.admit(ctx, spec, file)
}

// admit takes a new plugin through the three gates.
func (d *Driver) admit(ctx context.Context, spec driver.Spec, file *held) (*opened, error) {
	im, err := parseImage(spec.Path, file.f, file.size)
	if err != nil {
		return nil, err
	}
	if err := d.resident.read(); err != nil {
		return nil, err
	}
	if err := d.resident.preflight(im).Err(); err != nil {
		return nil, err
	}
	examined, err := d.probe(ctx, spec)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(file.check(spec.Manifest.Artifact), file.unchanged()); err != nil {
		return nil, err
	}
	o, err := d.measured(spec, im, file.size)
	if err != nil {
		return nil, err
	}
	if err := file.unchanged(); err != nil {
		return nil, d.degrade(err)
	}
	d.resident.add(im, fmt.Sprintf("%s %s", spec.Manifest.Name, spec.Manifest.Version))
	o.examined.Store(examined.finding())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.open[o.digest] = o
	d.mu.order = append(d.mu.order, o)
	return o, nil
}

// open opens the plugin in this process. A failure here cannot be undone and
// degrades the process.
func (d *Driver) open(path string, labels context.Context) (abi.Constructor, error) {
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
		pprof.SetGoroutineLabels(labels)
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
		Cure("renew the host (swapline renew); until then it opens no new plugins")
	d.mu.Lock()
	first := d.mu.degraded == nil
	d.mu.degraded = err
	d.mu.Unlock()
	if first && d.config.Degraded != nil {
		go d.config.Degraded(err)
	}
	return err
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
