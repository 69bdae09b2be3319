package wire

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

func TestEqualMeansEqualBytes(t *testing.T) {
	equal := 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 7))
		a := random(r, 2)
		b := random(r, 2)
		if r.IntN(2) == 0 {
			b, _ = Normalize(a)
			tweak(r, b)
		}
		x, err1 := Append(nil, a)
		y, err2 := Append(nil, b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := Equal(a, b); got != bytes.Equal(x, y) || got != Equal(b, a) {
			t.Fatalf("seed %d: Equal says %v for %x and %x", seed, got, x, y)
		}
		if bytes.Equal(x, y) {
			equal++
		}
	}
	if equal < 1000 || equal > 19_000 {
		t.Errorf("%d of the pairs are equal, the test says little", equal)
	}
}

// tweak may change one place in a container.
func tweak(r *rand.Rand, v any) {
	switch x := v.(type) {
	case []byte:
		if len(x) > 0 && r.IntN(2) == 0 {
			x[r.IntN(len(x))] ^= 1
		}
	case []any:
		if len(x) > 0 && r.IntN(2) == 0 {
			x[r.IntN(len(x))] = random(r, 0)
		}
	case map[string]any:
		for k := range x {
			if r.IntN(2) == 0 {
				delete(x, k)
				x[randomText(r)] = random(r, 0)
			}
			break
		}
	}
}

func TestEqualKeepsKindsApart(t *testing.T) {
	values := []any{
		nil, false, true, int64(0), int64(1), 0.0, math.Copysign(0, -1), 1.0, "", "0", "1", []byte{}, []byte("1"),
		[]any{}, []any{nil}, map[string]any{}, map[string]any{"": nil}, map[string]any{"a": nil}, map[string]any{"a": []any{}},
	}
	for i, a := range values {
		for j, b := range values {
			if Equal(a, b) != (i == j) {
				t.Errorf("Equal(%#v, %#v) is %v", a, b, i != j)
			}
		}
	}
}

func TestNothingOutsideOfTheDomainIsEqual(t *testing.T) {
	n := 1
	for _, v := range []any{1, uint8(1), float32(1), math.NaN(), math.Inf(1), []string{}, &n, struct{}{}} {
		if Equal(v, v) {
			t.Errorf("%#v equals itself", v)
		}
	}
}

func TestNilContainersEqualEmptyOnes(t *testing.T) {
	for _, p := range [][2]any{{[]byte(nil), []byte{}}, {[]any(nil), []any{}}, {map[string]any(nil), map[string]any{}}} {
		if !Equal(p[0], p[1]) || !Equal(p[1], p[0]) || Equal(p[0], nil) || Equal(nil, p[0]) {
			t.Errorf("%#v", p)
		}
	}
}
