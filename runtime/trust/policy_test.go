package trust

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

func TestPolicyDocumentSurvivesEncoding(t *testing.T) {
	full := func(d *PolicyDocument) {
		d.RevokedKeys = []string{"0123456789abcdef"}
		d.RevokedDigests = []manifest.Digest{manifest.Sum(nil)}
		retireAnn(d)
	}
	for name, edit := range map[string]edit{"base": func(*PolicyDocument) {}, "full": full, "no approver": twoAuthors} {
		t.Run(name, func(t *testing.T) {
			want := baseDocument()
			edit(&want)
			got, err := DecodePolicy(policyText(t, edit))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, want) {
				t.Errorf("got  %+v\nwant %+v", *got, want)
			}
			if again, err := got.Encode(); err != nil || !bytes.Equal(again, policyText(t, edit)) {
				t.Errorf("encoding is not stable: %v\n%s", err, again)
			}
		})
	}
}

func TestDevelopmentPolicyIsARealPolicy(t *testing.T) {
	d := DevelopmentPolicy(ann(), now())
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p, err := OpenPolicy(sign(t, PayloadType, text, ann()), manifest.Sum(text), now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(p, sign(t, manifest.PayloadType, release(t), ann()), context()); err != nil {
		t.Errorf("the developer's release: %v", err)
	}
	v, err := Open(p, sign(t, manifest.PayloadType, release(t), mallory()), context())
	wantCode(t, v, err, problem.KeyUnknown)
	v, err = Open(p, sign(t, manifest.PayloadType, release(t), ann()), Context{Now: now().AddDate(10, 0, 0)})
	wantCode(t, v, err, problem.PolicyExpired)
}

func TestBootstrapAttacks(t *testing.T) {
	good := policyEnvelope(t, []Key{rita(), rob()})
	cases := []struct {
		name     string
		envelope []byte
		pin      manifest.Digest
		now      time.Time
		want     problem.Code
	}{
		{"good", good, policyDigest(t), now(), ""},
		{"expired at a restart", good, policyDigest(t), date("2040-01-01"), ""},
		{"pin mismatch", good, manifest.Sum(nil), now(), problem.PolicyUntrusted},
		{"no pin", good, "", now(), problem.PolicyMissing},
		{"pin that is no digest", good, "latest", now(), problem.PolicyMissing},
		{"pin of the envelope instead of the payload", good, manifest.Sum(good), now(), problem.PolicyUntrusted},
		{"no policy file", nil, policyDigest(t), now(), problem.EnvelopeMalformed},
		{"another policy by the same roots", policyEnvelope(t, []Key{rita(), rob()}, func(d *PolicyDocument) { d.Version++ }),
			policyDigest(t), now(), problem.PolicyUntrusted},
		{"below its own root threshold", policyEnvelope(t, []Key{rita()}), policyDigest(t), now(), problem.PolicyUntrusted},
		{"signed by strangers", policyEnvelope(t, []Key{mallory()}), policyDigest(t), now(), problem.PolicyUntrusted},
		{"signed by author and approver", policyEnvelope(t, []Key{ann(), bea()}), policyDigest(t), now(), problem.PolicyUntrusted},
		{"manifest as policy", sign(t, manifest.PayloadType, policyText(t), rita(), rob()), policyDigest(t), now(), problem.EnvelopeType},
		{"pinned nonsense", sign(t, PayloadType, []byte("{}"), rita(), rob()), manifest.Sum([]byte("{}")), now(), problem.PolicyMalformed},
		{"issued in the future: the clock is wrong", good, policyDigest(t), date("2026-10-31"), problem.PolicyNotYetValid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := OpenPolicy(c.envelope, c.pin, c.now)
			if problem.CodeOf(err) != c.want {
				t.Fatalf("error = %v, want code %q", err, c.want)
			}
			if (p == nil) != (err != nil) {
				t.Errorf("policy = %v with error %v", p, err)
			}
		})
	}
}

// next is version 4 with Rosa in Rob's place.
func next(d *PolicyDocument) {
	d.Version = 4
	d.Keys[1] = listed(rosa())
	d.Root = role(2, rita(), rosa())
}

