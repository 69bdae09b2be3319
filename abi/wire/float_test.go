package wire

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slowHalf computes the value of a binary16 from its definition.
func slowHalf(h uint16) float64 {
	sign := 1.0
	if h>>15 == 1 {
		sign = -1
	}
	exponent, fraction := int(h>>10&31), float64(h&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// allHalfs maps the bits of each finite binary16 value to its own bits.
func allHalfs() map[uint64]uint16 {
	all := make(map[uint64]uint16)
	for h := range 1 << 16 {
		if f := slowHalf(uint16(h)); finite(f) {
			all[math.Float64bits(f)] = uint16(h)
		}
	}
	return all
}

func TestEveryHalfFloatReadsAsDefined(t *testing.T) {
	for h := range 1 << 16 {
		got, want := fromHalf(uint16(h)), slowHalf(uint16(h))
		if math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("%04x: got %v, want %v", h, got, want)
		}
	}
}

func TestToHalfFindsExactlyTheHalfFloats(t *testing.T) {
	halfs := allHalfs()
	check := func(b uint32) {
		f := math.Float32frombits(b)
		if !finite(float64(f)) {
			return
		}
		want, exists := halfs[math.Float64bits(float64(f))]
		got, ok := toHalf(b)
		if ok != exists || ok && got != want {
			t.Fatalf("%08x (%v): got %04x %v, want %04x %v", b, f, got, ok, want, exists)
		}
	}
	for bits := range halfs {
		b := math.Float32bits(float32(math.Float64frombits(bits)))
		for _, near := range []uint32{b, b + 1, b - 1, b ^ 1<<12, b ^ 1<<13, b ^ 1<<22} {
			check(near)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		check(r.Uint32())
	}
}

func TestFiniteMeansNeitherNaNNorInfinity(t *testing.T) {
	for _, f := range []float64{0, 1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64} {
		if !finite(f) {
			t.Errorf("%v is finite", f)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if finite(f) {
			t.Errorf("%v is not finite", f)
		}
	}
}
