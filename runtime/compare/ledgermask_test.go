package compare_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/rollout"
)

// TestAMaskThatComesLaterHidesWhatALedgerHas and what it learns.
func TestAMaskThatComesLaterHidesWhatALedgerHas(t *testing.T) {
	l, err := compare.NewLedger("new", rollout.Compare{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	add := func() {
		said := func(s string) difference.Answer { return difference.Answer{Out: map[string]any{"name": s}} }
		l.Add(1, map[string]any{"a": int64(1)}, said("Ada"), said("Bob"))
	}
	add()
	if err := l.Mask([]string{"no pointer"}); err == nil || l.Answers().Places[0].Reference != `"Ada"` || len(l.Answers().Examples) != 1 {
		t.Errorf("%v, %+v", err, l.Answers())
	}
	if err := l.Mask([]string{"/name"}); err != nil {
		t.Fatal(err)
	}
	if a := l.Answers(); a.Different != 1 || a.Places[0].Reference != difference.Hidden || a.Places[0].Value != difference.Hidden || len(a.Examples) != 0 {
		t.Errorf("%+v", a)
	}
	add()
	if a := l.Answers(); a.Different != 2 || a.Places[0].Count != 2 || a.Places[0].Reference != `"xxx"` || len(a.Examples) != 1 || a.Examples[0].Value != `{"name":"xxx"}` {
		t.Errorf("%+v", a)
	}
}
