package mutants

import (
	"os"
	"strconv"
	"testing"

	"github.com/swapline/swapline/runtime/wasm/guard"
)

// TestMain makes this test binary its own child.
func TestMain(m *testing.M) {
	if IsChild() {
		os.Exit(Child())
	}
	os.Exit(m.Run())
}

// TestMutantsKillNothing runs MUTANTS mutants (3000 without the variable).
func TestMutantsKillNothing(t *testing.T) {
	n := 3000
	if s := os.Getenv("MUTANTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(Config{Command: []string{os.Args[0]}, N: n, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if !r.OK() || r.N != n {
		t.Fatal(r)
	}
	if r.Compiled == 0 || r.Accepted == r.N {
		t.Fatalf("%v: no mutant got through, or all did", r)
	}
}

func TestBuiltinPasses(t *testing.T) {
	if _, err := guard.Parse(builtin(), guard.Limits{}); err != nil {
		t.Fatal(err)
	}
}

// TestDeathIsCounted uses a child that always dies.
func TestDeathIsCounted(t *testing.T) {
	r, err := Run(Config{Command: []string{"/bin/false"}, N: 1, Seed: 1})
	if err != nil || r.Deaths != 1 || r.OK() {
		t.Fatalf("Run = %v, %v; want one death", r, err)
	}
}

func TestMutantsAreRepeatable(t *testing.T) {
	bases := [][]byte{builtin()}
	for i := range 100 {
		if a, b := mutant(7, i, bases), mutant(7, i, bases); string(a) != string(b) {
			t.Fatalf("mutant %d differs from itself", i)
		}
	}
}
