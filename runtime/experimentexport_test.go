package runtime

import "github.com/swapline/swapline/runtime/compare"

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
