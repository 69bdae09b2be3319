package runtime

import (
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/experiment"
)

// RecordOf is what is stored of an experiment with a report.
func RecordOf(report *compare.Report) []byte {
	return experimentRecord{Plan: []byte(`{}`), Verdict: nothingYet(), Report: packReport(report)}.encode()
}

// ReadRecord reads what is stored of an experiment, its report too, and writes it again.
func ReadRecord(text []byte) ([]byte, error) {
	r, err := decodeExperiment(text)
	if err != nil {
		return nil, err
	}
	if _, err := r.report(); err != nil {
		r.Report = nil
	}
	_, _ = planOf(r)
	return r.encode(), nil
}

// ReportOf is the report that is stored of an experiment.
func ReportOf(text []byte) (*compare.Report, error) {
	r, err := decodeExperiment(text)
	if err != nil {
		return nil, err
	}
	return r.report()
}

// BreakStatistics makes every look at the experiment of a strategy panic. Nothing may
// look at it yet, and no call may come any more.
func (r *Runtime) BreakStatistics(strategy string) {
	x := r.find(strategy).rolling.Load().experiment
	x.set, x.retry = &experiment.Set{}, time.Millisecond
}

// Joined is what is told of the answers that two processes compared.
func Joined(before, now compare.Answers) compare.Answers { return joined(before, now) }
