package trust

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Envelopes are not authenticated as texts. These differ from the good one and
// must open to the same digest.
func TestHarmlessVariantsOpenToTheSameDigest(t *testing.T) {
	urlSafe := func(e map[string]any) {
		toURL := strings.NewReplacer("+", "-", "/", "_")
		e["payload"] = toURL.Replace(e["payload"].(string))
		for i := range 2 {
			signatureOf(e, i)["sig"] = toURL.Replace(signatureOf(e, i)["sig"].(string))
		}
	}
	variants := map[string]func(map[string]any){
		"empty key ids":             func(e map[string]any) { signatureOf(e, 0)["keyid"], signatureOf(e, 1)["keyid"] = "", "" },
		"no key ids":                func(e map[string]any) { delete(signatureOf(e, 0), "keyid"); delete(signatureOf(e, 1), "keyid") },
		"unknown key id, right key": func(e map[string]any) { signatureOf(e, 0)["keyid"] = "somebody" },
		"key ids exchanged": func(e map[string]any) {
			signatureOf(e, 0)["keyid"], signatureOf(e, 1)["keyid"] = bea().ID(), ann().ID()
		},
		"signatures in other order":  func(e map[string]any) { slices.Reverse(e["signatures"].([]any)) },
		"URL-safe base64":            urlSafe,
		"members of a later version": func(e map[string]any) { e["extension"] = int64(1); signatureOf(e, 0)["cert"] = "x" },
		"surplus signature by a stranger": func(e map[string]any) {
			e["signatures"] = append(e["signatures"].([]any), map[string]any{"keyid": "x", "sig": "AAAA"})
		},
		"same signature twice": func(e map[string]any) {
			e["signatures"] = append(e["signatures"].([]any), signatureOf(e, 0))
		},
	}
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			v, err := Open(policy(t), rewrite(t, signed(t), change), context())
			if err != nil {
				t.Fatal(err)
			}
			if v.Digest() != manifest.Sum(release(t)) {
				t.Errorf("digest = %s", v.Digest())
			}
		})
	}
}

func TestPayloadIsSignedAsBytesNotAsMeaning(t *testing.T) {
	spaced := append(release(t), '\n')
	v, err := Open(policy(t), sign(t, manifest.PayloadType, spaced, ann(), bea()), context())
	if err != nil {
		t.Fatal(err)
	}
	if v.Digest() != manifest.Sum(spaced) || v.Digest() == manifest.Sum(release(t)) {
		t.Error("the digest is not that of the exact bytes")
	}
}

func TestBoundariesOfTimeAreOpen(t *testing.T) {
	opens := func(name string, edit func(*manifest.Manifest)) {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(policy(t), signed(t, edit), context()); err != nil {
				t.Error(err)
			}
		})
	}
	opens("expires in a second", func(m *manifest.Manifest) { m.Expires = now().Add(time.Second) })
	opens("valid from now on", func(m *manifest.Manifest) { m.NotBefore = now() })
	opens("issued within the clock skew", func(m *manifest.Manifest) { m.Issued = now().Add(clockSkew) })
	opens("exactly of the maximum age", func(m *manifest.Manifest) { m.Issued = now().Add(-90 * 24 * time.Hour) })
	opens("without audience", func(m *manifest.Manifest) { m.Audience = nil })
}

// smallRelease has nothing optional, so that flipping all of its bits is quick.
func smallRelease(t testing.TB) []byte {
	return release(t, func(m *manifest.Manifest) {
		m.Config, m.ConfigSchema, m.Labels, m.Audience, m.Capabilities = nil, nil, nil, nil, nil
		m.Golden, m.Engine, m.Previous, m.Limits = m.Golden[1:], "", "", manifest.Limits{}
	})
}

// smallest returns a policy of one key and a release signed with it.
func smallest(t testing.TB) (*Policy, Context, []byte) {
	t.Helper()
	d := DevelopmentPolicy(ann(), date("2026-11-01"))
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p, err := OpenPolicy(sign(t, PayloadType, text, ann()), manifest.Sum(text), now())
	if err != nil {
		t.Fatal(err)
	}
	return p, context(), sign(t, manifest.PayloadType, smallRelease(t), ann())
}

