package page

import (
	"math"
	"strconv"
	"testing"

	"github.com/swapline/swapline/runtime/compare"
)

func parse(t testing.TB, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct{ got, want string }{
		{nanos(0), "0"}, {nanos(43), "43.0 ns"}, {nanos(999.4), "999 ns"}, {nanos(999.6), "1.00 µs"}, {nanos(45_512), "45.5 µs"}, {nanos(1.02e6), "1.02 ms"}, {nanos(94e9), "94.0 s"},
		{nanos(3600e9), "60.0 min"}, {nanos(4 * 3600e9), "4.00 h"}, {nanos(-41_409), "-41.4 µs"}, {nanos(math.NaN()), "–"}, {nanos(inf), "–"},
		{brief(5000), "5 µs"}, {brief(2500), "2.5 µs"}, {brief(100e6), "100 ms"}, {brief(0), "0"},
		{digits(1234567), "1,234,567"}, {digits(-1234), "-1,234"}, {digits(99.96), "100"}, {digits(0.0751), "0.0751"}, {digits(9.999), "10.0"}, {digits(0.99999), "1.00"}, {digits(1e300), "1.0e+300"}, {digits(1e-9), "1.0e-09"},
		{octets(311), "311 B"}, {octets(2796), "2.73 KiB"}, {octets(83_886_080), "80.0 MiB"},
		{percent(0.0001), "0.0100 %"}, {percent(0.9999), "99.99 %"}, {percent(0.99995), "99.995 %"}, {percent(0.999), "99.9 %"}, {percent(0.995), "99.5 %"}, {percent(0.5), "50 %"}, {percent(0.123), "12.3 %"}, {percent(0), "0 %"},
		{value(9749.2, "1/s"), "9,749 /s"}, {value(3, "]("), "3.00 "}, {value(3, "<b>jobs"), "3.00 bjobs"},
		{times(1.0123), "1.012×"}, {times(1.234), "1.23×"}, {times(11.73), "11.7×"}, {times(0.0806), "0.0806×"}, {times(inf), "–"},
		{between(compare.Interval{Lo: 1.001, Point: 1.2, Hi: 2.56}, compare.Ratio, ""), "[1.001, 2.56]"},
		{between(compare.Interval{Lo: math.Inf(-1), Point: 1.2, Hi: inf}, compare.Ratio, ""), "[0, ∞]"},
		{between(compare.Interval{Lo: -0.0006, Point: 0.0004, Hi: 0.0013}, compare.Difference, "share"), "[−0.0600, +0.130 pp]"},
		{between(compare.Interval{Lo: math.Inf(-1), Point: 0, Hi: 1}, compare.Difference, "ns"), "[−∞, +1.00 ns]"},
		{between(compare.Unknown(), compare.Ratio, ""), ""},
		{change(-2564, compare.Difference, "ns"), "−2.56 µs"},
	} {
		if c.got != c.want {
			t.Errorf("%q, not %q", c.got, c.want)
		}
	}
}

func TestTextIsCleanedAndCut(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{text("  a\n\tb  ", 80), "a b"}, {text("a\u202eb\u0000c\u200bd\x1be", 80), "a\ufffdb\ufffdc\ufffdd\ufffde"}, {text("äöüß", 2), "äö…"},
		{text("\xff\xfe", 9), "\ufffd\ufffd"}, {text("\ufffe\U0001ffff", 9), "\ufffd\ufffd"}, {lines("a\nb", 9), "a\nb"}, {text("ok", 2), "ok"},
	} {
		if c.got != c.want {
			t.Errorf("%q, not %q", c.got, c.want)
		}
	}
}

