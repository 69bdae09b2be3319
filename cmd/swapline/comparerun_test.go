package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// TestALogIsToldHowFarAComparisonIs by a line for each stage, and one in ten seconds.
func TestALogIsToldHowFarAComparisonIs(t *testing.T) {
	var b bytes.Buffer
	m := (&app{stderr: &b}).measuring()
	for i, p := range []compare.Progress{{Stage: "answers", Done: 0, Of: 40}, {Stage: "answers", Done: 1, Of: 40}, {Stage: "closed loop", Done: 10, Of: 40},
		{Stage: "closed loop", Done: 20, Of: 40, Text: "round 3"}} {
		m.tell(p, noon.Add(time.Duration(i)*4*time.Second))
	}
	const want = "compare:   0 %  answers\ncompare:  25 %  closed loop\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	m.tell(compare.Progress{Stage: "closed loop", Done: 30, Of: 40, Text: "round\n3"}, noon.Add(time.Minute))
	if !strings.HasSuffix(b.String(), "compare:  75 %  closed loop, round\\n3\n") {
		t.Errorf("%q", b.String())
	}
	b.Reset()
	(&app{stderr: &b, json: true}).measuring().tell(compare.Progress{Stage: "answers", Of: 2}, noon)
	if b.String() != "" {
		t.Errorf("--json promises one object on standard error, here is %q", b.String())
	}
}

// TestACommandCanBeTypedAgain where the program lies below the folder that one works in.
func TestACommandCanBeTypedAgain(t *testing.T) {
	for called, want := range map[string]string{"swapline": "swapline", "bin/swapline": "bin/swapline", "./bin/swapline-wasmtime": "bin/swapline-wasmtime",
		"/home/ann/bin/swapline": "swapline", "../bin/swapline": "swapline", "/tmp/x/swapline.test": "swapline"} {
		if got := programOf(called); got != want {
			t.Errorf("%s: %s, want %s", called, got, want)
		}
	}
}
