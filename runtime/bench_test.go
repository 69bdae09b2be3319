package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/metric/noop"
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
