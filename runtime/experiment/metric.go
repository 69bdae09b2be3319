package experiment

import (
	"github.com/swapline/swapline/runtime/compare"
)

// Metric is what a plan's verdict is about.
type Metric string

// Metrics. Latency is that of a unit's first call, in the strategy.
const (
	LatencyP50   Metric = "latency_p50" // paired: the median of the pairs' ratios, whichever ran first
	LatencyP90   Metric = "latency_p90"
	LatencyP99   Metric = "latency_p99"
	LatencyMean  Metric = "latency_mean"
	ErrorRate    Metric = "error_rate"          // faults and business errors, without the expected ones
	FaultRate    Metric = "fault_rate"          // faults
	BusinessRate Metric = "business_error_rate" // business errors, without the expected ones
	FieldShare   Metric = "field_share"         // calls with an answer in which a field has a value; more is better
	Instructions Metric = "instructions"        // mean of a call
)

// all lists the metrics in the order of a report's table; the first is the default.
func all() []Metric {
	return []Metric{LatencyP50, LatencyP90, LatencyP99, LatencyMean, ErrorRate, FaultRate, BusinessRate, FieldShare, Instructions}
}

func metricNames() (names []string) {
	for _, m := range all() {
		names = append(names, string(m))
	}
	return names
}

// nature is what a metric's numbers are like.
type nature struct {
	label, said    string // in tables, in sentences
	unit           string
	scale          compare.Scale
	higherIsBetter bool
	margin, widest float64 // by default, and at most
	quantile       float64 // of latency, 0 for none
}

func natureOf(m Metric) nature {
	ratio := nature{unit: "ns", scale: compare.Ratio, margin: 0.05, widest: 10}
	share := nature{unit: "share", scale: compare.Difference, margin: 0.02, widest: 1}
	switch m {
	case LatencyP50:
		ratio.label, ratio.said, ratio.quantile = "latency, p50", "median latency", 0.5
	case LatencyP90:
		ratio.label, ratio.said, ratio.quantile = "latency, p90", "p90 latency", 0.9
	case LatencyP99:
		ratio.label, ratio.said, ratio.quantile = "latency, p99", "p99 latency", 0.99
	case LatencyMean:
		ratio.label, ratio.said = "latency, mean", "mean latency"
	case Instructions:
		ratio.label, ratio.said, ratio.unit = "instructions, mean", "mean number of instructions", "count"
	case ErrorRate:
		share.label, share.said = "error rate", "error rate"
	case FaultRate:
		share.label, share.said = "fault rate", "fault rate"
	case BusinessRate:
		share.label, share.said = "business error rate", "business error rate"
	default:
		share.label, share.said, share.higherIsBetter = "share with the value", "share of calls with the value", true
	}
	if share.label != "" {
		return share
	}
	return ratio
}
