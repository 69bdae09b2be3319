// Package memdriver is the driver of kind "memory": strategies that are Go
// constructors in this process. It serves tests, programs that embed the
// runtime, and as the plainest reading of the driver contract.
//
// An artifact of this kind is a text file that holds the name of a registered
// constructor; white space around the name and everything after the first line
// is ignored, so two artifacts can name one constructor and still differ:
//
//	adder
//	build 2
//
// The artifact is still signed, hashed and stored like any other.
package memdriver

import (
	"context"
	"crypto/sha256"
	"os"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Kind is the kind of artifacts that this driver loads.
const Kind manifest.Kind = "memory"

// Driver is safe for concurrent use. Make it with [New].
type Driver struct {
	constructors map[string]abi.Constructor // read-only
	open         atomic.Int64
}

// New makes a driver that knows the constructors by name. It copies the map.
func New(constructors map[string]abi.Constructor) *Driver {
	d := &Driver{constructors: make(map[string]abi.Constructor, len(constructors))}
	for name, c := range constructors {
		d.constructors[name] = c
	}
	return d
}

// Open is the number of instances that are loaded and not closed.
func (d *Driver) Open() int { return int(d.open.Load()) }

// Load implements driver.Driver.
func (d *Driver) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	began := time.Now()
	construct, err := d.find(spec)
	if err != nil {
		return nil, err
	}
	host, err := spec.Host()
	if err != nil {
		return nil, err
	}
	in := &instance{driver: d, spec: spec}
	in.calls.For(spec)
	in.starts.Compile = time.Since(began)
	if in.strategy, err = in.calls.Construct(ctx, construct, host); err != nil {
		return nil, err
	}
	in.starts.Instantiate = time.Since(began) - in.starts.Compile
	d.open.Add(1)
	return in, nil
}

func (d *Driver) find(spec driver.Spec) (abi.Constructor, error) {
	content, err := os.ReadFile(spec.Path)
	if err != nil {
		return nil, problem.New(problem.StoreFailed, "read the artifact: %w", err)
	}
	want := spec.Manifest.Artifact.SHA256
	if got := manifest.DigestOf(sha256.Sum256(content)); got != want {
		return nil, problem.New(problem.DigestMismatch, "the artifact changed after it was verified").
			Want("%s", want).Got("%s", got).Cure("deploy the release again")
	}
	name, _, _ := strings.Cut(string(content), "\n")
	name = strings.TrimSpace(name)
	construct, ok := d.constructors[name]
	if !ok {
		return nil, problem.New(problem.KindMismatch, "the artifact names no constructor of this process").
			Want("one of %s", strings.Join(d.names(), ", ")).Got("%.64q", name).Cure("register the constructor or sign the right artifact")
	}
	return construct, nil
}

func (d *Driver) names() []string {
	names := make([]string, 0, len(d.constructors))
	for name := range d.constructors {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Close implements driver.Driver. There is nothing to free.
func (d *Driver) Close(context.Context) error { return nil }

type instance struct {
	driver   *Driver
	spec     driver.Spec
	strategy abi.Strategy
	calls    driver.Calls
	starts   driver.Starts
	closed   atomic.Bool
}

func (i *instance) ABIVersion() int { return abi.Version }

func (i *instance) Methods() []string { return driver.MethodsOf(i.strategy) }

// Signatures implements driver.Signed.
func (i *instance) Signatures() []string { return driver.GoSignatures(i.strategy) }

func (i *instance) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	if i.closed.Load() {
		return nil, driver.Faultf(problem.FaultABI, "execute on a closed instance")
	}
	return i.calls.Execute(ctx, i.strategy, in)
}

func (i *instance) Validate(ctx context.Context) error {
	v, ok := i.strategy.(abi.Validator)
	if !ok {
		return nil
	}
	return i.calls.Validate(ctx, v)
}

// Function implements driver.Named.
func (i *instance) Function() string { return driver.FunctionOf(i.strategy) }

// Cooperative implements driver.Cooperative.
func (i *instance) Cooperative() bool { return i.calls.Cooperative() }

// Stats implements driver.Reporter.
func (i *instance) Stats() driver.Stats {
	return driver.Stats{Instances: 1, Abandoned: i.calls.Abandoned()}
}

// Close implements driver.Instance.
func (i *instance) Close(context.Context) error {
	if !i.closed.CompareAndSwap(false, true) {
		return problem.New(problem.Internal, "instance closed twice")
	}
	i.driver.open.Add(-1)
	i.calls.Close()
	if n := i.calls.Abandoned(); n > 0 {
		return problem.New(problem.FaultDeadline, "%d calls never returned and keep their memory", n)
	}
	return nil
}

var (
	_ driver.Driver   = (*Driver)(nil)
	_ driver.Instance = (*instance)(nil)
	_ driver.Reporter = (*instance)(nil)
	_ driver.Signed   = (*instance)(nil)
)