// Flipping any single bit gives a refusal or the same payload, never another
// payload and never a panic.
func TestEveryFlippedBitIsRefusedOrHarmless(t *testing.T) {
	p, c, good := smallest(t)
	want := manifest.Sum(smallRelease(t))
	accepted := 0
	for i := range len(good) * 8 {
		flipped := bytes.Clone(good)
		flipped[i/8] ^= 1 << (i % 8)
		v, err := Open(p, flipped, c)
		if err != nil {
			if v.Valid() {
				t.Fatalf("bit %d: error and a verified release", i)
			}
			continue
		}
		accepted++
		if v.Digest() != want || manifest.Sum(v.Payload()) != want {
			t.Fatalf("bit %d: accepted with payload digest %s", i, v.Digest())
		}
	}
	if accepted == 0 || accepted > len(good) {
		t.Errorf("%d of %d flips accepted; only key ids and unsigned names may change", accepted, len(good)*8)
	}
	t.Logf("%d flips: %d refused, %d harmless", len(good)*8, len(good)*8-accepted, accepted)
}

func TestVerifiedDoesNotShareMemoryWithItsEnvelope(t *testing.T) {
	envelope := signed(t)
	v, err := Open(policy(t), envelope, context())
	if err != nil {
		t.Fatal(err)
	}
	name, digest := v.Manifest().Name, v.Digest()
	for i := range envelope {
		envelope[i] = 'x'
	}
	v.Payload()[0] = 'x'
	v.Keys()[0] = "x"
	if v.Manifest().Name != name || v.Digest() != digest || manifest.Sum(v.Payload()) != digest || v.Keys()[0] == "x" {
		t.Error("changing what was given or returned changed the verified release")
	}
}

func TestPolicyDoesNotShareMemoryWithItsDocument(t *testing.T) {
	p := policy(t, func(d *PolicyDocument) { d.RevokedKeys = []string{"0123456789abcdef"} })
	d := p.Document()
	d.Author.Keys[0], d.Keys[2].Patterns[0], d.RevokedKeys[0], d.Keys[2].Retired = "x", "x", "x", true
	if _, err := Open(p, signed(t), context()); err != nil {
		t.Errorf("changing the copy changed the policy: %v", err)
	}
}

func TestNoPolicyRefusesEverything(t *testing.T) {
	for name, p := range map[string]*Policy{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			v, err := Open(p, signed(t), context())
			wantCode(t, v, err, problem.PolicyMissing)
			v, err = Reopen(p, signed(t), context())
			wantCode(t, v, err, problem.PolicyMissing)
			if _, err := Adopt(p, policyEnvelope(t, []Key{rita(), rob()}), now()); problem.CodeOf(err) != problem.PolicyMissing {
				t.Errorf("adopt: %v", err)
			}
			if p.Version() != 0 || p.Digest() != "" || len(p.Document().Keys) != 0 {
				t.Error("no policy says something")
			}
		})
	}
}

func TestZeroVerifiedProvesNothing(t *testing.T) {
	var v Verified
	if v.Valid() || v.Manifest() != nil || v.Digest() != "" {
		t.Errorf("zero value: %+v", v)
	}
	if err := v.Advances(0, ""); problem.CodeOf(err) != problem.SignatureMissing {
		t.Errorf("advances: %v", err)
	}
}

func TestHighWaterMark(t *testing.T) {
	v, err := Open(policy(t), signed(t), context())
	if err != nil {
		t.Fatal(err)
	}
	previous := v.Manifest().Previous
	cases := []struct {
		name     string
		sequence int64
		digest   manifest.Digest
		want     problem.Code
	}{
		{"first release of a strategy", 0, "", ""},
		{"the release that it says it follows", 16, previous, ""},
		{"the same release again", 17, v.Digest(), ""},
		{"rollback of sequence", 18, previous, problem.SequenceRollback},
		{"replay of a release long replaced", 1 << 50, previous, problem.SequenceRollback},
		{"equivocation: same sequence, other digest", 17, previous, problem.Equivocation},
		{"release out of its chain", 16, manifest.Sum([]byte("another")), problem.ChainBroken},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := v.Advances(c.sequence, c.digest); problem.CodeOf(err) != c.want {
				t.Errorf("error = %v, want code %q", err, c.want)
			}
		})
	}
}

func TestReleaseWithoutPreviousFollowsAnything(t *testing.T) {
	v, err := Open(policy(t), signed(t, func(m *manifest.Manifest) { m.Previous = "" }), context())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Advances(16, manifest.Sum(nil)); err != nil {
		t.Error(err)
	}
}

