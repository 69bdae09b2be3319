package runtime

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// experimentRecord is what the store keeps of an experiment, in the rollout that
// carries it.
type experimentRecord struct {
	Plan     json.RawMessage `json:"plan"`
	Hash     string          `json:"plan_hash"`
	Measured time.Time       `json:"measured"`           // since when is counted
	Away     time.Duration   `json:"away_ns,omitempty"`  // of the time since then nobody counted
	Restarts int             `json:"restarts,omitempty"` // of the host since it began
	Crashes  int             `json:"crashes,omitempty"`  // of these, without a last note
	Anew     int             `json:"anew,omitempty"`     // how often what was measured was lost
	Lost     string          `json:"lost,omitempty"`     // why, the last time
	Left     bool            `json:"left,omitempty"`     // the host ended after this was written
	Ended    time.Time       `json:"ended,omitzero"`
	Reason   string          `json:"reason,omitempty"` // why it ended
	Verdict  compare.Verdict `json:"verdict"`
	Health   []compare.Check `json:"health,omitempty"`
	Arms     []compare.Arm   `json:"arms,omitempty"`   // without distributions
	Report   []byte          `json:"report,omitempty"` // the last one, JSON, gzip
	Masks    []string        `json:"masks,omitempty"`  // what its examples are masked by
	// Progress is from what the next process goes on; nil at the end.
	Progress *progress `json:"progress,omitempty"`
}

const (
	storedReport = 256 << 10 // bytes of an experiment's report as it is stored, at most
	readReport   = 64 << 20  // bytes that a stored report may become again
)

// encode is the record as JSON. What JSON does not have, a number that is none in a
// part that only people read, costs that part.
func (r experimentRecord) encode() json.RawMessage {
	text, err := json.Marshal(r)
	if err != nil {
		r.Verdict, r.Health, r.Arms = nothingYet(), nil, nil
		if r.Progress != nil {
			r.Progress = &progress{Checkpoint: r.Progress.Checkpoint}
		}
		text, err = json.Marshal(r)
	}
	if err != nil {
		panic(err)
	}
	return text
}

func decodeExperiment(text json.RawMessage) (r experimentRecord, err error) {
	err = json.Unmarshal(text, &r)
	return r, err
}

// nothingYet is the verdict before anything was seen.
func nothingYet() compare.Verdict {
	return compare.Verdict{Word: compare.Undecided, Sentence: "nothing was measured yet", Value: compare.Unknown()}
}

// report is the stored report, nil if there is none.
func (r *experimentRecord) report() (*compare.Report, error) {
	if len(r.Report) == 0 {
		return nil, nil
	}
	return unpackReport(r.Report)
}

// setPartial says in the stored report why it is not whole.
func (r *experimentRecord) setPartial(why string) {
	if report, err := r.report(); err == nil && report != nil && why != "" {
		report.Partial = why
		r.Report = packReport(report)
	}
}

// briefArms are arms without their distributions.
func briefArms(arms []compare.Arm) []compare.Arm {
	list := make([]compare.Arm, len(arms))
	for i, a := range arms {
		a.Latency, a.Open, a.Cost, a.Split, a.Series = nil, nil, nil, nil, nil
		list[i] = a
	}
	return list
}

// packReport makes a report small enough to be stored with every step: first
// compressed, then without what can be spared. Nil is one that cannot be stored.
func packReport(report *compare.Report) []byte {
	if report == nil {
		return nil
	}
	slim, left := *report, []string(nil)
	for _, spare := range []struct {
		what string
		drop func()
	}{
		{"", func() {}},
		{"the raw histograms", func() { slim.Arms = withoutHistograms(slim.Arms) }},
		{"the places and examples of differing answers, and the evidence over time", func() { slim.Answers, slim.Evidence = nil, nil }},
		{"the curves of both arms and their costs", func() { slim.Arms, slim.Shifts = briefArms(slim.Arms), nil }},
	} {
		if spare.drop(); spare.what != "" {
			left = append(left, spare.what)
			slim.Notes = append(slices.Clone(report.Notes), leftOut(left))
		}
		if b := compressed(&slim); len(b) > 0 && len(b) <= storedReport {
			return b
		}
	}
	return nil
}

// leftOut says in a report what is not in it.
func leftOut(what []string) string {
	return "This report was too large to be kept whole (" + strconv.Itoa(storedReport>>10) + " KiB compressed). Left out: " + strings.Join(what, "; ") + "."
}

func withoutHistograms(arms []compare.Arm) []compare.Arm {
	list := make([]compare.Arm, len(arms))
	for i, a := range arms {
		if a.Latency != nil {
			d := *a.Latency
			d.HDR = ""
			a.Latency = &d
		}
		list[i] = a
	}
	return list
}

// compressed is a value as compressed JSON; nil if JSON does not have it.
func compressed(v any) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level exists
	if json.NewEncoder(w).Encode(v) != nil || w.Close() != nil {
		return nil
	}
	return b.Bytes()
}

// unpackReport reads a stored report. The error is StoreCorrupt.
func unpackReport(b []byte) (*compare.Report, error) {
	report, err := unpackedReport(b)
	if err != nil {
		return nil, problem.New(problem.StoreCorrupt, "the stored report cannot be read: %w", err).Cure("compare again")
	}
	return report, nil
}

func unpackedReport(b []byte) (*compare.Report, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, readReport))
	if err != nil {
		return nil, err
	}
	return compare.Decode(text)
}
