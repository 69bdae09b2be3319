package measure

import "testing"

func TestTheBestOfEachFigureCounts(t *testing.T) {
	first := Cost{Wall: 1, CPU: 8, Allocs: 3, Bytes: 40}
	if got := first.Best(Cost{}); got != first {
		t.Errorf("the first round gives %+v", got)
	}
	if got := first.Best(Cost{Wall: 2, CPU: 7, Allocs: 4, Bytes: 30}); got != (Cost{Wall: 1, CPU: 7, Allocs: 3, Bytes: 30}) {
		t.Errorf("got %+v", got)
	}
}
