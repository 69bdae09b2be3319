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

// Time writes a duration in nanoseconds with three digits, in the unit that fits.
func Time(ns float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, " s"}, {1e6, " ms"}, {1e3, " µs"}} {
		if ns >= u.size {
			return digits(ns/u.size) + u.name
		}
	}
	return digits(ns) + " ns"
}

// digits writes three that say something, without an exponent.
func digits(x float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	if err != nil { // never: it was just written
		return ""
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
