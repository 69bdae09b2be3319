package runtime

import (
	"slices"
	"testing"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/experiment"
)

// TestAnswersThatWereMaskedByLessAreTakenOverWithoutExamples: a mask may have come between
// two processes.
func TestAnswersThatWereMaskedByLessAreTakenOverWithoutExamples(t *testing.T) {
	before := []compare.Answers{{Compared: 3, Examples: []compare.Example{{Text: "x"}}, Places: []compare.Place{{Pointer: "/b", Count: 2, Value: "x"}}}}
	for _, c := range []struct {
		under []string
		shown bool
		masks int
	}{
		{nil, false, 2}, {[]string{"/a"}, false, 2}, {[]string{"/b"}, true, 2}, {[]string{"/b", "/c"}, true, 3}, {[]string{"/c"}, false, 3},
	} {
		x := &experimenting{plan: &experiment.Plan{Mask: []string{"/a"}}, masks: []string{"/a", "/b"}}
		x.findLocked(slices.Clone(before), c.under)
		a := x.earlier[0]
		if a.Compared != 3 || a.Places[0].Count != 2 || (len(a.Examples) == 1) != c.shown || (a.Places[0].Value == difference.Hidden) == c.shown || len(x.masks) != c.masks {
			t.Errorf("%v: %+v, masks %v", c.under, a, x.masks)
		}
	}
	if before[0].Places[0].Value != "x" {
		t.Error("what was handed over has changed")
	}
}
