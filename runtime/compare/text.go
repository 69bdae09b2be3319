package compare

import "strconv"

// Count writes a number with its digits in groups of three.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// perSecond writes a rate of calls.
func perSecond(rate float64) string {
	if rate < 100 {
		return digits(rate) + " calls a second"
	}
	return strconv.FormatFloat(rate, 'f', 0, 64) + " calls a second"
}

// Time writes a duration in nanoseconds with three digits, in the unit that fits.
func Time(ns float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, " s"}, {1e6, " ms"}, {1e3, " µs"}} {
		if ns >= 0.9995*u.size { // what is rounded to it
			return digits(ns/u.size) + u.name
		}
	}
	return digits(ns) + " ns"
}

func digits(x float64) string { return Digits(x, 3) }

// Digits rounds to so many digits, without an exponent.
func Digits(x float64, n int) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', n, 64), 64)
	if err != nil { // never: it was just written
		rounded = x
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
