package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

// BenchmarkManyCallers is what a call costs when sixteen are under way.
func BenchmarkManyCallers(b *testing.B) {
	in := load(b, config(), specOf(b, "tck", map[string]any{"behaviour": "adder"}))
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			if _, err := in.(driver.Metered).ExecuteMetered(ctx, map[string]any{"a": int64(1), "b": int64(2)}, new(driver.Usage)); err != nil {
				b.Error(err)
			}
			cancel()
		}
	})
}
