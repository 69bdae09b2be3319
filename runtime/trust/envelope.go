package trust

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strconv"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/manifest/fields"
	"github.com/swapline/swapline/runtime/problem"
)

// Bounds of an envelope. They are checked before anything is verified.
const (
	// MaxEnvelope is the greatest length of an envelope in bytes.
	MaxEnvelope = 2 << 20
	// MaxSignatures is the greatest number of signatures in an envelope.
	MaxSignatures = 16

	maxPayloadType = 128
	maxKeyID       = 256
)

// envelope is a decoded DSSE envelope. Nothing in it is trusted.
type envelope struct {
	payloadType string
	payload     []byte
	signatures  []signature
}

type signature struct {
	keyID string // a hint of the sender, never a fact
	sig   []byte
}

// Sign makes a DSSE envelope of payload with a signature of each key. It does
// not look into the payload. Two keys with the same public part are refused.
func Sign(payloadType string, payload []byte, keys ...Key) ([]byte, error) {
	if len(keys) == 0 {
		return nil, problem.New(problem.SignatureMissing, "no key to sign with").Cure("name at least one key")
	}
	e := envelope{payloadType: payloadType, payload: payload}
	for _, k := range keys {
		if err := e.sign(k); err != nil {
			return nil, err
		}
	}
	return e.encode()
}

// AddSignature returns the envelope with one signature more, over the same
// payload and type. Other signatures are kept as they are, valid or not. A key
// that has signed already is refused.
func AddSignature(text []byte, key Key) ([]byte, error) {
	e, err := decodeEnvelope(text)
	if err != nil {
		return nil, err
	}
	if err := e.sign(key); err != nil {
		return nil, err
	}
	return e.encode()
}

func (e *envelope) sign(k Key) error {
	if len(k.private) != ed25519.PrivateKeySize {
		return problem.New(problem.SignatureMissing, "the signing key is empty").Cure("generate or read a key first")
	}
	pae := e.pae()
	for _, s := range e.signatures {
		if ed25519.Verify(k.Public().bytes(), pae, s.sig) {
			return problem.New(problem.EnvelopeMalformed, "key %s has signed this envelope already", k.ID()).
				Cure("sign with another key")
		}
	}
	e.signatures = append(e.signatures, signature{keyID: k.ID(), sig: ed25519.Sign(k.private, pae)})
	return nil
}

// pae is what is signed: see PAE.
func (e *envelope) pae() []byte { return PAE(e.payloadType, e.payload) }

// digest names the payload.
func (e *envelope) digest() manifest.Digest { return manifest.Sum(e.payload) }

// PAE is the pre-authentication encoding of DSSE version 1, the bytes that a
// signature covers: it binds the type and both lengths to the payload.
func PAE(payloadType string, payload []byte) []byte {
	var b bytes.Buffer
	b.WriteString("DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " ")
	b.Write(payload)
	return b.Bytes()
}

func (e *envelope) encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	list := make([]any, len(e.signatures))
	for i, s := range e.signatures {
		list[i] = map[string]any{"keyid": s.keyID, "sig": base64.StdEncoding.EncodeToString(s.sig)}
	}
	b, err := envelopeLimits().AppendJSON(nil, map[string]any{
		"payload":     base64.StdEncoding.EncodeToString(e.payload),
		"payloadType": e.payloadType,
		"signatures":  list,
	})
	if err != nil {
		return nil, problem.New(problem.EnvelopeMalformed, "envelope cannot be written: %w", err)
	}
	return b, nil
}

func envelopeLimits() wire.Limits {
	return wire.Limits{Depth: 8, Bytes: MaxEnvelope, Items: 1000, String: MaxEnvelope}
}

// decodeEnvelope reads the JSON envelope of DSSE version 1. As that
// specification demands it ignores members that it does not know.
func decodeEnvelope(text []byte) (*envelope, error) {
	if len(text) > MaxEnvelope {
		return nil, tooLarge(len(text))
	}
	o := fields.Parse(problem.EnvelopeMalformed, "envelope", text, envelopeLimits())
	e := &envelope{payloadType: o.Text("payloadType")}
	payload := o.Text("payload")
	list := o.Objects("signatures")
	if err := o.Err(); err != nil {
		return nil, err
	}
	if err := e.decodePayload(payload); err != nil {
		return nil, err
	}
	if err := e.decodeSignatures(list); err != nil {
		return nil, err
	}
	return e, e.check()
}

