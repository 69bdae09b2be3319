package sdktest_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// BenchmarkRiskscore times calls of riskscore: in the guest alone, not metered,
// and through the driver with either isolation. It reports the processor's time,
// too, which others on the machine change less than the clock's, and what the
// meter counts.
func BenchmarkRiskscore(b *testing.B) {
	for name, folder := range sdks() {
		b.Run(name+"/guest", func(b *testing.B) { timeGuest(b, folder) })
		for _, isolation := range []string{manifest.IsolationInstance, manifest.IsolationRequest} {
			b.Run(name+"/"+isolation, func(b *testing.B) { timeDriver(b, folder, isolation) })
		}
	}
}

func paymentOf(tb testing.TB) map[string]any {
	tb.Helper()
	in, ok := readJSON(tb, filepath.Join(goRelease(tb), "..", "payment.json")).(map[string]any)
	if !ok {
		tb.Fatal("the payment is no object")
	}
	in["channel"] = "web" // the tenth field, which no rule reads
	return in
}

func timeGuest(b *testing.B, folder string) {
	g := openGuest(b, build(b, filepath.Join(folder, "examples/riskscore")), riskConfig(b))
	in := encoded(b, paymentOf(b))
	timed(b, func() error {
		status, _, err := g.call(g.execute, in)
		if err == nil && status != abi.StatusOK {
			b.Fatal("status", status)
		}
		return err
	})
}

func timeDriver(b *testing.B, folder, isolation string) {
	release := spec(b, build(b, filepath.Join(folder, "examples/riskscore")), riskConfig(b))
	release.Manifest.Isolation = isolation
	metered, ok := load(b, driverFor(b), release).(driver.Metered)
	if !ok {
		b.Fatal("the driver does not meter")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	in, used := paymentOf(b), driver.Usage{}
	timed(b, func() error {
		_, err := metered.ExecuteMetered(ctx, in, &used)
		return err
	})
	b.ReportMetric(float64(used.Instructions), "fuel/op")
}

func timed(b *testing.B, call func() error) {
	b.Helper()
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}

// cpuTime is the processor time of this process so far.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
