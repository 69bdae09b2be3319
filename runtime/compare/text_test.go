package compare_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/compare"
)

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -123456: "-123,456", 1234567: "1,234,567"} {
		if got := compare.Count(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
	for ns, want := range map[float64]string{0: "0 ns", 64: "64 ns", 999.4: "999 ns", 999.6: "1 µs", 999_600: "1 ms", 4213: "4.21 µs", 48700: "48.7 µs", 1.5e6: "1.5 ms", 2e9: "2 s", 1.2345e12: "1230 s"} {
		if got := compare.Time(ns); got != want {
			t.Errorf("%g is %q", ns, got)
		}
	}
}
