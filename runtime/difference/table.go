package difference

import (
	"cmp"
	"slices"
	"sync"
)

// Rows is how many places a Table keeps apart.
const Rows = 256

// Table counts the differences of many answers by their place. It is safe for
// concurrent use; its zero value is empty.
type Table struct {
	mu       sync.Mutex
	rows     map[string]*Row // guarded by mu, as is all below
	beyond   int64
	answers  int64
	differed int64
}

// Row is one place with how many answers differed there and what they had the
// first time, or the first time since Forget.
type Row struct {
	Pointer           string
	Count             int64
	Stable, Candidate string // examples of one input, see Side.Text
}

// Totals are how many pairs of answers were compared, how many of them differed,
// and how many differences were at places for which there was no row left.
type Totals struct{ Compared, Different, Beyond int64 }

// Add counts what Diff found for one pair of answers: nothing is a pair of equal
// ones.
func (t *Table) Add(list []Difference) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers++
	if len(list) > 0 {
		t.differed++
	}
	for _, d := range list {
		t.countLocked(d)
	}
}

func (t *Table) countLocked(d Difference) {
	if row := t.rows[d.Pointer]; row != nil {
		if row.Count++; row.Stable == Hidden {
			row.Stable, row.Candidate = d.Stable.Text(), d.Candidate.Text()
		}
		return
	}
	if len(t.rows) >= Rows || len(d.Pointer) > longestPointer {
		t.beyond++
		return
	}
	if t.rows == nil {
		t.rows = map[string]*Row{}
	}
	t.rows[d.Pointer] = &Row{Pointer: d.Pointer, Count: 1, Stable: d.Stable.Text(), Candidate: d.Candidate.Text()}
}

// Hidden stands for an example that is not shown any more. It is no Side.Text.
const Hidden = "hidden"

// Forget hides the examples of all places: they may have what must not be kept. The
// next differences there are the new ones.
func (t *Table) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range t.rows {
		row.Stable, row.Candidate = Hidden, Hidden
	}
}

// longestPointer bounds what a Table keeps of hostile keys, in bytes.
const longestPointer = 4 << 10

// Rows returns at most so many places, the most frequent first and those of one
// count in the order of their pointers.
func (t *Table) Rows(most int) []Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Row, 0, len(t.rows))
	for _, row := range t.rows {
		list = append(list, *row)
	}
	slices.SortFunc(list, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Pointer, b.Pointer))
	})
	return slices.Clip(list[:min(max(most, 0), len(list))])
}

// Totals returns how much was compared.
func (t *Table) Totals() Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Totals{t.answers, t.differed, t.beyond}
}
