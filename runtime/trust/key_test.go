package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

func TestKeyFilesSurviveAFile(t *testing.T) {
	k, err := GenerateKey("ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKey(text)
	if err != nil || again.ID() != k.ID() || again.Custodian() != "ann@example.org" || !again.private.Equal(k.private) {
		t.Errorf("private key: %v, %v", again, err)
	}
	text, err = k.Public().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	public, err := ParsePublicKey(text)
	if err != nil || public != k.Public() || len(public.ID()) != 16 {
		t.Errorf("public key: %v, %v", public, err)
	}
}

func TestKeysAreGeneratedAtRandom(t *testing.T) {
	a, errA := GenerateKey("ann")
	b, errB := GenerateKey("ann")
	if errA != nil || errB != nil || a.ID() == b.ID() {
		t.Errorf("%v %v %v %v", a, b, errA, errB)
	}
}

func TestKeyNeverPrintsItsSecret(t *testing.T) {
	secret := hex.EncodeToString(ann().private.Seed())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if text := fmt.Sprintf(verb, ann()); strings.Contains(text, secret) || strings.Contains(text, "3 3 3 3") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestBadKeyFilesAreRefused(t *testing.T) {
	good, err := ann().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	public, err := ann().Public().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string][]byte{
		"empty":             nil,
		"not PEM":           []byte("hello"),
		"public key":        public,
		"two keys":          append(slices.Clone(good), good...),
		"no custodian":      bytes.Replace(good, []byte("Custodian: ann\n\n"), nil, 1),
		"bad custodian":     bytes.Replace(good, []byte("Custodian: ann"), []byte("Custodian: Ann B."), 1),
		"cut short":         pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Headers: map[string]string{pemCustodian: "ann"}, Bytes: []byte{48}}),
		"another algorithm": marshalPEM(pemPrivate, "ann", der),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			if k, err := ParseKey(text); err == nil || len(k.private) != 0 {
				t.Errorf("accepted %v, %v", k, err)
			}
		})
	}
	if _, err := ParsePublicKey(good); problem.CodeOf(err) != problem.KeyUnknown {
		t.Errorf("a private key given as a public one: %v", err)
	}
}

func TestZeroKeysDoNothing(t *testing.T) {
	if _, err := (Key{}).MarshalPEM(); err == nil {
		t.Error("the zero key was written")
	}
	if _, err := (PublicKey{}).MarshalPEM(); err == nil {
		t.Error("the zero public key was written")
	}
	if (Key{}).Public() != (PublicKey{}) {
		t.Error("the zero key has a public part")
	}
	if _, err := GenerateKey("Ann B."); problem.CodeOf(err) != problem.PolicyMalformed {
		t.Errorf("bad custodian: %v", err)
	}
}

// smallOrderPoints are all encodings of the eight points whose order divides 8,
// canonical or not, as they circulate in the literature on ed25519 verification.
func smallOrderPoints() []string {
	return []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	}
}

func TestPublicKeysOfSmallOrderAreRefused(t *testing.T) {
	for _, text := range smallOrderPoints() {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewPublicKey(raw, "ann"); problem.CodeOf(err) != problem.PolicyMalformed {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Why the check is there: for the neutral element a signature of zeros holds for
// any message.
func TestSmallOrderKeysWouldAcceptAnything(t *testing.T) {
	raw, err := hex.DecodeString(smallOrderPoints()[0])
	if err != nil {
		t.Fatal(err)
	}
	forged := append(bytes.Clone(raw), make([]byte, 32)...)
	if !ed25519.Verify(raw, []byte("any message"), forged) {
		t.Error("the standard library has changed its mind; the check may go")
	}
}

func TestSecondEncodingOfAPointIsRefused(t *testing.T) {
	y := new(big.Int).Add(prime(), big.NewInt(3)) // y = 3 written as p + 3
	raw := y.FillBytes(make([]byte, 32))
	slices.Reverse(raw)
	if got := weakness(raw); got != "is not in canonical encoding" {
		t.Errorf("weakness = %q", got)
	}
}

func TestCurveEquationAgreesWithTheStandardLibrary(t *testing.T) {
	sig, on, off := make([]byte, 64), 0, 0
	for i := range 64 {
		raw := make([]byte, 32)
		raw[0] = byte(i + 2)
		if weakness(raw) == "" {
			on++
		} else {
			off++
		}
		_ = ed25519.Verify(raw, nil, sig) // must not panic on either
	}
	for i := range byte(64) {
		if reason := weakness(seeded(i, "x").Public().Bytes()); reason != "" {
			t.Errorf("generated key %d %s", i, reason)
		}
	}
	if on == 0 || off == 0 {
		t.Errorf("of 64 heights %d are on the curve and %d are not; about half should be", on, off)
	}
	for _, raw := range [][]byte{nil, make([]byte, 31), make([]byte, 33)} {
		if weakness(raw) == "" {
			t.Errorf("a key of %d bytes was accepted", len(raw))
		}
	}
}
