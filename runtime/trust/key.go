package trust

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// PEM blocks of key files.
const (
	pemPrivate   = "PRIVATE KEY" // PKCS #8
	pemPublic    = "PUBLIC KEY"  // PKIX
	pemCustodian = "Custodian"   // header of both
)

// Key is a private signing key and the person or system that keeps it. The zero
// Key signs nothing.
type Key struct {
	private   ed25519.PrivateKey
	custodian string
}

// PublicKey is the part of a [Key] that a policy lists. Values are comparable.
type PublicKey struct {
	raw       string // 32 bytes
	custodian string
}

// ValidCustodian reports whether s can name a custodian:
// ^[a-z0-9][a-z0-9._@+-]{0,127}$. Lower-case ASCII, so that two spellings of one
// person cannot pass for two people.
func ValidCustodian(s string) bool {
	const first = "abcdefghijklmnopqrstuvwxyz0123456789"
	return len(s) >= 1 && len(s) <= 128 && strings.Trim(s[:1], first) == "" && strings.Trim(s, first+"._@+-") == ""
}

// GenerateKey makes a new key kept by custodian.
func GenerateKey(custodian string) (Key, error) {
	if !ValidCustodian(custodian) {
		return Key{}, badCustodian(custodian)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, problem.New(problem.Internal, "no random key: %w", err)
	}
	return Key{private: private, custodian: custodian}, nil
}

// ID names the key: the first 16 hex digits of the SHA-256 of the public key.
func (k Key) ID() string { return k.Public().ID() }

// Custodian returns who keeps the key.
func (k Key) Custodian() string { return k.custodian }

// Public returns the part to list in a policy; of the zero Key the zero value.
func (k Key) Public() PublicKey {
	if len(k.private) != ed25519.PrivateKeySize {
		return PublicKey{}
	}
	return PublicKey{raw: string(k.private[ed25519.SeedSize:]), custodian: k.custodian}
}

// MarshalPEM returns a PKCS #8 block "PRIVATE KEY" with the header Custodian.
// Keep it in a file that only its owner can read.
func (k Key) MarshalPEM() ([]byte, error) {
	if len(k.private) != ed25519.PrivateKeySize {
		return nil, problem.New(problem.KeyUnknown, "the key is empty").Cure("generate a key first")
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, problem.New(problem.Internal, "key cannot be written: %w", err)
	}
	return marshalPEM(pemPrivate, k.custodian, der), nil
}

// String shows the id, never the secret.
func (k Key) String() string { return "key " + k.ID() }

// Format shows the id for every verb, never the secret.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// ParseKey reads what [Key.MarshalPEM] wrote: one block, nothing before or after.
func ParseKey(text []byte) (Key, error) {
	der, custodian, err := parsePEM(pemPrivate, text)
	if err != nil {
		return Key{}, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return Key{}, badKeyFile("is not PKCS #8")
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return Key{}, badKeyFile("holds another kind of key than ed25519")
	}
	return Key{private: private, custodian: custodian}, nil
}

// NewPublicKey makes a PublicKey of 32 raw bytes. It refuses values that are
// not the canonical encoding of a curve point, and points of small order, for
// which signatures over any message can be made without a private key.
func NewPublicKey(raw []byte, custodian string) (PublicKey, error) {
	if !ValidCustodian(custodian) {
		return PublicKey{}, badCustodian(custodian)
	}
	if reason := weakness(raw); reason != "" {
		return PublicKey{}, problem.New(problem.PolicyMalformed, "public key %s", reason).
			Cure("generate a new key with swapline keygen")
	}
	return PublicKey{raw: string(raw), custodian: custodian}, nil
}

// ID names the key; see [Key.ID].
func (p PublicKey) ID() string {
	sum := sha256.Sum256([]byte(p.raw))
	return hex.EncodeToString(sum[:8])
}

// Custodian returns who keeps the private part.
func (p PublicKey) Custodian() string { return p.custodian }

// Bytes returns the 32 bytes of RFC 8032.
func (p PublicKey) Bytes() []byte { return []byte(p.raw) }

func (p PublicKey) bytes() ed25519.PublicKey { return ed25519.PublicKey(p.raw) }

// MarshalPEM returns a PKIX block "PUBLIC KEY" with the header Custodian.
func (p PublicKey) MarshalPEM() ([]byte, error) {
	if len(p.raw) != ed25519.PublicKeySize {
		return nil, problem.New(problem.KeyUnknown, "the public key is empty").Cure("take it from a key")
	}
	der, err := x509.MarshalPKIXPublicKey(p.bytes())
	if err != nil {
		return nil, problem.New(problem.Internal, "public key cannot be written: %w", err)
	}
	return marshalPEM(pemPublic, p.custodian, der), nil
}

// ParsePublicKey reads what [PublicKey.MarshalPEM] wrote.
func ParsePublicKey(text []byte) (PublicKey, error) {
	der, custodian, err := parsePEM(pemPublic, text)
	if err != nil {
		return PublicKey{}, err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return PublicKey{}, badKeyFile("is not a public key")
	}
	public, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return PublicKey{}, badKeyFile("holds another kind of key than ed25519")
	}
	return NewPublicKey(public, custodian)
}

func marshalPEM(kind, custodian string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Headers: map[string]string{pemCustodian: custodian}, Bytes: der})
}

func parsePEM(kind string, text []byte) (der []byte, custodian string, err error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return nil, "", badKeyFile("is not PEM")
	case block.Type != kind:
		return nil, "", badKeyFile("is not a " + strings.ToLower(kind))
	case strings.TrimSpace(string(rest)) != "":
		return nil, "", badKeyFile("has something after the key")
	case !ValidCustodian(block.Headers[pemCustodian]):
		return nil, "", badCustodian(block.Headers[pemCustodian])
	}
	return block.Bytes, block.Headers[pemCustodian], nil
}

func badKeyFile(reason string) error {
	return problem.New(problem.KeyUnknown, "key file %s", reason).Cure("use a file written by swapline keygen")
}

func badCustodian(s string) error {
	return problem.New(problem.PolicyMalformed, "custodian has a bad name").
		Want("1 to 128 of a-z 0-9 . _ @ + - beginning with a letter or digit").Got("%.80q", s).
		Cure("name the person or system that keeps the key, in lower case")
}
