package trust

import (
	"bytes"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// attack is one way to get a release in that must not come in.
type attack struct {
	name     string
	envelope func(testing.TB) []byte // nil: the good release
	policy   edit                    // nil: the base policy
	context  func(*Context)          // nil: the host of the tests
	want     problem.Code
}

func (a attack) run(t testing.TB) (Verified, error) {
	t.Helper()
	envelope, c, p := signed(t), context(), policy(t)
	if a.envelope != nil {
		envelope = a.envelope(t)
	}
	if a.policy != nil {
		p = policy(t, a.policy)
	}
	if a.context != nil {
		a.context(&c)
	}
	return Open(p, envelope, c)
}

func TestGoodReleaseOpens(t *testing.T) {
	v, err := attack{}.run(t)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{ann().ID(), bea().ID()}
	slices.Sort(want)
	if v.Manifest().Name != "riskscore" || v.Digest() != manifest.Sum(release(t)) || !slices.Equal(v.Keys(), want) || !v.Valid() {
		t.Errorf("verified = %+v", v)
	}
	if !bytes.Equal(v.Payload(), release(t)) {
		t.Error("the payload is not what was signed")
	}
}

func TestAttacks(t *testing.T) {
	for _, a := range slices.Concat(signatureAttacks(), envelopeAttacks(), keyAttacks(), bindingAttacks()) {
		t.Run(a.name, func(t *testing.T) {
			v, err := a.run(t)
			wantCode(t, v, err, a.want)
		})
	}
}

// by returns the good release signed by other keys.
func by(keys ...Key) func(testing.TB) []byte {
	return func(t testing.TB) []byte { return sign(t, manifest.PayloadType, release(t), keys...) }
}

// rewritten returns the good release with a changed envelope.
func rewritten(change func(map[string]any)) func(testing.TB) []byte {
	return func(t testing.TB) []byte { return rewrite(t, signed(t), change) }
}

// changed returns a release that was signed after the change.
func changed(edit func(*manifest.Manifest)) func(testing.TB) []byte {
	return func(t testing.TB) []byte { return signed(t, edit) }
}

func signatureAttacks() []attack {
	otherPayload := func(t testing.TB) []byte {
		other := signed(t, func(m *manifest.Manifest) { m.Sequence++ })
		return rewrite(t, other, func(e map[string]any) {
			e["payload"] = base64.StdEncoding.EncodeToString(release(t))
		})
	}
	swapHints := rewritten(func(e map[string]any) {
		signatureOf(e, 0)["sig"] = strings.Repeat("A", 86) + "=="
		signatureOf(e, 1)["sig"] = strings.Repeat("A", 86) + "=="
	})
	return []attack{
		{name: "tampered payload", want: problem.SignatureInvalid, envelope: func(t testing.TB) []byte {
			return rewrite(t, signed(t), func(e map[string]any) {
				e["payload"] = base64.StdEncoding.EncodeToString(release(t, func(m *manifest.Manifest) { m.Limits.Timeout = time.Hour }))
			})
		}},
		{name: "signature of another payload", envelope: otherPayload, want: problem.SignatureInvalid},
		{name: "zero signature", envelope: swapHints, want: problem.SignatureInvalid},
		{name: "stripped signatures", want: problem.SignatureMissing,
			envelope: rewritten(func(e map[string]any) { e["signatures"] = []any{} })},
		{name: "stripped signatures member", want: problem.EnvelopeMalformed,
			envelope: rewritten(func(e map[string]any) { delete(e, "signatures") })},
		{name: "stripped approval", envelope: by(ann()), want: problem.ThresholdUnmet},
		{name: "stripped authorship", envelope: by(bea()), want: problem.ThresholdUnmet},
		{name: "empty signature", want: problem.SignatureInvalid, envelope: rewritten(func(e map[string]any) {
			signatureOf(e, 0)["sig"], signatureOf(e, 1)["sig"] = "", ""
		})},
		{name: "empty signature and empty key id", want: problem.KeyUnknown, envelope: rewritten(func(e map[string]any) {
			for i := range 2 {
				signatureOf(e, i)["sig"], signatureOf(e, i)["keyid"] = "", ""
			}
		})},
		{name: "truncated signature", want: problem.ThresholdUnmet, envelope: rewritten(func(e map[string]any) {
			sig, _ := base64.StdEncoding.DecodeString(signatureOf(e, 0)["sig"].(string))
			signatureOf(e, 0)["sig"] = base64.StdEncoding.EncodeToString(sig[:63])
		})},
		{name: "signature with the group order added", want: problem.ThresholdUnmet, envelope: rewritten(func(e map[string]any) {
			sig, _ := base64.StdEncoding.DecodeString(signatureOf(e, 0)["sig"].(string))
			signatureOf(e, 0)["sig"] = base64.StdEncoding.EncodeToString(addOrder(sig))
		})},
		{name: "one signature twice", want: problem.ThresholdUnmet, policy: twoAuthors, envelope: rewritten(func(e map[string]any) {
			list := e["signatures"].([]any)
			e["signatures"] = append(list, maps.Clone(list[0].(map[string]any)))
		})},
		{name: "one signature twice under two key ids", want: problem.ThresholdUnmet, policy: twoAuthors,
			envelope: rewritten(func(e map[string]any) {
				again := maps.Clone(signatureOf(e, 0))
				again["keyid"] = amir().ID()
				e["signatures"] = append(e["signatures"].([]any), again)
			})},
		{name: "signature over the bare payload without PAE", want: problem.SignatureInvalid, envelope: func(t testing.TB) []byte {
			return rewrite(t, signed(t), func(e map[string]any) {
				signatureOf(e, 0)["sig"] = bareSignature(ann(), release(t))
				signatureOf(e, 1)["sig"] = bareSignature(bea(), release(t))
			})
		}},
	}
}

// twoAuthors demands both authors and no approver.
func twoAuthors(d *PolicyDocument) {
	d.Keys = append(d.Keys, listed(amir(), "*"))
	d.Author = role(2, ann(), amir())
	d.Approver = Role{}
}

func envelopeAttacks() []attack {
	return []attack{
		{name: "no bytes", want: problem.EnvelopeMalformed, envelope: func(testing.TB) []byte { return nil }},
		{name: "JSON null", want: problem.EnvelopeMalformed, envelope: func(testing.TB) []byte { return []byte("null") }},
		{name: "bare manifest without envelope", want: problem.EnvelopeMalformed,
			envelope: func(t testing.TB) []byte { return release(t) }},
		{name: "payload type changed", want: problem.EnvelopeType,
			envelope: rewritten(func(e map[string]any) { e["payloadType"] = "application/json" })},
		{name: "payload type in another case", want: problem.EnvelopeType,
			envelope: rewritten(func(e map[string]any) { e["payloadType"] = strings.ToUpper(manifest.PayloadType) })},
		{name: "payload type empty", want: problem.EnvelopeMalformed,
			envelope: rewritten(func(e map[string]any) { e["payloadType"] = "" })},
		{name: "policy as a manifest", want: problem.EnvelopeType, envelope: func(t testing.TB) []byte {
			return sign(t, PayloadType, policyText(t), ann(), bea())
		}},
		{name: "policy relabelled as a manifest", want: problem.KeyUnknown, envelope: func(t testing.TB) []byte {
			return rewrite(t, policyEnvelope(t, []Key{mallory()}), func(e map[string]any) { e["payloadType"] = manifest.PayloadType })
		}},
		{name: "manifest signed under the policy type and relabelled", want: problem.SignatureInvalid, envelope: func(t testing.TB) []byte {
			return rewrite(t, sign(t, PayloadType, release(t), ann(), bea()), func(e map[string]any) {
				e["payloadType"] = manifest.PayloadType
			})
		}},
		{name: "policy document signed under the manifest type", want: problem.ManifestMalformed, envelope: func(t testing.TB) []byte {
			return sign(t, manifest.PayloadType, policyText(t), ann(), bea())
		}},
		{name: "two payloads", want: problem.EnvelopeMalformed, envelope: func(t testing.TB) []byte {
			return bytes.Replace(signed(t), []byte(`{`), []byte(`{"payload":"e30=",`), 1)
		}},
		{name: "two payloads, one by escape", want: problem.EnvelopeMalformed, envelope: func(t testing.TB) []byte {
			return bytes.Replace(signed(t), []byte(`{`), []byte(`{"p\u0061yload":"e30=",`), 1)
		}},
		{name: "two key ids in one signature", want: problem.EnvelopeMalformed, envelope: func(t testing.TB) []byte {
			return bytes.Replace(signed(t), []byte(`"keyid":`), []byte(`"keyid":"x","keyid":`), 1)
		}},
		{name: "payload member in another case", want: problem.EnvelopeMalformed, envelope: func(t testing.TB) []byte {
			return bytes.Replace(signed(t), []byte(`"payload":`), []byte(`"Payload":`), 1)
		}},
		{name: "trailing data", want: problem.EnvelopeMalformed, envelope: func(t testing.TB) []byte { return append(signed(t), "{}"...) }},
		{name: "two envelopes in one file", want: problem.EnvelopeMalformed, envelope: func(t testing.TB) []byte {
			return append(append(signed(t), '\n'), signed(t)...)
		}},
		{name: "huge envelope", want: problem.EnvelopeMalformed, envelope: func(t testing.TB) []byte {
			return append(signed(t), bytes.Repeat([]byte(" "), MaxEnvelope)...)
		}},
		{name: "many signatures", want: problem.EnvelopeMalformed, envelope: rewritten(func(e map[string]any) {
			list := e["signatures"].([]any)
			for len(list) <= MaxSignatures {
				list = append(list, list[0])
			}
			e["signatures"] = list
		})},
		{name: "endless key id", want: problem.EnvelopeMalformed,
			envelope: rewritten(func(e map[string]any) { signatureOf(e, 0)["keyid"] = strings.Repeat("a", maxKeyID+1) })},
		{name: "signatures as an object", want: problem.EnvelopeMalformed,
			envelope: rewritten(func(e map[string]any) { e["signatures"] = map[string]any{"0": signatureOf(e, 0)} })},
		{name: "key id that is a number", want: problem.EnvelopeMalformed,
			envelope: rewritten(func(e map[string]any) { signatureOf(e, 0)["keyid"] = int64(1) })},
		{name: "payload null", want: problem.EnvelopeMalformed, envelope: rewritten(func(e map[string]any) { e["payload"] = nil })},
		{name: "payload without padding", want: problem.EnvelopeMalformed, envelope: rewritten(func(e map[string]any) {
			e["payload"] = strings.TrimRight(e["payload"].(string)+"=", "=") + "A"
		})},
		{name: "payload with a line break", want: problem.EnvelopeMalformed,
			envelope: rewritten(func(e map[string]any) { e["payload"] = "\n" + e["payload"].(string) })},
		{name: "payload with mixed alphabets", want: problem.EnvelopeMalformed,
			envelope: rewritten(func(e map[string]any) { e["payload"] = "-_+/" + e["payload"].(string) })},
		{name: "signature with stray bits", want: problem.EnvelopeMalformed, envelope: rewritten(func(e map[string]any) {
			sig := signatureOf(e, 0)["sig"].(string)
			last := strings.IndexByte(alphabet, sig[85])
			signatureOf(e, 0)["sig"] = sig[:85] + string(alphabet[last+1]) + "=="
		})},
		{name: "payload deep inside", want: problem.EnvelopeMalformed, envelope: func(testing.TB) []byte {
			return []byte(strings.Repeat(`{"payload":`, 10_000) + strings.Repeat("}", 10_000))
		}},
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func keyAttacks() []attack {
	annAgain := seeded(8, "ann")
	return []attack{
		{name: "wrong key", envelope: by(mallory()), want: problem.KeyUnknown},
		{name: "wrong key under a trusted key id", want: problem.SignatureInvalid, envelope: func(t testing.TB) []byte {
			return rewrite(t, by(mallory())(t), func(e map[string]any) { signatureOf(e, 0)["keyid"] = ann().ID() })
		}},
		{name: "wrong key under no key id", want: problem.KeyUnknown, envelope: func(t testing.TB) []byte {
			return rewrite(t, by(mallory())(t), func(e map[string]any) { delete(signatureOf(e, 0), "keyid") })
		}},
		{name: "root keys sign a release", envelope: by(rita(), rob()), want: problem.ThresholdUnmet},
		{name: "threshold minus one", envelope: by(ann(), bea()), policy: func(d *PolicyDocument) {
			twoAuthors(d)
			d.Approver = role(1, bea())
		}, want: problem.ThresholdUnmet},
		{name: "one custodian with two author keys", envelope: by(ann(), annAgain), want: problem.ThresholdUnmet,
			policy: func(d *PolicyDocument) {
				d.Keys = append(d.Keys, listed(amir(), "*"), listed(annAgain, "*"))
				d.Author = role(2, ann(), annAgain, amir())
				d.Approver = Role{}
			}},
		{name: "author approves with a second key", envelope: by(ann(), annAgain), want: problem.ThresholdUnmet,
			policy: func(d *PolicyDocument) {
				d.Keys = append(d.Keys, listed(annAgain, "*"))
				d.Approver = role(1, annAgain, bea())
			}},
		{name: "two approvals by one custodian", envelope: by(ann(), bea(), seeded(9, "bea")), want: problem.ThresholdUnmet,
			policy: func(d *PolicyDocument) {
				d.Keys = append(d.Keys, listed(bob(), "*"), listed(seeded(9, "bea"), "*"))
				d.Approver = role(2, bea(), bob(), seeded(9, "bea"))
			}},
		{name: "revoked author", envelope: by(ann(), bea()), want: problem.KeyRevoked, policy: func(d *PolicyDocument) {
			d.Keys = append(d.Keys, listed(amir(), "*"))
			d.Author = role(1, ann(), amir())
			d.RevokedKeys = []string{ann().ID()}
		}},
		{name: "revoked key beside a good one does not fill the threshold", envelope: by(ann(), amir(), bea()), want: problem.KeyRevoked,
			policy: func(d *PolicyDocument) {
				d.Keys = append(d.Keys, listed(amir(), "*"), listed(bob(), "*"))
				d.Author, d.Approver = role(2, ann(), amir(), bob()), role(1, bea())
				d.RevokedKeys = []string{ann().ID()}
			}},
		{name: "retired author signs something new", envelope: by(ann(), bea()), want: problem.KeyRevoked, policy: retireAnn},
		{name: "key out of scope", want: problem.KeyScope, envelope: changed(func(m *manifest.Manifest) { m.Name = "fxquote" }),
			context: func(c *Context) { c.Strategy = "fxquote" }},
		{name: "approver out of scope", want: problem.KeyScope, policy: func(d *PolicyDocument) { d.Keys[3].Patterns = []string{"fx*"} }},
		{name: "pattern that matches only a part of the name", want: problem.KeyScope,
			policy: func(d *PolicyDocument) { d.Keys[2].Patterns = []string{"risk", "score", "riskscore?"} }},
		{name: "one author in scope and one outside", envelope: by(ann(), amir()), want: problem.KeyScope,
			policy: func(d *PolicyDocument) {
				twoAuthors(d)
				d.Keys[4].Patterns = []string{"fx*"}
			}},
	}
}

// retireAnn replaces Ann's key by Amir's.
func retireAnn(d *PolicyDocument) {
	d.Keys = append(d.Keys, listed(amir(), "*"))
	d.Author = role(1, ann(), amir())
	d.Keys[2].Retired = true
}

func bindingAttacks() []attack {
	return []attack{
		{name: "revoked payload", want: problem.DigestRevoked, policy: func(d *PolicyDocument) {
			d.RevokedDigests = []manifest.Digest{"sha256:836eb514c737dab684a582dbc066fef91d8a7523b39a01689af366f64cd1d156"}
		}},
		{name: "revoked artifact under a new manifest", want: problem.DigestRevoked,
			envelope: changed(func(m *manifest.Manifest) { m.Sequence = 99 }),
			policy: func(d *PolicyDocument) {
				d.RevokedDigests = []manifest.Digest{"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
			}},
		{name: "signed nonsense", want: problem.ManifestMalformed, envelope: func(t testing.TB) []byte {
			return sign(t, manifest.PayloadType, []byte("{"), ann(), bea())
		}},
		{name: "signed manifest with a duplicate member", want: problem.ManifestMalformed, envelope: func(t testing.TB) []byte {
			twice := bytes.Replace(release(t), []byte(`"sequence":17`), []byte(`"sequence":17,"sequence":99`), 1)
			return sign(t, manifest.PayloadType, twice, ann(), bea())
		}},
		{name: "wrong strategy", want: problem.WrongStrategy, context: func(c *Context) { c.Strategy = "fxquote" }},
		{name: "wrong audience", want: problem.WrongAudience, context: func(c *Context) { c.Audience = "laboratory" }},
		{name: "audience on a host without one", want: problem.WrongAudience, context: func(c *Context) { c.Audience = "" }},
		{name: "expired", want: problem.ManifestExpired, envelope: changed(func(m *manifest.Manifest) { m.Expires = now().Add(-time.Hour) })},
		{name: "expired in this second", want: problem.ManifestExpired, envelope: changed(func(m *manifest.Manifest) { m.Expires = now() })},
		{name: "not yet valid", want: problem.ManifestNotYetValid,
			envelope: changed(func(m *manifest.Manifest) { m.NotBefore = now().Add(time.Second) })},
		{name: "issued in the future to escape the maximum age", want: problem.ManifestNotYetValid,
			envelope: changed(func(m *manifest.Manifest) { m.Issued = now().Add(clockSkew + time.Second) })},
		{name: "too old", want: problem.ManifestTooOld, envelope: changed(func(m *manifest.Manifest) { m.Issued = now().Add(-91 * 24 * time.Hour) })},
		{name: "host too old", want: problem.HostTooOld, context: func(c *Context) { c.HostVersion = "0.0.9" }},
		{name: "host is a pre-release", want: problem.HostTooOld, context: func(c *Context) { c.HostVersion = "0.1.0-rc.1" }},
		{name: "host without a version", want: problem.HostTooOld, context: func(c *Context) { c.HostVersion = "" }},
		{name: "clock not set", want: problem.PolicyNotYetValid, context: func(c *Context) { c.Now = time.Time{} }},
		{name: "clock turned back", want: problem.PolicyNotYetValid, context: func(c *Context) { c.Now = date("2020-01-01") }},
		{name: "freeze by withholding newer policies", want: problem.PolicyExpired, context: func(c *Context) { c.Now = date("2027-11-01") }},
	}
}
