package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
)

// BenchmarkExecute is a call through the runtime; drivertest.Bench has the same
// call through the driver alone.
func BenchmarkExecute(b *testing.B) {
	w := newWorld(b)
	w.cfg.Meter = noop.NewMeterProvider()
	w.open()
	w.deploy(release(1))
	in := sum(1, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.rt.Execute(context.Background(), name, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExecuteParallel(b *testing.B) {
	w := started(b)
	w.deploy(release(1))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.rt.Execute(context.Background(), name, sum(1, 2)); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkOverhead has what a call through the runtime costs, piece by piece:
// the function itself, what brings its values into the domain, and everything.
func BenchmarkOverhead(b *testing.B) {
	w := newWorld(b)
	w.cfg.Drivers[memdriver.Kind] = memdriver.New(map[string]abi.Constructor{"tck": func(abi.Host) (abi.Strategy, error) { return limit{3}, nil }})
	w.open()
	for i, deadline := range []string{manifest.DeadlineHard, manifest.DeadlineCooperative} {
		r := release(1)
		r.Name, r.Limits.Deadline = fmt.Sprint(name, i), deadline
		r.Golden[0].Output = map[string]any{"approved": true}
		w.deploy(r)
	}
	var direct abi.Strategy = limit{3}
	ctx, in := context.Background(), sum(1, 2)
	out, err := direct.Execute(ctx, in)
	must(b, err)
	executed := func(strategy string) func() error {
		return func() error {
			_, err := w.rt.Execute(ctx, strategy, in)
			return err
		}
	}
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"direct", func() error { _, err := direct.Execute(ctx, in); return err }},
		{"normalise-in", func() error { _, err := wire.NormalizeMap(in); return err }},
		{"normalise-out", func() error { _, err := wire.NormalizeMap(out); return err }},
		{"cooperative", executed(name + "1")},
		{"hard", executed(name + "0")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// limit is a strategy that does next to nothing.
type limit struct{ max int64 }

// Execute is kept from being inlined into the direct call, where its answer would
// not leave the stack.
//
//go:noinline
func (l limit) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	a, _ := in["a"].(int64)
	b, _ := in["b"].(int64)
	return map[string]any{"approved": a+b <= l.max}, nil
}

// BenchmarkSwitch is a whole change: verify, load, validate, activate with its
// fsync, publish.
func BenchmarkSwitch(b *testing.B) {
	w := started(b)
	w.deploy(release(1))
	w.deploy(release(2))
	n := 0
	for b.Loop() {
		n++
		if _, err := w.rt.Rollback(context.Background(), back(fmt.Sprintf("%d.0.0", 2-n%2))); err != nil {
			b.Fatal(err)
		}
	}
}
