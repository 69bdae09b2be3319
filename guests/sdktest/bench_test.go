package sdktest_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
)

func BenchmarkRiskscore(b *testing.B) {
	for name, folder := range sdks() {
		b.Run(name, func(b *testing.B) { riskscore(b, folder) })
	}
}

// riskscore times one call of riskscore without the driver: room for the input,
// the input, the call, its answer. It reports the size of the module and the
// pages of its memory, too, and the processor's time, which others on the
// machine change less than the clock's.
func riskscore(b *testing.B, folder string) {
	artifact := build(b, filepath.Join(folder, "examples/riskscore"))
	info, err := os.Stat(artifact)
	if err != nil {
		b.Fatal(err)
	}
	g := openGuest(b, artifact, riskConfig(b))
	v := readJSON(b, filepath.Join(goRelease(b), "..", "payment.json"))
	in := encoded(b, v)
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		if status, _, err := g.call(g.execute, in); err != nil || status != abi.StatusOK {
			b.Fatal(status, err)
		}
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(info.Size()), "module-bytes")
	b.ReportMetric(float64(g.module.Memory().Size())/65536, "pages")
}

// cpuTime is the processor time of this process so far.
func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