func tooLarge(n int) error {
	return problem.New(problem.EnvelopeMalformed, "envelope is too large").
		Want("at most %d bytes", MaxEnvelope).Got("%d bytes", n).Cure("make golden cases and config smaller")
}

func (e *envelope) decodePayload(text string) (err error) {
	e.payload, err = decodeBase64(text)
	if err != nil {
		return problem.New(problem.EnvelopeMalformed, "payload of the envelope is not base64: %w", err).At("/payload")
	}
	return nil
}

func (e *envelope) decodeSignatures(list []*fields.Object) error {
	if len(list) > MaxSignatures {
		return tooManySignatures(len(list))
	}
	for i, o := range list {
		s := signature{keyID: o.Optional().Text("keyid")}
		text := o.Text("sig")
		if err := o.Err(); err != nil {
			return err
		}
		sig, err := decodeBase64(text)
		if err != nil {
			return problem.New(problem.EnvelopeMalformed, "signature is not base64: %w", err).
				At("/signatures/" + strconv.Itoa(i) + "/sig")
		}
		s.sig = sig
		e.signatures = append(e.signatures, s)
	}
	return nil
}

func tooManySignatures(n int) error {
	return problem.New(problem.EnvelopeMalformed, "envelope has too many signatures").
		Want("at most %d", MaxSignatures).Got("%d", n).At("/signatures")
}

// check bounds what was decoded, or is about to be encoded.
func (e *envelope) check() error {
	if len(e.signatures) > MaxSignatures {
		return tooManySignatures(len(e.signatures))
	}
	if e.payloadType == "" || len(e.payloadType) > maxPayloadType {
		return problem.New(problem.EnvelopeMalformed, "payload type of the envelope has a bad length").
			Want("1 to %d bytes", maxPayloadType).Got("%d", len(e.payloadType)).At("/payloadType")
	}
	for i, s := range e.signatures {
		if len(s.keyID) > maxKeyID {
			return problem.New(problem.EnvelopeMalformed, "key id is too long").
				Want("at most %d bytes", maxKeyID).Got("%d", len(s.keyID)).At("/signatures/" + strconv.Itoa(i) + "/keyid")
		}
	}
	return nil
}

// requireType refuses an envelope made for another purpose.
func (e *envelope) requireType(want string) error {
	if e.payloadType == want {
		return nil
	}
	return problem.New(problem.EnvelopeType, "envelope was signed for another purpose").
		Want("payload type %s", want).Got("%q", e.payloadType).At("/payloadType").
		Cure("give a release's envelope to deploy and a policy's envelope to trust")
}

// decodeBase64 accepts the standard and the URL-safe alphabet, padded, as DSSE
// demands, but not a mix of them, no line breaks and no stray bits in the last
// symbol: one byte string has exactly two texts.
func decodeBase64(s string) ([]byte, error) {
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\r' {
			return nil, base64.CorruptInputError(i)
		}
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err == nil {
		return b, nil
	}
	if b, urlErr := base64.URLEncoding.Strict().DecodeString(s); urlErr == nil {
		return b, nil
	}
	return nil, err
}

// Unverified is what an envelope claims. It proves nothing.
type Unverified struct {
	PayloadType string
	Payload     []byte
	Digest      manifest.Digest // of the payload
	KeyIDs      []string        // as claimed, "" where none is
}

// ReadUnverified shows the content of an envelope without checking a signature:
// for tools that show files and for computing a policy's pin where the file was
// made. Never load, run or route anything by what it returns.
func ReadUnverified(text []byte) (Unverified, error) {
	e, err := decodeEnvelope(text)
	if err != nil {
		return Unverified{}, err
	}
	u := Unverified{PayloadType: e.payloadType, Payload: e.payload, Digest: e.digest()}
	for _, s := range e.signatures {
		u.KeyIDs = append(u.KeyIDs, s.keyID)
	}
	return u, nil
}