func TestAdoptAttacks(t *testing.T) {
	version := func(n int64) edit { return func(d *PolicyDocument) { d.Version = n } }
	cases := []struct {
		name     string
		envelope []byte
		now      time.Time
		want     problem.Code
	}{
		{"next version", policyEnvelope(t, []Key{rita(), rob()}, version(4)), now(), ""},
		{"a version further on", policyEnvelope(t, []Key{rita(), rob()}, version(9)), now(), ""},
		{"new roots, signed by old and new", policyEnvelope(t, []Key{rita(), rob(), rosa()}, next), now(), ""},
		{"signed by the old root only", policyEnvelope(t, []Key{rita(), rob()}, next), now(), problem.PolicyUntrusted},
		{"signed by the new root only", policyEnvelope(t, []Key{rita(), rosa()}, next), now(), problem.ThresholdUnmet},
		{"root threshold minus one", policyEnvelope(t, []Key{rita()}, version(4)), now(), problem.ThresholdUnmet},
		{"signed by author and approver", policyEnvelope(t, []Key{ann(), bea()}, version(4)), now(), problem.ThresholdUnmet},
		{"signed by a stranger", policyEnvelope(t, []Key{mallory()}, version(4)), now(), problem.KeyUnknown},
		{"policy rollback", policyEnvelope(t, []Key{rita(), rob()}, version(2)), now(), problem.PolicyRollback},
		{"replay of the current policy", policyEnvelope(t, []Key{rita(), rob()}), now(), problem.PolicyRollback},
		{"same version, other content", policyEnvelope(t, []Key{rita(), rob()}, func(d *PolicyDocument) { d.MaxAge = 0 }), now(), problem.PolicyRollback},
		{"expired successor", policyEnvelope(t, []Key{rita(), rob()}, version(4)), date("2027-11-01"), problem.PolicyExpired},
		{"successor of the future", policyEnvelope(t, []Key{rita(), rob()}, version(4),
			func(d *PolicyDocument) { d.Issued = date("2026-12-24") }), now(), problem.PolicyNotYetValid},
		{"manifest as policy", sign(t, manifest.PayloadType, release(t), rita(), rob()), now(), problem.EnvelopeType},
		{"manifest signed as a policy", sign(t, PayloadType, release(t), rita(), rob()), now(), problem.PolicyMalformed},
		{"manifest relabelled as policy", rewrite(t, sign(t, manifest.PayloadType, release(t), rita(), rob()),
			func(e map[string]any) { e["payloadType"] = PayloadType }), now(), problem.SignatureInvalid},
		{"tampered", bytes.Replace(policyEnvelope(t, []Key{rita(), rob()}, version(4)), []byte(`"payload":"`), []byte(`"payload":"e30g`), 1),
			now(), problem.SignatureInvalid},
		{"stripped", rewrite(t, policyEnvelope(t, []Key{rita()}, version(4)),
			func(e map[string]any) { e["signatures"] = []any{} }), now(), problem.SignatureMissing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			current := policy(t)
			before := current.Digest()
			p, err := Adopt(current, c.envelope, c.now)
			if problem.CodeOf(err) != c.want {
				t.Fatalf("error = %v, want code %q", err, c.want)
			}
			if (p == nil) != (err != nil) || current.Digest() != before || current.Version() != 3 {
				t.Errorf("policy %v, current version %d", p, current.Version())
			}
			if p != nil && p.Version() <= 3 {
				t.Errorf("adopted version %d", p.Version())
			}
		})
	}
}

func TestRevokedRootCannotAdopt(t *testing.T) {
	current := policy(t, func(d *PolicyDocument) {
		d.Keys = append(d.Keys, listed(rosa()))
		d.Root = role(2, rita(), rob(), rosa())
	})
	current, err := Adopt(current, policyEnvelope(t, []Key{rita(), rosa()}, func(d *PolicyDocument) {
		d.Version = 4
		d.Keys = append(d.Keys, listed(rosa()))
		d.Root = role(2, rita(), rob(), rosa())
		d.RevokedKeys = []string{rob().ID()}
	}), now())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Adopt(current, policyEnvelope(t, []Key{rita(), rob()}, func(d *PolicyDocument) { d.Version = 5 }), now())
	if problem.CodeOf(err) != problem.KeyRevoked {
		t.Errorf("revoked root: %v", err)
	}
}

