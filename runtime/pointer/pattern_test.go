package pointer_test

import (
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/pointer"
)

func TestPatternsMeetWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		patterns []string
		place    []string
		hit      bool
	}{
		{nil, nil, false},
		{[]string{""}, nil, true},
		{[]string{""}, []string{"a"}, false},
		{[]string{"/a"}, []string{"a"}, true},
		{[]string{"/a"}, nil, false},
		{[]string{"/a"}, []string{"b"}, false},
		{[]string{"/a"}, []string{"a", "b"}, false},
		{[]string{"/"}, []string{""}, true},
		{[]string{"/a/*/c"}, []string{"a", "0", "c"}, true},
		{[]string{"/a/*/c"}, []string{"a", "b", "c"}, true},
		{[]string{"/a/*/c"}, []string{"a", "b", "d"}, false},
		{[]string{"/a/*"}, []string{"a", "*"}, true},
		{[]string{"/a~1b/~0/~01"}, []string{"a/b", "~", "~1"}, true},
		{[]string{"/x", "/*/y", "/a/y"}, []string{"a", "y"}, true},
	} {
		p, err := pointer.Compile(c.patterns)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range c.place {
			p = p.Step(token)
		}
		if p.Hit() != c.hit {
			t.Errorf("%q meets /%s: %t, want %t", c.patterns, strings.Join(c.place, "/"), p.Hit(), c.hit)
		}
	}
}

func TestWhatIsNoPointerIsNoPattern(t *testing.T) {
	for _, text := range []string{"a", "*", "/a~", "/~2", "/a~1~"} {
		if _, err := pointer.Compile([]string{"/fine", text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestPatternsThatMeetNothingCostNothing(t *testing.T) {
	p, err := pointer.Compile([]string{"/a/b"})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { p = p.Step("x"); _ = p.Hit() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !p.Empty() {
		t.Error("a way that no pattern takes is not empty")
	}
}
