package trust

import (
	"crypto/ed25519"
	"encoding/base64"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/manifest/fields"
	"github.com/swapline/swapline/runtime/problem"
)

// MaxPolicy is the greatest length of an encoded policy in bytes.
const MaxPolicy = 256 << 10

// DecodePolicy reads a policy document as the package comment specifies it and
// checks it. A decoded document is not a trusted one: see [OpenPolicy].
func DecodePolicy(payload []byte) (*PolicyDocument, error) {
	o := fields.Parse(problem.PolicyMalformed, "policy", payload, policyLimits())
	d := readPolicy(o)
	o.Done()
	if err := o.Err(); err != nil {
		return nil, err
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	return d, nil
}

func policyLimits() wire.Limits {
	return wire.Limits{Depth: 8, Bytes: MaxPolicy, String: 4096, Items: 20_000}
}

func readPolicy(o *fields.Object) *PolicyDocument {
	opt := o.Optional()
	d := &PolicyDocument{
		Version:     o.Int("version"),
		Issued:      o.Time("issued"),
		Expires:     o.Time("expires"),
		RevokedKeys: opt.Texts("revoked_keys"),
		MaxAge:      opt.Duration("max_age_seconds", time.Second),
		Engines:     opt.Texts("engines"),
	}
	for _, r := range opt.Objects("capabilities") {
		d.Capabilities = append(d.Capabilities, readCapabilityRule(r))
	}
	for _, k := range o.Objects("keys") {
		d.Keys = append(d.Keys, readPolicyKey(k))
	}
	for _, s := range opt.Texts("revoked_digests") {
		d.RevokedDigests = append(d.RevokedDigests, manifest.Digest(s))
	}
	roles := o.Object("roles")
	d.Root = readRole(roles.Object("root"))
	d.Author = readRole(roles.Object("author"))
	d.Approver = readRole(roles.Optional().Object("approver"))
	roles.Done()
	return d
}

func readCapabilityRule(o *fields.Object) CapabilityRule {
	defer o.Done()
	return CapabilityRule{Patterns: o.Texts("patterns"), Allow: o.Texts("allow"),
		HTTPHosts: o.Optional().Texts("http_hosts"), PlainHTTP: o.Optional().Bool("http_plain")}
}

func readRole(o *fields.Object) Role {
	defer o.Done()
	return Role{Keys: o.Texts("keys"), Threshold: o.Int("threshold")}
}

func readPolicyKey(o *fields.Object) PolicyKey {
	defer o.Done()
	id, text, custodian := o.Text("id"), o.Text("public"), o.Text("custodian")
	k := PolicyKey{Patterns: o.Optional().Texts("patterns"), Retired: o.Optional().Bool("retired")}
	if o.Err() != nil {
		return k
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		o.Refuse("public", "32 bytes in standard base64", text)
		return k
	}
	if !ValidCustodian(custodian) {
		o.Refuse("custodian", "1 to 128 of a-z 0-9 . _ @ + -", custodian)
		return k
	}
	k.Public = PublicKey{raw: string(raw), custodian: custodian}
	if id != k.Public.ID() {
		o.Refuse("id", k.Public.ID()+", the first 16 hex digits of the public key's SHA-256", id)
	}
	return k
}

// Encode returns the text to sign: members sorted, no white space, absent
// instead of empty. It refuses what Check refuses.
func (d *PolicyDocument) Encode() ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	b, err := policyLimits().AppendJSON(nil, d.toMap())
	if err != nil {
		return nil, problem.New(problem.PolicyMalformed, "policy cannot be written: %w", err)
	}
	return b, nil
}

func (d *PolicyDocument) toMap() map[string]any {
	keys := make([]any, len(d.Keys))
	for i, k := range d.Keys {
		keys[i] = k.toMap()
	}
	roles := map[string]any{"root": d.Root.toMap(), "author": d.Author.toMap()}
	if d.Approver.Threshold > 0 || len(d.Approver.Keys) > 0 {
		roles["approver"] = d.Approver.toMap()
	}
	doc := map[string]any{
		"version": d.Version,
		"issued":  stamp(d.Issued),
		"expires": stamp(d.Expires),
		"keys":    keys,
		"roles":   roles,
	}
	if len(d.Capabilities) > 0 {
		rules := make([]any, len(d.Capabilities))
		for i, r := range d.Capabilities {
			rules[i] = r.toMap()
		}
		doc["capabilities"] = rules
	}
	putList(doc, "engines", d.Engines)
	putList(doc, "revoked_keys", d.RevokedKeys)
	putList(doc, "revoked_digests", d.RevokedDigests)
	if d.MaxAge > 0 {
		doc["max_age_seconds"] = int64(d.MaxAge / time.Second)
	}
	return doc
}

func (k PolicyKey) toMap() map[string]any {
	doc := map[string]any{
		"id":        k.Public.ID(),
		"public":    base64.StdEncoding.EncodeToString(k.Public.Bytes()),
		"custodian": k.Public.Custodian(),
	}
	putList(doc, "patterns", k.Patterns)
	if k.Retired {
		doc["retired"] = true
	}
	return doc
}

func (r CapabilityRule) toMap() map[string]any {
	doc := map[string]any{"allow": []any{}}
	putList(doc, "patterns", r.Patterns)
	putList(doc, "allow", r.Allow)
	putList(doc, "http_hosts", r.HTTPHosts)
	if r.PlainHTTP {
		doc["http_plain"] = true
	}
	return doc
}

func (r Role) toMap() map[string]any {
	doc := map[string]any{"threshold": r.Threshold, "keys": []any{}}
	putList(doc, "keys", r.Keys)
	return doc
}

func putList[S ~string](doc map[string]any, name string, list []S) {
	if len(list) == 0 {
		return
	}
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	doc[name] = out
}

// stamp writes a time as documents do.
func stamp(t time.Time) string { return t.UTC().Format(fields.TimeLayout) }