func TestReopenForgivesTimeAndNothingElse(t *testing.T) {
	late := func(c *Context) { c.Now = date("2040-01-01") }
	cases := []struct {
		attack
		code problem.Code
	}{
		{attack{name: "everything expired", context: late}, ""},
		{attack{name: "clock not set", context: func(c *Context) { c.Now = time.Time{} }}, ""},
		{attack{name: "not yet valid", envelope: changed(func(m *manifest.Manifest) { m.NotBefore = date("2027-01-01") })}, ""},
		{attack{name: "too old", envelope: changed(func(m *manifest.Manifest) { m.Issued = date("2020-01-01") })}, ""},
		{attack{name: "author's key retired", policy: retireAnn}, ""},
		{attack{name: "author's key revoked", policy: func(d *PolicyDocument) {
			retireAnn(d)
			d.RevokedKeys = []string{ann().ID()}
		}}, problem.KeyRevoked},
		{attack{name: "payload revoked", policy: func(d *PolicyDocument) {
			d.RevokedDigests = []manifest.Digest{"sha256:836eb514c737dab684a582dbc066fef91d8a7523b39a01689af366f64cd1d156"}
		}}, problem.DigestRevoked},
		{attack{name: "artifact revoked", policy: func(d *PolicyDocument) {
			d.RevokedDigests = []manifest.Digest{"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
		}}, problem.DigestRevoked},
		{attack{name: "wrong strategy", context: func(c *Context) { c.Strategy = "fxquote" }}, problem.WrongStrategy},
		{attack{name: "wrong audience", context: func(c *Context) { c.Audience = "x" }}, problem.WrongAudience},
		{attack{name: "host too old", context: func(c *Context) { c.HostVersion = "0.0.1" }}, problem.HostTooOld},
		{attack{name: "wrong key", envelope: by(mallory())}, problem.KeyUnknown},
		{attack{name: "tampered in the store", envelope: signatureAttacks()[0].envelope}, problem.SignatureInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, envelope, ctx := policy(t), signed(t), context()
			if c.policy != nil {
				p = policy(t, c.policy)
			}
			if c.envelope != nil {
				envelope = c.envelope(t)
			}
			if c.context != nil {
				c.context(&ctx)
			}
			v, err := Reopen(p, envelope, ctx)
			if c.code != "" {
				wantCode(t, v, err, c.code)
			} else if err != nil || !v.Valid() {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestReadUnverifiedShowsClaims(t *testing.T) {
	u, err := ReadUnverified(by(mallory())(t))
	if err != nil {
		t.Fatal(err)
	}
	if u.PayloadType != manifest.PayloadType || u.Digest != manifest.Sum(release(t)) || !slices.Equal(u.KeyIDs, []string{mallory().ID()}) {
		t.Errorf("unverified = %+v", u)
	}
	if _, err := ReadUnverified([]byte("{}")); problem.CodeOf(err) != problem.EnvelopeMalformed {
		t.Errorf("not an envelope: %v", err)
	}
}

func TestAddSignatureKeepsThePayload(t *testing.T) {
	first := sign(t, manifest.PayloadType, release(t), ann())
	both, err := AddSignature(first, bea())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(both, signed(t)) {
		t.Errorf("signing one after the other differs from signing at once:\n%s", both)
	}
	if _, err := AddSignature(both, ann()); problem.CodeOf(err) != problem.EnvelopeMalformed {
		t.Errorf("the same key again: %v", err)
	}
	if _, err := Sign(manifest.PayloadType, release(t)); problem.CodeOf(err) != problem.SignatureMissing {
		t.Errorf("no key: %v", err)
	}
	if _, err := Sign(manifest.PayloadType, release(t), Key{}); problem.CodeOf(err) != problem.SignatureMissing {
		t.Errorf("zero key: %v", err)
	}
	if _, err := Sign(manifest.PayloadType, make([]byte, MaxEnvelope), ann()); problem.CodeOf(err) != problem.EnvelopeMalformed {
		t.Errorf("a payload above the limit: %v", err)
	}
}

// The vector of the DSSE protocol document.
func TestPAEVectorOfTheSpecification(t *testing.T) {
	got := string(PAE("http://example.com/HelloWorld", []byte("hello world")))
	if want := "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := string(PAE("é", nil)); got != "DSSEv1 2 é 0 " {
		t.Errorf("lengths count bytes: %q", got)
	}
}

func TestEnvelopeOfTheSpecificationIsRead(t *testing.T) {
	u, err := ReadUnverified([]byte(`{"payload": "aGVsbG8gd29ybGQ=",
 "payloadType": "http://example.com/HelloWorld",
 "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}`))
	if err != nil || string(u.Payload) != "hello world" || !slices.Equal(u.KeyIDs, []string{""}) {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestEnvelopeIsCanonical(t *testing.T) {
	v, err := wire.Limits{String: MaxEnvelope}.ParseJSON(signed(t))
	if err != nil {
		t.Fatal(err)
	}
	members := v.(map[string]any)
	if len(members) != 3 || members["payload"] != base64.StdEncoding.EncodeToString(release(t)) {
		t.Errorf("members = %v", members)
	}
}
