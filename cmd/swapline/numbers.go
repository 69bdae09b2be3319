package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// percent writes a number of percent with the digits that a person compares:
// three that count, and no zeros behind the point.
func percent(v float64) string { return short(v) + " %" }

// short writes at most three digits that count.
func short(v float64) string {
	switch size := math.Abs(v); {
	case math.IsInf(v, 0) || size >= math.MaxFloat64/2:
		return "inf"
	case size == 0:
		return "0"
	case size >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case size >= 10:
		return trimmed(v, 1)
	case size >= 1:
		return trimmed(v, 2)
	case size >= 0.0005:
		return trimmed(v, 3)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

func trimmed(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// milliseconds writes a number of milliseconds.
func milliseconds(v float64) string {
	if v >= 3.6e6 { // an hour: where histograms end
		return "inf"
	}
	return threeDigits(time.Duration(v * 1e6))
}

// threeDigits writes a duration with three digits that count.
func threeDigits(d time.Duration) string {
	switch size := max(d, -d); {
	case size >= time.Second:
		return short(d.Seconds()) + "s"
	case size >= time.Millisecond:
		return short(float64(d)/float64(time.Millisecond)) + "ms"
	case size >= time.Microsecond:
		return short(float64(d)/float64(time.Microsecond)) + "µs"
	}
	return d.String()
}

// ratio writes how many times one value is another.
func ratio(v float64) string { return "x" + short(v) }

// countdown writes a time that is left as a clock does, 0 for what is over.
func countdown(d time.Duration) string {
	s := int(max(0, d+time.Second-1) / time.Second) // rounded up: at 00:00 it is over
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// ago says how long something is past.
func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return wholeSeconds(d) + " ago"
}

// wholeSeconds writes a duration for people who wait.
func wholeSeconds(d time.Duration) string {
	if d < time.Second {
		return threeDigits(max(0, d))
	}
	s := d.Truncate(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
