package page

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/swapline/swapline/runtime/compare"
)

const none = "–"

func unknown(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

// digits writes a number with three significant digits, and none of them a zero
// behind the point of a whole number.
func digits(f float64) string {
	size := math.Abs(f)
	switch {
	case unknown(f):
		return none
	case size >= 1e15 || size > 0 && size < 1e-4:
		return strconv.FormatFloat(f, 'e', 1, 64)
	case size >= 99.95:
		return compare.Count(int64(math.Round(f)))
	case size >= 9.995:
		return strconv.FormatFloat(f, 'f', 1, 64)
	case size >= 0.9995:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f == 0:
		return "0"
	}
	return strconv.FormatFloat(f, 'f', 2-int(math.Floor(math.Log10(size))), 64)
}

// nanos writes a duration given in nanoseconds, in the unit that fits.
func nanos(f float64) string {
	size := math.Abs(f)
	switch {
	case unknown(f):
		return none
	case f == 0:
		return "0"
	case size < 999.5:
		return digits(f) + " ns"
	case size < 999.5e3:
		return digits(f/1e3) + " µs"
	case size < 999.5e6:
		return digits(f/1e6) + " ms"
	case size < 600e9:
		return digits(f/1e9) + " s"
	case size < 180*60e9:
		return digits(f/60e9) + " min"
	}
	return digits(f/3600e9) + " h"
}

// brief is nanos for an axis: 5 µs, not 5.00 µs.
func brief(f float64) string {
	number, unit, _ := strings.Cut(nanos(f), " ")
	return strings.TrimSpace(rounded(number) + " " + unit)
}

// rounded drops zeros behind the point.
func rounded(number string) string {
	if strings.Contains(number, ".") && !strings.Contains(number, "e") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number
}

func duration(d time.Duration) string { return nanos(float64(d)) }

// octets writes a number of bytes.
func octets(f float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; math.Abs(f) >= 1023.5 && i < len(units)-1; i++ {
		f /= 1024
	}
	if unknown(f) {
		return none
	}
	return digits(f) + " " + units[i]
}

func percent(share float64) string {
	switch {
	case unknown(share):
		return none
	case share != 0 && math.Abs(share) < 0.01:
		return digits(share*100) + " %"
	case share > 0.99 && share < 1: // which is not all
		return rounded(strconv.FormatFloat(share*100, 'f', max(1, -2-int(math.Floor(math.Log10(1-share)))), 64)) + " %"
	}
	return strings.TrimSuffix(strconv.FormatFloat(share*100, 'f', 1, 64), ".0") + " %"
}

// value writes a metric's value in its unit.
func value(f float64, unit string) string {
	switch {
	case unknown(f):
		return none
	case unit == "ns":
		return nanos(f)
	case unit == "bytes":
		return octets(f)
	case unit == "share":
		return percent(f)
	case unit == "1/s":
		return digits(f) + " /s"
	case unit == "count" || unit == "":
		return digits(f)
	}
	return digits(f) + " " + strings.Map(letter, text(unit, 20))
}

// letter drops what is not part of a unit, which may be anybody's.
func letter(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '/' || r == '%' {
		return r
	}
	return -1
}

// change writes a ratio, or a difference with its sign.
func change(f float64, scale compare.Scale, unit string) string {
	if scale != compare.Difference {
		return times(f)
	}
	switch {
	case unknown(f):
		return none
	case unit == "share":
		return signed(f, digits(f*100)+" pp")
	}
	return signed(f, value(f, unit))
}

func signed(f float64, s string) string {
	if f > 0 {
		return "+" + s
	}
	return strings.Replace(s, "-", "−", 1)
}

// times writes a ratio: near 1 with enough digits to see how near.
func times(f float64) string {
	if unknown(f) {
		return none
	}
	if math.Abs(f-1) < 0.0995 {
		return strconv.FormatFloat(f, 'f', 3, 64) + "×"
	}
	return digits(f) + "×"
}

// between writes an interval's bounds.
func between(i compare.Interval, scale compare.Scale, unit string) string {
	if !i.Known() {
		return ""
	}
	lo, hi := bound(i.Lo, scale, unit), bound(i.Hi, scale, unit)
	if a, u, ok := strings.Cut(lo, " "); ok && strings.HasSuffix(hi, " "+u) {
		lo = a // the unit once
	}
	return "[" + lo + ", " + hi + "]"
}

func bound(f float64, scale compare.Scale, unit string) string {
	switch {
	case math.IsInf(f, 1):
		return "∞"
	case math.IsInf(f, -1) && scale != compare.Difference:
		return "0"
	case math.IsInf(f, -1):
		return "−∞"
	}
	return strings.TrimSuffix(change(f, scale, unit), "×")
}
