// Package faultdriver wraps a driver and fails its n-th operation, so that a
// test can walk through every point at which loading, validating, executing or
// closing may break:
//
//	for n := 1; ; n++ {
//		d := faultdriver.New(inner, n)
//		err := deploy(d)
//		if !d.Failed() {
//			break // n is past the last operation
//		}
//		// the old release answers, nothing leaked
//	}
//
// Operations are counted over the driver and all its instances, from one. A
// failing Load opens nothing. A failing instance Close closes and then reports,
// because a Close that keeps things open is a leak by contract and no test of
// the caller.
package faultdriver

import (
	"context"
	"sync/atomic"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// Driver counts and fails operations. It is safe for concurrent use.
type Driver struct {
	inner  driver.Driver
	failAt int64
	calls  atomic.Int64
	open   atomic.Int64
}

// New wraps inner so that operation number failAt fails; zero fails none.
func New(inner driver.Driver, failAt int) *Driver {
	return &Driver{inner: inner, failAt: int64(failAt)}
}

// Calls is the number of operations so far.
func (d *Driver) Calls() int { return int(d.calls.Load()) }

// Failed reports whether the failing operation was reached.
func (d *Driver) Failed() bool { return d.failAt > 0 && d.calls.Load() >= d.failAt }

// Open is the number of instances that were loaded and not closed.
func (d *Driver) Open() int { return int(d.open.Load()) }

// fail counts one operation and says whether it is the one.
func (d *Driver) fail() bool { return d.calls.Add(1) == d.failAt }

// Load implements driver.Driver.
func (d *Driver) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	if d.fail() {
		return nil, injected("load")
	}
	in, err := d.inner.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	d.open.Add(1)
	return &instance{Instance: in, driver: d}, nil
}

// Close implements driver.Driver.
func (d *Driver) Close(ctx context.Context) error {
	failing := d.fail()
	err := d.inner.Close(ctx)
	if failing {
		return injected("close of the driver")
	}
	return err
}

type instance struct {
	driver.Instance
	driver *Driver
}

func (i *instance) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	if i.driver.fail() {
		return nil, driver.Faultf(problem.FaultTrap, "injected failure of execute")
	}
	return i.Instance.Execute(ctx, in)
}

func (i *instance) Validate(ctx context.Context) error {
	if i.driver.fail() {
		return driver.Faultf(problem.FaultTrap, "injected failure of validate")
	}
	return i.Instance.Validate(ctx)
}

func (i *instance) Close(ctx context.Context) error {
	failing := i.driver.fail()
	i.driver.open.Add(-1)
	err := i.Instance.Close(ctx)
	if failing {
		return injected("close of an instance")
	}
	return err
}

// Stats implements driver.Reporter.
func (i *instance) Stats() driver.Stats { return driver.StatsOf(i.Instance) }

// Signatures implements driver.Signed.
func (i *instance) Signatures() []string { return driver.SignaturesOf(i.Instance) }

func injected(operation string) error {
	return problem.New(problem.Internal, "injected failure of %s", operation)
}

var (
	_ driver.Driver   = (*Driver)(nil)
	_ driver.Instance = (*instance)(nil)
	_ driver.Reporter = (*instance)(nil)
	_ driver.Signed   = (*instance)(nil)
)
