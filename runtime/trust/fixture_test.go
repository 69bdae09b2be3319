package trust

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// seeded makes the same key in every run.
func seeded(n byte, custodian string) Key {
	return Key{private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize)), custodian: custodian}
}

// The people of the tests. Rita, Rob and Rosa keep root keys, Ann and Amir are
// authors, Bea and Bob approvers, Mallory is nobody.
func rita() Key    { return seeded(1, "rita") }
func rob() Key     { return seeded(2, "rob") }
func ann() Key     { return seeded(3, "ann") }
func bea() Key     { return seeded(4, "bea") }
func rosa() Key    { return seeded(5, "rosa") }
func amir() Key    { return seeded(6, "amir") }
func bob() Key     { return seeded(7, "bob") }
func mallory() Key { return seeded(66, "mallory") }

func date(text string) time.Time {
	t, err := time.Parse("2006-01-02", text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func now() time.Time { return date("2026-11-20").Add(12 * time.Hour) }

func listed(k Key, patterns ...string) PolicyKey {
	return PolicyKey{Public: k.Public(), Patterns: patterns}
}

func role(threshold int64, keys ...Key) Role {
	r := Role{Threshold: threshold}
	for _, k := range keys {
		r.Keys = append(r.Keys, k.ID())
	}
	return r
}

// baseDocument is the policy of the worked example.
func baseDocument() PolicyDocument {
	return PolicyDocument{
		Version:  3,
		Issued:   date("2026-11-01"),
		Expires:  date("2027-11-01"),
		Keys:     []PolicyKey{listed(rita()), listed(rob()), listed(ann(), "risk*"), listed(bea(), "*")},
		Root:     role(2, rita(), rob()),
		Author:   role(1, ann()),
		Approver: role(1, bea()),
		MaxAge:   90 * 24 * time.Hour,
	}
}

type edit func(*PolicyDocument)

// policy opens the base policy after some edits.
func policy(t testing.TB, edits ...edit) *Policy {
	t.Helper()
	p, err := OpenPolicy(policyEnvelope(t, []Key{rita(), rob()}, edits...), policyDigest(t, edits...), now())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func policyText(t testing.TB, edits ...edit) []byte {
	t.Helper()
	d := baseDocument()
	for _, e := range edits {
		e(&d)
	}
	b, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func policyDigest(t testing.TB, edits ...edit) manifest.Digest {
	t.Helper()
	return manifest.Sum(policyText(t, edits...))
}

func policyEnvelope(t testing.TB, keys []Key, edits ...edit) []byte {
	t.Helper()
	return sign(t, PayloadType, policyText(t, edits...), keys...)
}

func sign(t testing.TB, payloadType string, payload []byte, keys ...Key) []byte {
	t.Helper()
	b, err := Sign(payloadType, payload, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// release returns the worked example's manifest after some edits.
func release(t testing.TB, edits ...func(*manifest.Manifest)) []byte {
	t.Helper()
	text, err := os.ReadFile("../manifest/testdata/riskscore.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		e(m)
	}
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signed is a release signed by its author and its approver.
func signed(t testing.TB, edits ...func(*manifest.Manifest)) []byte {
	t.Helper()
	return sign(t, manifest.PayloadType, release(t, edits...), ann(), bea())
}

func context() Context {
	return Context{Now: now(), Strategy: "riskscore", Audience: "production", HostVersion: "0.1.0"}
}

// rewrite edits the members of an envelope.
func rewrite(t testing.TB, envelope []byte, change func(map[string]any)) []byte {
	t.Helper()
	members, err := wire.Limits{String: MaxEnvelope}.ParseJSON(envelope)
	if err != nil {
		t.Fatal(err)
	}
	change(members.(map[string]any))
	b, err := wire.Limits{String: MaxEnvelope}.AppendJSON(nil, members)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signatureOf returns the i-th signature object of an envelope's members.
func signatureOf(members map[string]any, i int) map[string]any {
	return members["signatures"].([]any)[i].(map[string]any)
}

// wantCode checks the code of an error and that nothing came with it.
func wantCode(t testing.TB, v Verified, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Fatalf("error = %v, want code %s", err, code)
	}
	if v.Valid() || v.Manifest() != nil || v.Digest() != "" || len(v.Keys()) != 0 || len(v.Payload()) != 0 {
		t.Errorf("a refused envelope gave %+v", v)
	}
}

func messageOf(t testing.TB, err error) string {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) {
		t.Fatalf("%v is not a problem", err)
	}
	return p.Message
}
