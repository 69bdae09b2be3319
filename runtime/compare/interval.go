package compare

import (
	"encoding/json"
	"math"
)

// Interval is a value and how sure it is. NaN and infinities, what is not known,
// are null in JSON. The zero value is not "unknown": see [Unknown].
type Interval struct{ Lo, Point, Hi float64 }

// Unknown is the interval of what was not measured.
func Unknown() Interval { return Interval{math.NaN(), math.NaN(), math.NaN()} }

// Known reports whether there is a value.
func (i Interval) Known() bool { return !math.IsNaN(i.Point) }

// Excludes reports whether it lacks "no change", which is 1 of a ratio and else 0.
func (i Interval) Excludes(s Scale) bool {
	none := 0.0
	if s == Ratio {
		none = 1
	}
	return i.Known() && (i.Lo > none || i.Hi < none)
}

type interval struct {
	Lo    *float64 `json:"lo"`
	Point *float64 `json:"point"`
	Hi    *float64 `json:"hi"`
}

// MarshalJSON implements json.Marshaler.
func (i Interval) MarshalJSON() ([]byte, error) {
	return json.Marshal(interval{finite(i.Lo), finite(i.Point), finite(i.Hi)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *Interval) UnmarshalJSON(b []byte) error {
	var v interval
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*i = Interval{or(v.Lo, math.Inf(-1)), or(v.Point, math.NaN()), or(v.Hi, math.Inf(1))}
	if v.Point == nil {
		*i = Unknown()
	}
	return nil
}

func finite(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}

func or(p *float64, otherwise float64) float64 {
	if p == nil {
		return otherwise
	}
	return *p
}