// TestANumberStaysWithItsUnit where lines break.
func TestANumberStaysWithItsUnit(t *testing.T) {
	for said, want := range map[string]string{
		"44.1 µs against 3.85 µs (ratio 11.51, 98.33 % interval)": "44.1\u00a0µs against 3.85\u00a0µs (ratio 11.51, 98.33\u00a0% interval)",
		"within 5 %: so":    "within 5\u00a0%: so",
		"a ms, % 2 calls s": "a ms, % 2 calls s", "": "", " 7 s.": " 7\u00a0s.",
	} {
		if got := together(said); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNamesOfTicksDoNotMeet where two pictures stand beside each other, 414 pixels each.
func TestNamesOfTicksDoNotMeet(t *testing.T) {
	for wide := 1.6; wide < 7; wide += 0.05 {
		last, named := -1.0, 0
		for _, tick := range durations("", 137, 137*math.Pow(10, wide)).ticks {
			if tick.text == "" {
				continue
			}
			at := 414 * (math.Log10(tick.at) - math.Log10(137)) / wide
			if named++; named > 1 && at-last < 45 {
				t.Errorf("%.2f powers of ten: %q is %.0f pixels from the one before", wide, tick.text, at-last)
			}
			last = at
		}
		if named < 2 {
			t.Errorf("%.2f powers of ten: %d names", wide, named)
		}
	}
}

// TestTicksFitTheirAxis: whatever the range, there are some, not many, inside.
func TestTicksFitTheirAxis(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, r := range [][2]float64{{1, 2}, {9000, 9001}, {100, 1e9}, {0, 0}, {-5, inf}, {nan, nan}, {1e300, 1e301}, {0.9, 1.1}, {0.0001, 1000}, {3, 3}, {5, 1}} {
		for _, a := range []axis{durations("", r[0], r[1]), ratios("", r[0], r[1]), elapsed("", r[0], r[1])} {
			if len(a.ticks) == 0 || len(a.ticks) > 40 {
				t.Errorf("%v: %d ticks from %v to %v", r, len(a.ticks), a.lo, a.hi)
			}
			for i, tick := range a.ticks {
				if at := a.at(tick.at); at < -0.01 || at > 1.01 || i > 0 && tick.at <= a.ticks[i-1].at {
					t.Errorf("%v: tick %q at %v", r, tick.text, at)
				}
			}
		}
	}
}

// TestAnAxisPlacesWhatItNames checks both ends, the middle and what is beyond.
func TestAnAxisPlacesWhatItNames(t *testing.T) {
	a := ratios("", 0.1, 10)
	q := quantiles("", 0.001, 0.999)
	for _, c := range []struct{ got, want float64 }{
		{a.at(0.1), 0}, {a.at(1), 0.5}, {a.at(10), 1}, {a.at(1e9), 1.05}, {a.at(0), -0.05}, {a.at(math.NaN()), 0}, {a.pin(99), 10}, {a.pin(math.Inf(-1)), 0.1},
		{q.at(0.5), 0.5}, {q.at(0.999), 1}, {durations("", 1e3, 1e5).at(1e4), 0.5}, {elapsed("", 0, 10e9).at(5e9), 0.5},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%v, not %v", c.got, c.want)
		}
	}
}

// TestReadingsHaveTheRightDirection: of throughput more is better.
func TestReadingsHaveTheRightDirection(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		higher bool
		scale  compare.Scale
		want   string
	}{
		{1.3, 1.5, false, compare.Ratio, "worse"}, {1.3, 1.5, true, compare.Ratio, "better"}, {0.5, 0.7, false, compare.Ratio, "better"}, {0.5, 0.7, true, compare.Ratio, "worse"},
		{0.9, 1.5, false, compare.Ratio, "~"}, {1.1, 1.2, false, compare.Ratio, "within margin"}, {1.2, 1.3, false, compare.Ratio, "worse"}, {0.85, 0.9, true, compare.Ratio, "within margin"},
		{0.01, 0.02, false, compare.Difference, "worse"}, {-0.02, -0.01, false, compare.Difference, "better"}, {-0.02, 0.01, false, compare.Difference, "~"},
	} {
		m := compare.Metric{Change: compare.Interval{Lo: c.lo, Point: (c.lo + c.hi) / 2, Hi: c.hi}, Scale: c.scale, HigherIsBetter: c.higher}
		m.Clear = c.want != "~"
		if got, _ := reading(m, 0.25, 0); got != c.want {
			t.Errorf("%+v reads %q", c, got)
		}
	}
}
