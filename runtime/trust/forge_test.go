package trust

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"math/big"
	"slices"
)

// bareSignature signs without the pre-authentication encoding.
func bareSignature(k Key, payload []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, payload))
}

// addOrder makes the other signature that verifiers without the range check of
// RFC 8032 accept: S plus the order of the group.
func addOrder(sig []byte) []byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(sig[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	return append(bytes.Clone(sig[:32]), sum...)
}
