package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestASampleOfTheSuiteDoesNotDiffer: the whole of it is `make spectest`.
func TestASampleOfTheSuiteDoesNotDiffer(t *testing.T) {
	var out strings.Builder
	sum, err := suite(&out, withInterpreter(t), 6)
	t.Log(out.String())
	if err != nil || sum.differs > 0 || status(sum, err) != 0 {
		t.Errorf("%d differ, %v", sum.differs, err)
	}
}

// TestARewriterThatChangesAModuleIsFound plants one that turns each addition of
// i32 into a subtraction.
func TestARewriterThatChangesAModuleIsFound(t *testing.T) {
	s := arithmetic(t)
	add, sub := []byte{0x20, 0, 0x20, 1, 0x6a, 0x0b}, []byte{0x20, 0, 0x20, 1, 0x6b, 0x0b}
	wrong := rewriter{name: "wrong", rewrite: func(b []byte) ([]byte, error) { return bytes.ReplaceAll(b, add, sub), nil }}
	for _, m := range withInterpreter(t) {
		sums := make([]tally, 1)
		if err := s.compare(io.Discard, m, []rewriter{wrong}, sums); err != nil {
			t.Fatal(err)
		}
		if sums[0].differs == 0 {
			t.Errorf("%s: a wrong rewriter passes", m.name)
		}
	}
}

// withInterpreter are the engines and wazero's interpreter.
func withInterpreter(t *testing.T) []named {
	t.Helper()
	all, err := machines()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(all) })
	return append(all, named{"interpreter", interpreter{}, func() {}})
}

// arithmetic returns the script about i32.
func arithmetic(t *testing.T) script {
	t.Helper()
	paths, err := scripts()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if strings.HasSuffix(p, "/i32.json") {
			s, err := readScript(p)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	t.Fatal("no script about i32")
	return script{}
}
