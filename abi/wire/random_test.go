package wire

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// random returns a value of the domain. Edge cases are far more likely than
// uniform numbers would make them.
func random(r *rand.Rand, depth int) any {
	kinds := 9
	if depth == 0 {
		kinds = 7
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2, 3:
		return randomInt(r)
	case 4:
		return randomFloat(r)
	case 5:
		return randomText(r)
	case 6:
		b := make([]byte, randomLength(r))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	case 7:
		all := make([]any, randomLength(r)%30)
		for i := range all {
			all[i] = random(r, depth-1)
		}
		return all
	}
	return randomMap(r, depth-1)
}

func randomMap(r *rand.Rand, depth int) map[string]any {
	m := make(map[string]any)
	for range randomLength(r) % 30 {
		m[randomText(r)] = random(r, depth)
	}
	return m
}

func randomLength(r *rand.Rand) int {
	if r.IntN(50) == 0 {
		return r.IntN(70_000)
	}
	return r.IntN(5) * r.IntN(8)
}

func randomInt(r *rand.Rand) int64 {
	n := int64(r.Uint64() >> r.IntN(64))
	switch r.IntN(4) {
	case 0:
		return int64(1)<<r.IntN(63) - int64(r.IntN(3))
	case 1:
		return -n
	}
	return n
}

func randomFloat(r *rand.Rand) float64 {
	f := math.Float64frombits(r.Uint64())
	switch r.IntN(5) {
	case 0:
		f = float64(math.Float32frombits(r.Uint32()))
	case 1:
		f = fromHalf(uint16(r.Uint32()))
	case 2:
		f = float64(r.IntN(100_000)) / 100
	case 3:
		f = math.Ldexp(1, r.IntN(2100)-1074)
	}
	if !finite(f) {
		return 0.1
	}
	return f
}

func randomText(r *rand.Rand) string {
	alphabet := []string{"a", "b", "key", "\u00fc", "\u6c34", "\U0001f4b6", "\x00", "\n", `"`, `\`, "/", "~", "\x7f", "\u2028", "<"}
	var b strings.Builder
	for range randomLength(r) % 300 {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// difference names the first place where two values differ.
func difference(got, want any) string {
	switch w := want.(type) {
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			if !Equal(g[i], w[i]) {
				return fmt.Sprintf("/%d%s", i, difference(g[i], w[i]))
			}
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			break
		}
		for k := range w {
			if !Equal(g[k], w[k]) {
				return fmt.Sprintf("/%q%s", k, difference(g[k], w[k]))
			}
		}
	}
	return fmt.Sprintf(": got %#v, want %#v", got, want)
}
