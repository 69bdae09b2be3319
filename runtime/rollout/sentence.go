package rollout

import (
	"math"
	"strconv"
	"time"
)

// count writes a number of things with commas: 7,611.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// share writes a part of 1 as a percentage of two digits: 0.26 %.
func share(f float64) string { return short(100*f) + " %" }

// short writes a number with two digits, or all digits before the point.
func short(f float64) string { return rounded(f, 2) }

func rounded(f float64, digits int) string {
	switch a := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "unknown"
	case a >= 1e15:
		return strconv.FormatFloat(f, 'e', 1, 64)
	case a >= 10 && digits < 3 || a >= 100:
		return count(int64(math.Round(f)))
	case a < 1e-6:
		return "0"
	}
	text := strconv.FormatFloat(f, 'g', digits, 64)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// exact writes a number as it stands in the policy.
func exact(f float64) string {
	v, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 9, 64), 64)
	if err != nil {
		return short(f)
	}
	return decimal(v).String()
}

// part writes a bound that is a part of 1.
func part(f float64) string { return exact(100*f) + " %" }

// millis writes a duration given in milliseconds.
func millis(ms float64) string { return short(ms) + " ms" }

// span writes a time of stages.
func span(d time.Duration) string {
	if d >= 10*time.Minute {
		return short(d.Minutes()) + " min"
	}
	return short(d.Seconds()) + " s"
}

// with says what is counted.
func (g Guard) with() string {
	switch g.Metric {
	case FaultRate:
		return "with faults"
	case BusinessErrorRate:
		return "with business errors"
	case DifferenceRate:
		return "with other answers"
	case FieldShare:
		return "with " + g.Field + " = " + string(appendCanonical(nil, g.Equals))
	}
	return "with errors"
}

// what says which number it is.
func (g Guard) what() string {
	if g.Metric == Instructions {
		return "instructions"
	}
	return "in " + g.Field
}

func ratio(k, n int64) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}
