package page

import (
	"slices"
	"testing"
)

// TestWithoutACollectionTheWholeProcessHasNoLine: it would have the numbers of the calls.
func TestWithoutACollectionTheWholeProcessHasNoLine(t *testing.T) {
	r := offline(2)
	has := func() bool {
		return slices.ContainsFunc(costs(newTeam(r)).Rows, func(row gridRow) bool { return row.Name == "Whole process, by the calls" })
	}
	if !has() {
		t.Error("a collection ran, and there is no line of the whole process")
	}
	for _, a := range r.Arms {
		a.Cost.CPUProcess = a.Cost.CPU
	}
	if has() {
		t.Error("the whole process has the numbers of the calls once more")
	}
}
