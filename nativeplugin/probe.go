package nativeplugin

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// probe opens the candidate in a child process. It returns nil only if the
// child says so.
func (d *Driver) probe(ctx context.Context, spec driver.Spec) error {
	ask, err := d.request(spec)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, d.config.ProbeTimeout)
	defer cancel()
	got, end := runChild(limited, d.config.Probe, ask)
	switch {
	case got != nil:
		return got.problem()
	case ctx.Err() != nil:
		return problem.New(problem.Canceled, "gave up while the plugin was probed: %w", ctx.Err())
	case limited.Err() != nil:
		return probeFailed("it did not finish within %s: an endless start or constructor", d.config.ProbeTimeout)
	}
	return end
}

func (d *Driver) request(spec driver.Spec) (request, error) {
	config, err := wire.Append(nil, spec.Manifest.Config)
	if err != nil {
		return request{}, problem.New(problem.ValueDomain, "the config of %s is outside of the value domain: %w", spec.Manifest.Name, err)
	}
	now := time.Now
	if spec.Now != nil {
		now = spec.Now
	}
	return request{
		Loaded:    d.loaded(),
		Candidate: spec.Path,
		Strategy:  spec.Manifest.Name,
		Version:   spec.Manifest.Version,
		Config:    config,
		Now:       now(),
	}, nil
}

func probeFailed(format string, args ...any) *problem.Error {
	return problem.New(problem.NativeProbe, "the plugin failed in a throw-away process: "+format, args...).In("native_probe").
		Cure("correct the strategy; the host has not opened it")
}

// problem turns the verdict into an error; nil for a success.
func (v verdict) problem() error {
	switch v.Stage {
	case stageConstructed:
		return nil
	case stageReplay:
		return probeFailed("the plugins that are open cannot be opened again: %s", v.Error).
			Cure("restart the host; are files missing from the store?")
	case stageSymbol:
		return problem.New(problem.NativeSymbol, "the plugin has no %s: %s", abi.ConstructorSymbol, v.Error).In("native_probe").
			Cure("export func NewStrategy(abi.Host) (abi.Strategy, error) from the main package")
	case stageType:
		return problem.New(problem.NativeSymbolType, "%s has the wrong type", abi.ConstructorSymbol).In("native_probe").
			Want("func(abi.Host) (abi.Strategy, error)").Got("%s", v.Error).
			Cure("declare it exactly so; a concrete result type is another type")
	case stageConstruct:
		return problem.New(problem.ConstructorFailed, "in a throw-away process: %s", v.Error).In("native_probe").
			Cure("correct the strategy or its config; the host has not opened it")
	}
	return probeFailed("at %s: %s", v.Stage, v.Error)
}

// Bounds of what is taken from a verdict, and the least number of threads that
// run a plugin's code.
const (
	maxComplaint = 4 << 10
	leastThreads = 4
)

// runChild runs the probe. A nil verdict comes with the reason.
func runChild(ctx context.Context, argv []string, ask request) (*verdict, error) {
	threads := fmt.Sprintf("GOMAXPROCS=%d", max(leastThreads, runtime.NumCPU()))
	r, err := child.Process{Argv: argv, Env: append(environment(), threads)}.Ask(ctx, ask, nil)
	if err != nil {
		return nil, probeFailed("the child process does not start: %w", err)
	}
	return judge(r)
}

// environment is what the child inherits: all but the host's own secrets, which
// are its access token and what telemetry signs in with.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SWAPLINE_TOKEN=") || strings.HasPrefix(v, "OTEL_")
	})
}

// judge reads the verdict. Whatever the exit code, only a verdict counts; and a
// child that died after a success is no success.
func judge(r child.Result) (*verdict, error) {
	var v verdict
	if err := json.Unmarshal(r.Answer, &v); err != nil {
		return nil, probeFailed("it ended without a verdict (%s)%s", r.Ended(), r.Quote())
	}
	if v.Stage == stageConstructed && r.End != nil {
		return nil, probeFailed("it died after its constructor returned (%s)%s", r.Ended(), r.Quote())
	}
	v.Error = v.Error[:min(len(v.Error), maxComplaint)]
	return &v, nil
}
