package wire

import "math"

// floatSize returns the length of the shortest CBOR encoding that keeps f: 3,
// 5 or 9 bytes. f is finite.
func floatSize(f float64) int {
	f32 := float32(f)
	if float64(f32) != f {
		return 9
	}
	if _, ok := toHalf(math.Float32bits(f32)); ok {
		return 3
	}
	return 5
}

// toHalf converts the bits of a finite binary32 to those of the binary16 with
// the same value, if there is one.
func toHalf(b uint32) (uint16, bool) {
	sign := uint16(b >> 16 & 0x8000)
	exponent := int(b>>23&0xff) - 127
	fraction := b & 0x7fffff
	switch {
	case b<<1 == 0:
		return sign, true
	case exponent >= -14 && exponent <= 15:
		return sign | uint16(exponent+15)<<10 | uint16(fraction>>13), fraction&0x1fff == 0
	case exponent >= -24 && exponent < -14:
		// Subnormal: the value is a multiple of 2^-24, whole = 2^23 * 1.fraction.
		whole, shift := fraction|0x800000, -exponent-1
		return sign | uint16(whole>>shift), whole&(1<<shift-1) == 0
	}
	return 0, false
}

// fromHalf returns the value of a binary16, infinities and NaN included.
func fromHalf(h uint16) float64 {
	sign := uint64(h>>15) << 63
	exponent, fraction := uint64(h>>10&0x1f), uint64(h&0x3ff)
	switch exponent {
	case 0:
		f := float64(fraction) / (1 << 24)
		return math.Float64frombits(sign | math.Float64bits(f))
	case 31:
		return math.Float64frombits(sign | 0x7ff<<52 | fraction<<42)
	}
	return math.Float64frombits(sign | (exponent+1023-15)<<52 | fraction<<42)
}

// finite reports whether f is neither NaN nor an infinity.
func finite(f float64) bool { return math.Abs(f) <= math.MaxFloat64 }
