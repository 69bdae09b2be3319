package page

import (
	"html/template"
	"strconv"

	"github.com/swapline/swapline/runtime/compare"
)

// answers is whether an arm answers as the reference does.
type answers struct {
	Arm, Reference      string
	Swatch              template.HTML
	Equal               bool
	Compared, Different string
	Share               string
	Rule                string
	Ignored             []string
	Places              []place
	MorePlaces          int
	Beyond              string
	Numbers             []tolerance
	Examples            []example
}

type place struct{ Pointer, Count, Share, Reference, Value string }

type tolerance struct{ Tolerance, Different, Share string }

type example struct {
	Input, Text, Reference, Value string
	Pointers                      []string
}

func allAnswers(t team, list []compare.Answers) []answers {
	list, _ = first(list, mostArms)
	out := make([]answers, len(list))
	for i, a := range list {
		out[i] = answersOf(t, a)
	}
	return out
}

func answersOf(t team, a compare.Answers) answers {
	out := answers{Arm: text(a.Arm, short), Reference: t.name(0), Swatch: swatch(t.index(a.Arm)),
		Equal: a.Different == 0 && a.Compared > 0, Compared: compare.Count(a.Compared), Different: compare.Count(a.Different),
		Share: of(a.Different, a.Compared), Rule: "numbers must be equal"}
	if a.Tolerance > 0 {
		out.Rule = "numbers within " + digits(a.Tolerance) + " of each other are equal"
	}
	if a.Beyond > 0 {
		out.Beyond = compare.Count(a.Beyond)
	}
	ignored, _ := first(a.Ignored, mostPointers)
	for _, p := range ignored {
		out.Ignored = append(out.Ignored, text(p, short))
	}
	places, more := first(a.Places, mostPlaces)
	out.MorePlaces = more
	for _, p := range places {
		out.Places = append(out.Places, place{pointer(p.Pointer), compare.Count(p.Count), of(p.Count, a.Compared), text(p.Reference, 2*short), text(p.Value, 2*short)})
	}
	numbers, _ := first(a.Numbers, mostTolerance)
	for _, n := range numbers {
		out.Numbers = append(out.Numbers, tolerance{exactly(n.Tolerance), compare.Count(n.Different), of(n.Different, a.Compared)})
	}
	examples, _ := first(a.Examples, mostExamples)
	for _, e := range examples {
		out.Examples = append(out.Examples, exampleOf(e))
	}
	return out
}

func exampleOf(e compare.Example) example {
	out := example{Text: lines(e.Text, block), Reference: lines(e.Reference, block), Value: lines(e.Value, block)}
	if e.Input > 0 {
		out.Input = compare.Count(e.Input)
	}
	pointers, _ := first(e.Pointers, mostPointers)
	for _, p := range pointers {
		out.Pointers = append(out.Pointers, pointer(p))
	}
	return out
}

// pointer names a place: the empty pointer is the whole answer.
func pointer(p string) string {
	if p == "" {
		return "(the whole answer)"
	}
	return text(p, 2*short)
}

func exactly(t float64) string {
	if t == 0 {
		return "exactly equal"
	}
	return "± " + strconv.FormatFloat(t, 'g', 3, 64)
}

func of(n, all int64) string {
	if all <= 0 {
		return ""
	}
	return percent(float64(n) / float64(all))
}
