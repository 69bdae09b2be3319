package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/recorder"
	"github.com/swapline/swapline/runtime/rollout"
)

// Bounds of what a Ledger keeps.
const (
	mostPlaces   = 50
	mostExamples = 10
	longestText  = 2000 // bytes of one input or answer in an example
)

// Ledger keeps book of where the answers of one arm differ from the reference's.
// It is safe for concurrent use. What it tells is masked: values in the table of
// places and whole inputs and answers in the examples; the keys of maps stay.
type Ledger struct {
	arm     string
	compare rollout.Compare
	rules   *difference.Rules
	looser  []tolerated
	masks   pointer.Patterns

	mu       sync.Mutex
	table    difference.Table
	places   map[string]bool // first pointers of which there is an example
	fresh    []Example       // the first at its place
	examples []Example       // others
}

// tolerated counts what differs at one numeric tolerance.
type tolerated struct {
	tolerance float64
	rules     *difference.Rules
	different int64
}

// NewLedger makes an empty one. It fails for rules and masks that are none.
func NewLedger(arm string, c rollout.Compare, mask []string) (*Ledger, error) {
	l := &Ledger{arm: arm, compare: c, places: map[string]bool{}}
	var err error
	if l.rules, err = difference.Compile(c); err != nil {
		return nil, err
	}
	if l.masks, err = pointer.Compile(mask); err != nil {
		return nil, err
	}
	for _, tolerance := range []float64{0, 1e-12, 1e-9, 1e-6, 1e-3} {
		rules, err := difference.Compile(rollout.Compare{Ignore: c.Ignore, Tolerance: tolerance})
		if err != nil {
			return nil, err
		}
		l.looser = append(l.looser, tolerated{tolerance: tolerance, rules: rules})
	}
	return l, nil
}

// Add counts the answers to one input and reports whether they differ. number is
// the input's, from 1; 0 for live ones. It keeps no reference to the values.
func (l *Ledger) Add(number int64, in map[string]any, reference, value difference.Answer) bool {
	found := l.rules.Diff(reference, value)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.countLocked(reference, value)
	l.table.Add(Masked(found, l.masks))
	if len(found) > 0 {
		l.keepLocked(number, in, reference, value, found)
	}
	return len(found) > 0
}

// countLocked holds a pair against each tolerance. What is equal at the first, 0,
// is so at the others.
func (l *Ledger) countLocked(reference, value difference.Answer) {
	for i := range l.looser {
		if len(l.looser[i].rules.Diff(reference, value)) > 0 {
			l.looser[i].different++
		} else if i == 0 {
			return
		}
	}
}

// Masked are differences with their values masked, where they are shown.
func Masked(found []difference.Difference, all pointer.Patterns) []difference.Difference {
	if all.Empty() || len(found) == 0 {
		return found
	}
	out := slices.Clone(found)
	for i, d := range out {
		masks := all
		for token := range tokens(d.Pointer) {
			if !masks.Hit() { // what is above is masked, so is all below
				masks = masks.Step(token)
			}
		}
		out[i].Stable, out[i].Candidate = hide(d.Stable, masks), hide(d.Candidate, masks)
	}
	return out
}

// hide masks one side. Should that fail, nothing is shown.
func hide(s difference.Side, masks pointer.Patterns) difference.Side {
	if s.Kind == difference.Value {
		s.Value = masked(s.Value, masks)
	}
	return s
}

func masked(v any, masks pointer.Patterns) any {
	out, err := recorder.Masked(v, masks)
	if err != nil { // not for values of the wire domain
		return nil
	}
	return out
}

// tokens are those of a JSON Pointer.
func tokens(at string) func(yield func(string) bool) {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	return func(yield func(string) bool) {
		rest, more := strings.CutPrefix(at, "/")
		for more {
			var token string
			token, rest, more = strings.Cut(rest, "/")
			if !yield(unescape.Replace(token)) {
				return
			}
		}
	}
}

// keepLocked keeps an example: of each place the first one, and then others while
// there is room.
func (l *Ledger) keepLocked(number int64, in map[string]any, reference, value difference.Answer, found []difference.Difference) {
	at := found[0].Pointer
	switch {
	case !l.places[at] && len(l.fresh) < mostExamples:
		l.places[at] = true
		l.fresh = append(l.fresh, l.example(number, in, reference, value, found))
	case len(l.examples) < mostExamples:
		l.examples = append(l.examples, l.example(number, in, reference, value, found))
	}
}

func (l *Ledger) example(number int64, in map[string]any, reference, value difference.Answer, found []difference.Difference) Example {
	e := Example{Input: number, Text: l.text(in), Reference: l.answer(reference), Value: l.answer(value)}
	for _, d := range found {
		e.Pointers = append(e.Pointers, d.Pointer)
	}
	return e
}

func (l *Ledger) answer(a difference.Answer) string {
	switch {
	case a.Fault != "":
		return difference.Side{Kind: difference.Fault, Code: a.Fault}.Text()
	case a.Business != "":
		return difference.Side{Kind: difference.Business, Code: a.Business}.Text()
	}
	return l.text(a.Out)
}

// text is a map as JSON, masked and cut.
func (l *Ledger) text(m map[string]any) string {
	if m == nil {
		m = map[string]any{}
	}
	text, err := wire.AppendJSON(nil, masked(m, l.masks))
	if err != nil {
		return err.Error()
	}
	if len(text) <= longestText {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:longestText]), "") + "…"
}

// Mask hides more from now on, in place of what was hidden before. Examples that were
// kept until now, and the values of places, go: they may have what is to be hidden. It
// fails for masks that are none, and then changes nothing.
func (l *Ledger) Mask(mask []string) error {
	masks, err := pointer.Compile(mask)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.masks = masks
	l.places, l.fresh, l.examples = map[string]bool{}, nil, nil
	l.table.Forget()
	return nil
}

// Hide returns the same numbers and places without what they were found in: examples and
// values.
func (a Answers) Hide() Answers {
	a.Examples, a.Places = nil, slices.Clone(a.Places)
	for i := range a.Places {
		a.Places[i].Reference, a.Places[i].Value = difference.Hidden, difference.Hidden
	}
	return a
}

// Answers is what the ledger holds now.
func (l *Ledger) Answers() Answers {
	l.mu.Lock()
	defer l.mu.Unlock()
	totals := l.table.Totals()
	a := Answers{Arm: l.arm, Compared: totals.Compared, Different: totals.Different, Beyond: totals.Beyond,
		Tolerance: l.compare.Tolerance, Ignored: slices.Clone(l.compare.Ignore)}
	rows := l.table.Rows(difference.Rows)
	for i, row := range rows {
		if i >= mostPlaces {
			a.Beyond += row.Count
			continue
		}
		a.Places = append(a.Places, Place{row.Pointer, row.Count, row.Stable, row.Candidate})
	}
	for _, t := range l.looser {
		a.Numbers = append(a.Numbers, Tolerances{t.tolerance, t.different})
	}
	a.Examples = append(slices.Clone(l.fresh), l.examples...)
	a.Examples = a.Examples[:min(len(a.Examples), mostExamples)]
	slices.SortStableFunc(a.Examples, func(x, y Example) int { return cmp.Compare(x.Input, y.Input) })
	return a
}

// first names the place with most differences; a pointer that was too long to be kept has
// no row.
func (a Answers) first() string {
	if len(a.Places) == 0 {
		return ""
	}
	if at := a.Places[0].Pointer; at != "" {
		return fmt.Sprintf(", first at %q", at)
	}
	return ", first as a whole"
}
