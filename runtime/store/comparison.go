package store

import (
	"encoding/json"
	"errors"
	"time"
)

// What is kept of comparisons, of all strategies together. The oldest go first.
const (
	// MaxComparisons is how many are kept.
	MaxComparisons = 100
	// MaxComparisonBytes bounds what they need together, as it is stored.
	MaxComparisonBytes = 16 << 20
	// MaxReport is the largest report in bytes.
	MaxReport = 4 << 20
)

// Comparison is a comparison of releases on the same inputs, as far as it must
// survive the process. It is under way until Ended is set; one that is so in the
// store of a new process has lost the process that carried it out.
//
// Record is JSON that the store does not look into; it comes back as the same value,
// without the white space.
type Comparison struct {
	// Number names it, from 1; a later one has a higher one.
	Number uint64 `json:"number"`
	// ID is its name for people. A number keeps it.
	ID     string          `json:"id"`
	Record json.RawMessage `json:"record"`
	Begun  time.Time       `json:"begun"`
	Ended  time.Time       `json:"ended,omitzero"`
}

// Open reports whether the comparison is under way.
func (c Comparison) Open() bool { return c.Ended.IsZero() }

// Check reports a comparison that no host can have written. Stores refuse to write
// one, and take one that they read for damage.
func (c Comparison) Check() error {
	switch {
	case c.Number == 0 || c.ID == "":
		return errors.New("a comparison without number or ID")
	case !json.Valid(c.Record):
		return errors.New("a comparison whose record is no JSON")
	}
	return nil
}