func TestExpiredPolicyIsCuredByANewOne(t *testing.T) {
	late := date("2027-12-01")
	v, err := Open(policy(t), signed(t), Context{Now: late})
	wantCode(t, v, err, problem.PolicyExpired)
	_, err = Adopt(policy(t), policyEnvelope(t, []Key{rita(), rob()}, func(d *PolicyDocument) {
		d.Version, d.Issued, d.Expires = 4, date("2027-11-30"), date("2028-11-30")
	}), late)
	if err != nil {
		t.Error(err)
	}
}

func TestPolicyTextsThatAreRefused(t *testing.T) {
	good := string(policyText(t))
	mal := mallory().Public()
	second := `{"custodian":"someone","id":"` + ann().ID() + `","public":"` + between(good, ann().ID()+`","patterns":["risk*"],"public":"`) + `"}`
	cases := []struct{ name, old, new, pointer string }{
		{"unknown member", `{"expires"`, `{"disable_checks":true,"expires"`, "/disable_checks"},
		{"member in another case", `"version"`, `"Version"`, "/version"},
		{"unknown role", `"root":{`, `"superuser":{"keys":[],"threshold":0},"root":{`, "/roles/superuser"},
		{"same public key under two ids", `"keys":[{`, `"keys":[` + second + `,{`, "/keys/3/public"},
		{"key under a foreign id", ann().ID() + `","patterns":["risk*"]`, mal.ID() + `","patterns":["risk*"]`, "/keys/2/id"},
		{"custodian in upper case", `"custodian":"rob"`, `"custodian":"Rita"`, "/keys/1/custodian"},
		{"custodian with a look-alike letter", `"custodian":"rob"`, `"custodian":"rіta"`, "/keys/1/custodian"},
		{"one custodian cannot meet a threshold of two", `"custodian":"rob"`, `"custodian":"rita"`, "/roles/root/threshold"},
		{"threshold zero for root", `"threshold":2`, `"threshold":0`, "/roles/root/threshold"},
		{"negative threshold", `"threshold":2`, `"threshold":-1`, "/roles/root/threshold"},
		{"threshold above the keys", `"threshold":2`, `"threshold":3`, "/roles/root/threshold"},
		{"threshold as text", `"threshold":2`, `"threshold":"2"`, "/roles/root/threshold"},
		{"pattern with a class", `"risk*"`, `"[a-z]*"`, "/keys/2/patterns/0"},
		{"pattern with a slash", `"risk*"`, `"risk/*"`, "/keys/2/patterns/0"},
		{"empty pattern", `"risk*"`, `""`, "/keys/2/patterns/0"},
		{"author without patterns", `"patterns":["risk*"],`, ``, "/keys/2/patterns"},
		{"public key cut short", `"public":"`, `"public":"AAAA`, "/keys/0/public"},
		{"version zero", `"version":3`, `"version":0`, "/version"},
		{"expires with issue", `"expires":"2027-11-01`, `"expires":"2026-11-01`, "/expires"},
		{"negative age", `"max_age_seconds":7776000`, `"max_age_seconds":-1`, "/max_age_seconds"},
		{"duplicate member", `"version":3`, `"version":3,"version":4`, "/version"},
		{"revoked key that is no id", `"version":3`, `"version":3,"revoked_keys":["ann"]`, "/revoked_keys/0"},
		{"revoked digest that is no digest", `"version":3`, `"version":3,"revoked_digests":["x"]`, "/revoked_digests/0"},
		{"revoked root makes the threshold unreachable", `"version":3`, `"version":3,"revoked_keys":["` + rita().ID() + `"]`, "/roles/root/threshold"},
		{"retired author leaves nobody", `"patterns":["risk*"]`, `"patterns":["risk*"],"retired":true`, "/roles/author/threshold"},
		{"author is also the approver", `"approver":{"keys":["` + bea().ID(), `"approver":{"keys":["` + ann().ID(), "/roles/approver/keys/0"},
		{"author and approver are one custodian", `"custodian":"bea"`, `"custodian":"ann"`, "/roles/approver/threshold"},
		{"approval switched off by a threshold of zero", `"approver":{"keys":["` + bea().ID() + `"],"threshold":1}`,
			`"approver":{"keys":["` + bea().ID() + `"],"threshold":0}`, "/roles/approver/threshold"},
		{"role with an unlisted key", `"author":{"keys":["` + ann().ID(), `"author":{"keys":["` + mal.ID(), "/roles/author/keys/0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("the case changes nothing in %s", good)
			}
			d, err := DecodePolicy([]byte(text))
			wantPolicyRefusal(t, d, err, c.pointer)
		})
	}
}

