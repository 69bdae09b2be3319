package compare

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBlocksGoThereAndBackInAnOrderThatIsDrawn(t *testing.T) {
	r := &run{arms: []*arm{{}, {}, {}}, random: rand.New(rand.NewPCG(1, 1))}
	first := map[int]int{}
	for range 300 {
		order := r.order()
		back := slices.Clone(order)
		slices.Reverse(back)
		if sorted := slices.Sorted(slices.Values(order[:3])); !slices.Equal(order, back) || !slices.Equal(sorted, []int{0, 1, 2}) {
			t.Fatal(order)
		}
		first[order[0]]++
	}
	for i, n := range first {
		if n < 70 || n > 130 {
			t.Errorf("arm %d is the first in %d of 300 blocks", i, n)
		}
	}
}

func TestBlocksGoOnWhereTheOneBeforeEnded(t *testing.T) {
	r := &run{shuffled: []int{3, 0, 2, 1, 4}}
	if got := slices.Concat(r.some(0, 2), r.some(1, 2), r.some(2, 2)); !slices.Equal(got, []int{3, 0, 2, 1, 4, 3}) {
		t.Error(got)
	}
	if got := r.some(0, 7); !slices.Equal(got, []int{3, 0, 2, 1, 4, 3, 0}) {
		t.Error(got)
	}
}

func TestBothRoundsOfABlockHaveTheSameInputsOnlyIfAllAreUsed(t *testing.T) {
	r := &run{arms: []*arm{{}, {}}, plan: Plan{Rounds: 12, Calls: 100}, shuffled: make([]int, 600)}
	for _, want := range [][4]int{{5, 5, 5, 5}, {10, 10, 11, 11}} {
		if got := [4]int{r.set(5, 0), r.set(5, 1), r.set(5, 2), r.set(5, 3)}; got != want {
			t.Errorf("%d inputs: sets %v, want %v", len(r.shuffled), got, want)
		}
		r.shuffled = append(r.shuffled, 0)
	}
}

func TestAProcessThatDoesOtherThingsIsSaid(t *testing.T) {
	one := func(cpu time.Duration) *arm {
		return &arm{Subject: Subject{Arm: Arm{Name: cpu.String()}}, rounds: []round{{wall: time.Second, made: 10, used: window{used: meter{cpu: cpu, cpuKnown: true}, made: 10, windows: 1}}}}
	}
	r := &run{arms: []*arm{one(900 * time.Millisecond), one(1300 * time.Millisecond)}}
	if f := r.process(); f.Light != Green || !strings.Contains(f.Text, "1.3 processors") {
		t.Errorf("%+v", f)
	}
	r.arms = append(r.arms, one(1800*time.Millisecond))
	if f := r.process(); f.Light != Yellow || !strings.Contains(f.Text, "1.8 processors while 1.8s was called") {
		t.Errorf("%+v", f)
	}
	if f := (&run{arms: []*arm{{}, {}}}).process(); f.Name != "" {
		t.Errorf("nothing was measured: %+v", f)
	}
}
