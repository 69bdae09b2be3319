package trust

import (
	stdcontext "context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/swapline/swapline/runtime/manifest"
)

// twin lets the well-known DSSE library sign and verify with our keys.
type twin struct{ key Key }

func (w twin) Sign(_ stdcontext.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(w.key.private, data), nil
}

func (w twin) Verify(_ stdcontext.Context, data, sig []byte) error {
	if !ed25519.Verify(w.key.Public().bytes(), data, sig) {
		return errors.New("signature does not hold")
	}
	return nil
}

func (w twin) KeyID() (string, error)   { return w.key.ID(), nil }
func (w twin) Public() crypto.PublicKey { return w.key.Public().bytes() }

func TestTwinAcceptsOurEnvelopes(t *testing.T) {
	verifier, err := dsse.NewMultiEnvelopeVerifier(2, twin{ann()}, twin{bea()})
	if err != nil {
		t.Fatal(err)
	}
	var e dsse.Envelope
	if err := json.Unmarshal(signed(t), &e); err != nil {
		t.Fatal(err)
	}
	accepted, err := verifier.Verify(t.Context(), &e)
	if err != nil || len(accepted) != 2 {
		t.Fatalf("accepted %v, %v", accepted, err)
	}
	payload, err := e.DecodeB64Payload()
	if err != nil || string(payload) != string(release(t)) || e.PayloadType != manifest.PayloadType {
		t.Errorf("the twin reads another payload: %v", err)
	}
}

func TestWeAcceptTheTwinsEnvelopes(t *testing.T) {
	signer, err := dsse.NewEnvelopeSigner(twin{ann()}, twin{bea()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := signer.SignPayload(t.Context(), manifest.PayloadType, release(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(policy(t), text, context())
	if err != nil || v.Digest() != manifest.Sum(release(t)) {
		t.Errorf("verified %v, %v", v.Digest(), err)
	}
}

func TestPAEAgreesWithTheTwin(t *testing.T) {
	for _, c := range [][2]string{{"", ""}, {"a b", "c d"}, {"é", "\x00\xff"}, {manifest.PayloadType, string(release(t))}} {
		if got, want := PAE(c[0], []byte(c[1])), dsse.PAE(c[0], []byte(c[1])); string(got) != string(want) {
			t.Errorf("PAE(%q, %q) = %q, the twin says %q", c[0], c[1], got, want)
		}
	}
}

// The twin counts key ids; the same key under two ids passes a threshold of two.
// We count public keys, and cannot even be given such a policy.
func TestTwinCountsKeyIDsAndWeDoNot(t *testing.T) {
	d := baseDocument()
	d.Keys = append(d.Keys, d.Keys[2])
	if _, err := d.Encode(); err == nil {
		t.Error("a policy that lists one key twice was accepted")
	}
}