// between returns what stands behind the marker up to the next quote.
func between(s, marker string) string {
	_, rest, _ := strings.Cut(s, marker)
	found, _, _ := strings.Cut(rest, `"`)
	return found
}

func wantPolicyRefusal(t *testing.T, d *PolicyDocument, err error, pointer string) {
	t.Helper()
	if problem.CodeOf(err) != problem.PolicyMalformed {
		t.Fatalf("error = %v, want code %s", err, problem.PolicyMalformed)
	}
	if d != nil {
		t.Error("a refused policy was returned")
	}
	if got := err.(*problem.Error).Pointer; got != pointer {
		t.Errorf("pointer = %q, want %q (%v)", got, pointer, err)
	}
}

func TestHugePolicyIsRefused(t *testing.T) {
	_, err := DecodePolicy(append(policyText(t), bytes.Repeat([]byte(" "), MaxPolicy)...))
	if problem.CodeOf(err) != problem.PolicyMalformed {
		t.Errorf("error = %v", err)
	}
	d := baseDocument()
	for range maxRevoked + 1 {
		d.RevokedKeys = append(d.RevokedKeys, "0123456789abcdef")
	}
	if _, err := d.Encode(); problem.CodeOf(err) != problem.PolicyMalformed {
		t.Errorf("too many revoked keys: %v", err)
	}
}

func TestPatterns(t *testing.T) {
	cases := []struct {
		pattern, name string
		want          bool
	}{
		{"*", "riskscore", true},
		{"risk*", "riskscore", true},
		{"risk*", "risk", true},
		{"risk*", "xriskscore", false},
		{"riskscore", "riskscore", true},
		{"riskscore", "riskscore2", false},
		{"risk?core", "riskscore", true},
		{"risk?", "riskscore", false},
		{"eu.*.risk", "eu.cards.risk", true},
		{"eu.*.risk", "eu.risk", false},
	}
	for _, c := range cases {
		if got := (PolicyKey{Patterns: []string{c.pattern}}).covers(c.name); got != c.want {
			t.Errorf("%s covers %s = %v", c.pattern, c.name, got)
		}
	}
	if (PolicyKey{}).covers("riskscore") {
		t.Error("a key without patterns covers a strategy")
	}
}

func FuzzDecodePolicy(f *testing.F) {
	f.Add(policyText(f))
	f.Add(policyText(f, twoAuthors))
	f.Add([]byte(`{"version":1,"keys":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := DecodePolicy(b)
		if err != nil {
			if problem.CodeOf(err) != problem.PolicyMalformed {
				t.Fatalf("code of %v", err)
			}
			return
		}
		text, err := d.Encode()
		if err != nil {
			t.Fatalf("accepted but cannot be encoded: %v", err)
		}
		again, err := DecodePolicy(text)
		if err != nil || !reflect.DeepEqual(again, d) {
			t.Fatalf("round trip: %v\n%+v\n%+v", err, again, d)
		}
	})
}

func FuzzOpen(f *testing.F) {
	p, c, want := policy(f), context(), manifest.Sum(release(f))
	f.Add(signed(f))
	f.Add(policyEnvelope(f, []Key{rita(), rob()}))
	f.Add([]byte(`{"payload":"","payloadType":"x","signatures":[{"sig":""}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Open(p, b, c)
		if err == nil && v.Digest() != want {
			t.Fatalf("accepted %s", v.Digest())
		}
		if err != nil && (problem.CodeOf(err) == problem.Internal || v.Valid()) {
			t.Fatalf("error %v with %+v", err, v)
		}
		if _, err := wire.ParseJSON(b); err == nil {
			if u, err := ReadUnverified(b); err == nil && u.Digest != manifest.Sum(u.Payload) {
				t.Fatal("digest is not that of the payload")
			}
		}
	})
}
