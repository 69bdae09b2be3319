package compare

import (
	"testing"
	"time"
)

func TestLoadIsReadFromTheFirstLine(t *testing.T) {
	l, ok := parseLoad([]byte("cpu  100 1 20 300 4 5 6 7 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"))
	if want := (load{all: 443, idle: 304, stolen: 7}); !ok || l != want {
		t.Errorf("%+v, want %+v", l, want)
	}
	for _, text := range []string{"", "cpu", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h i"} {
		if _, ok := parseLoad([]byte(text)); ok {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestOthersAreWhoUsedTheRest(t *testing.T) {
	before := load{known: true, all: 1000, idle: 500, stolen: 10, own: time.Second}
	after := load{known: true, all: 2000, idle: 900, stolen: 60, own: 3 * time.Second} // 550 busy, of which 200 are ours
	others, stolen, known := after.since(before)
	if others != 0.35 || stolen != 0.05 || !known {
		t.Errorf("%v %v %v", others, stolen, known)
	}
	if _, _, known := before.since(before); known {
		t.Error("nothing happened")
	}
}

func TestStepsAreFewAndRise(t *testing.T) {
	for _, n := range []int{1, 2, 10, 399, 100_000} {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i * i)
		}
		list := steps(values)
		if len(list) > mostSteps || list[0].At != 0 || list[len(list)-1].Share != 1 {
			t.Errorf("%d values: %d steps, %+v", n, len(list), list)
		}
		for i, s := range list[1:] {
			if s.At <= list[i].At || s.Share <= list[i].Share || s.Share != share(values, float64(s.At)) {
				t.Errorf("%d values: %+v after %+v", n, s, list[i])
			}
		}
	}
	if list := steps([]float64{5, 5, 5}); len(list) != 1 || list[0] != (Step{5, 1}) {
		t.Errorf("%+v", list)
	}
}
