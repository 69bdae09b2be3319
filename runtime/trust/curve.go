package trust

import (
	"crypto/ed25519"
	"math/big"
	"slices"
)

// weakness says why raw must not be trusted as an ed25519 public key, or "".
//
// crypto/ed25519 verifies with the cofactorless equation of RFC 8032 but takes
// any encoding of A: for a point of small order some signatures hold for many
// messages, and a second encoding of a key would pass for a second key.
func weakness(raw []byte) string {
	if len(raw) != ed25519.PublicKeySize {
		return "is not 32 bytes long"
	}
	y, p := height(raw), prime()
	switch {
	case y.Cmp(p) >= 0:
		return "is not in canonical encoding"
	case smallOrder(y, p):
		return "is a point of small order"
	case !onCurve(y, p):
		return "is not a point of the curve"
	}
	return ""
}

// prime is 2^255 - 19.
func prime() *big.Int {
	p := new(big.Int).Lsh(big.NewInt(1), 255)
	return p.Sub(p, big.NewInt(19))
}

// height is the y coordinate: 255 bits, little endian.
func height(raw []byte) *big.Int {
	b := slices.Clone(raw)
	b[len(b)-1] &= 0x7f
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// ratio returns y^2-1 and d*y^2+1, whose quotient is x^2 on the curve
// -x^2 + y^2 = 1 + d x^2 y^2 with d = -121665/121666.
func ratio(y, p *big.Int) (u, v *big.Int) {
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)
	yy := new(big.Int).Mul(y, y)
	u = new(big.Int).Sub(yy, big.NewInt(1))
	v = new(big.Int).Mul(d, yy)
	return u.Mod(u, p), v.Add(v, big.NewInt(1)).Mod(v, p)
}

func onCurve(y, p *big.Int) bool {
	u, v := ratio(y, p)
	return big.Jacobi(u.Mul(u, v), p) >= 0
}

// smallOrder reports whether a point at height y has order 1, 2, 4 or 8. Points
// of order 1, 2 and 4 have y = 1, -1 and 0. A point of order 8 doubles to one
// with y = 0; the doubling formula makes that y^2 + x^2 = 0.
func smallOrder(y, p *big.Int) bool {
	one := big.NewInt(1)
	if y.Sign() == 0 || y.Cmp(one) == 0 || y.Cmp(new(big.Int).Sub(p, one)) == 0 {
		return true
	}
	u, v := ratio(y, p)
	yyv := new(big.Int).Mul(y, y)
	yyv.Mul(yyv, v)
	return yyv.Add(yyv, u).Mod(yyv, p).Sign() == 0
}
