package nativeplugin

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// leastCaseLimit is the least time for one golden case in the child.
const leastCaseLimit = 5 * time.Second

// leastThreads is the least number of threads that run a plugin's code in the
// child: with one, data races do not show.
const leastThreads = 4

// probe opens the candidate in a child process and lets it do all that the host
// would ask of it. It returns no error only if the child says so and nothing
// that it saw speaks against the release.
func (d *Driver) probe(ctx context.Context, spec driver.Spec) (*examination, error) {
	ask, err := d.request(spec)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, d.config.ProbeTimeout)
	defer cancel()
	r, err := child.Process{Argv: d.config.Probe, Env: childEnvironment(), Attended: true}.Ask(limited, ask, nil)
	switch {
	case ctx.Err() != nil:
		return nil, problem.New(problem.Canceled, "gave up while the plugin was in quarantine: %w", ctx.Err())
	case err != nil:
		return nil, probeFailed("the child process does not start: %w", err)
	}
	e := newExamination(spec.Manifest, r)
	e.took, e.late = time.Since(start), limited.Err() != nil
	return e, e.judge(d.config.ProbeTimeout)
}

// request is made of what the host knows of the release.
func (d *Driver) request(spec driver.Spec) (request, error) {
	m := spec.Manifest
	config, err := wire.Append(nil, m.Config)
	if err != nil {
		return request{}, problem.New(problem.ValueDomain, "the config of %s is outside of the value domain: %w", m.Name, err)
	}
	cases, err := encodeCases(m.Golden)
	if err != nil {
		return request{}, err
	}
	now := time.Now
	if spec.Now != nil {
		now = spec.Now
	}
	return request{
		Loaded: d.loaded(), Candidate: spec.Path, Strategy: m.Name, Version: m.Version,
		Config: config, Issued: m.Issued, Now: now(), Capabilities: spec.Grant.Words(),
		Golden: cases, CaseLimit: max(m.Limits.Timeout, leastCaseLimit),
		Quiet: d.config.QuietPeriod, Memory: d.config.ProbeMemory,
	}, nil
}

func encodeCases(list []manifest.GoldenCase) ([]goldenCase, error) {
	var cases []goldenCase
	for i, c := range list {
		in, err := encodeMap(c.Input)
		if err == nil {
			var out []byte
			out, err = encodeMap(c.Output)
			cases = append(cases, goldenCase{in, out, c.Rejected})
		}
		if err != nil {
			return nil, problem.New(problem.ValueDomain, "golden case %q is outside of the value domain: %w", c.Name, err).
				At(fmt.Sprintf("/golden/%d", i))
		}
	}
	return cases, nil
}

func encodeMap(m map[string]any) ([]byte, error) {
	if m == nil {
		m = map[string]any{}
	}
	return wire.Append(nil, m)
}

// childEnvironment is what the child inherits: all but the host's own secrets,
// which are its access token and what telemetry signs in with.
func childEnvironment() []string {
	list := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SWAPLINE_TOKEN=") || strings.HasPrefix(v, "OTEL_")
	})
	return append(list, fmt.Sprintf("GOMAXPROCS=%d", max(leastThreads, runtime.NumCPU())))
}
