package page

import (
	"html/template"
	"strconv"

	"github.com/swapline/swapline/runtime/compare"
)

// mostArms is how many arms are drawn. More could not be told apart.
const mostArms = 8

// team is the arms of a report that are drawn; the first is the reference.
type team struct {
	arms  []compare.Arm
	names []string
	more  int // that are left out
}

func newTeam(r *compare.Report) team {
	arms, more := first(r.Arms, mostArms)
	t := team{arms: arms, more: more}
	for i, a := range arms {
		name := text(a.Name, short)
		if name == "" {
			name = "arm " + strconv.Itoa(i+1)
		}
		t.names = append(t.names, name)
	}
	return t
}

func (t team) name(i int) string {
	if i < len(t.names) {
		return t.names[i]
	}
	return "the reference"
}

// index is an arm's place, by its name; of one that is not there a colour that no
// arm has.
func (t team) index(name string) int {
	for i, a := range t.arms {
		if a.Name == name {
			return i
		}
	}
	return mostArms
}

// about says of what a comparison tells.
func (t team) about(arm string) string {
	return text(arm, short) + " against " + t.name(0)
}

// entry is an arm in a legend.
type entry struct {
	Swatch    template.HTML
	Name      string
	Reference bool
}

func (t team) legend() []entry {
	out := make([]entry, len(t.arms))
	for i := range t.arms {
		out[i] = entry{swatch(i), t.names[i], i == 0}
	}
	return out
}
