package nativeplugin

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/nativeplugin/worker"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// isolated is a release of isolation "process": its plugin is open in a worker
// process and nowhere else, and Close unloads it.
type isolated struct {
	*worker.Instance
	examined    *driver.Finding
	examination time.Duration
	opening     time.Duration // in the examination
}

// Findings implements driver.Examined.
func (i *isolated) Findings() []driver.Finding {
	if i.examined == nil {
		return nil
	}
	return []driver.Finding{*i.examined}
}

// passed are the artifacts that this process has examined for worker processes
// and found nothing against.
type passed struct {
	mu   sync.Mutex
	list map[manifest.Digest]bool // guarded by mu
}

// maxPassed bounds what is remembered; what is forgotten is examined again.
const maxPassed = 4096

func (p *passed) has(d manifest.Digest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list[d]
}

func (p *passed) add(d manifest.Digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list == nil || len(p.list) >= maxPassed {
		p.list = map[manifest.Digest]bool{}
	}
	p.list[d] = true
}

// isolate examines the plugin as if it were the first of the process, since it
// will be the first of its own, and starts that one. What this process has open
// neither counts nor clashes, and nothing is added to it.
func (d *Driver) isolate(ctx context.Context, spec driver.Spec, file *held) (driver.Instance, error) {
	if len(d.config.Worker) == 0 {
		return nil, problem.New(problem.Internal, "nativeplugin: Config.Worker is required for isolation %q", manifest.IsolationProcess)
	}
	began := time.Now()
	examined, err := d.examineAlone(ctx, spec, file, d.passed.has(spec.Manifest.Artifact.SHA256))
	if err != nil {
		return nil, err
	}
	i := &isolated{examination: time.Since(began)}
	if examined != nil {
		i.examined, i.opening = examined.finding(), examined.opening()
	}
	in, err := worker.Load(ctx, worker.Config{Argv: d.config.Worker, Env: workerEnvironment()}, spec)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", spec.Manifest.Name, spec.Manifest.Version, err)
	}
	i.Instance = in
	return i, nil
}

// examineAlone takes the first two gates with nothing but the executable, once
// for each artifact: nil is one that passed before. Where that is to be timed again,
// the quarantine does not wait for what it has seen.
func (d *Driver) examineAlone(ctx context.Context, spec driver.Spec, file *held, passed bool) (*examination, error) {
	if passed && !spec.Fresh {
		return nil, nil
	}
	im, err := parseImage(spec.Path, file.f, file.size)
	if err != nil {
		return nil, err
	}
	profile, err := d.resident.snapshot()
	if err != nil {
		return nil, err
	}
	profile.Loaded = nil
	if err := newResident(profile).preflight(im).Err(); err != nil {
		return nil, err
	}
	fresh := &Driver{config: d.config} // with nothing open
	if passed {
		fresh.config.QuietPeriod = 0
	}
	examined, err := fresh.probe(ctx, spec)
	if err != nil {
		return nil, err
	}
	d.passed.add(spec.Manifest.Artifact.SHA256)
	return examined, nil
}

// workerEnvironment is what workers inherit: what children do, with the host's
// own number of threads.
func workerEnvironment() []string {
	const threads = "GOMAXPROCS"
	list := slices.DeleteFunc(childEnvironment(), func(v string) bool { return strings.HasPrefix(v, threads+"=") })
	if n, ok := os.LookupEnv(threads); ok {
		list = append(list, threads+"="+n)
	}
	return list
}

// WorkerMain is a worker process: the program calls it when it was started with
// Config.Worker, and exits with its result.
func WorkerMain() int {
	return worker.Main(func(a worker.Artifact) (abi.Constructor, error) {
		file, err := hold(a.Path, manifest.Artifact{SHA256: a.SHA256, Size: a.Size})
		if err != nil {
			return nil, err
		}
		defer file.close()
		if err := file.unchanged(); err != nil {
			return nil, err
		}
		symbol, err := openSymbol(a.Path)
		construct, ok := symbol.(abi.Constructor)
		if err == nil && !ok {
			err = problem.New(problem.NativeSymbolType, "%s is a %T", abi.ConstructorSymbol, symbol)
		}
		return construct, cmp.Or(err, file.unchanged())
	})
}

var (
	_ driver.Instance = (*isolated)(nil)
	_ driver.Reporter = (*isolated)(nil)
	_ driver.Metered  = (*isolated)(nil)
	_ driver.Textual  = (*isolated)(nil)
	_ driver.Limited  = (*isolated)(nil)
	_ driver.Signed   = (*isolated)(nil)
	_ driver.Examined = (*isolated)(nil)
)
