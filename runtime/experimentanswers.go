package runtime

import (
	"cmp"
	"slices"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
)

// Bounds of answers that were put together from those of several processes.
const (
	joinedPlaces   = 50
	joinedExamples = 10
)

// joined is what two processes, one after the other, found of the same arm's answers:
// what one ledger would have found, but for places that were rare in both.
func joined(before, now compare.Answers) compare.Answers {
	out := now
	out.Compared += before.Compared
	out.Different += before.Different
	out.Beyond += before.Beyond
	out.Places = slices.Clone(before.Places)
	for _, p := range now.Places {
		i := slices.IndexFunc(out.Places, func(q compare.Place) bool { return q.Pointer == p.Pointer })
		if i < 0 {
			out.Places = append(out.Places, p)
			continue
		}
		if out.Places[i].Count += p.Count; out.Places[i].Reference == difference.Hidden {
			out.Places[i].Reference, out.Places[i].Value = p.Reference, p.Value
		}
	}
	slices.SortStableFunc(out.Places, func(a, b compare.Place) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Pointer, b.Pointer))
	})
	for _, p := range out.Places[min(len(out.Places), joinedPlaces):] {
		out.Beyond += p.Count
	}
	out.Places = out.Places[:min(len(out.Places), joinedPlaces)]
	out.Numbers = slices.Clone(now.Numbers)
	for i, n := range out.Numbers {
		for _, m := range before.Numbers {
			if m.Tolerance == n.Tolerance {
				out.Numbers[i].Different += m.Different
			}
		}
	}
	out.Examples = slices.Concat(before.Examples, now.Examples)
	out.Examples = out.Examples[:min(len(out.Examples), joinedExamples)]
	return out
}

// answersLocked are those of the candidate, and the second ones of the reference; none
// of a split experiment, or before any pair.
func (x *experimenting) answersLocked() []compare.Answers {
	if x.pairing == nil {
		return x.earlier
	}
	candidate, reference := x.pairing.answersLocked()
	return []compare.Answers{candidate, reference}
}

// earlierLocked is what processes before found of an arm's answers.
func (x *experimenting) earlierLocked(arm int, now compare.Answers) compare.Answers {
	if arm < len(x.earlier) {
		return joined(x.earlier[arm], now)
	}
	return now
}
