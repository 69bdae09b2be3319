package trust

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// PayloadType is the DSSE payload type of a policy document.
const PayloadType = "application/vnd.swapline.policy.v1+json"

// PolicyDocument is what a policy says; see the package comment.
type PolicyDocument struct {
	Version        int64     // 1 or more; rises with every change
	Issued         time.Time // UTC, whole seconds
	Expires        time.Time // UTC, whole seconds
	Keys           []PolicyKey
	Root           Role // signs policies
	Author         Role // signs manifests
	Approver       Role // confirms manifests; the zero Role means nobody needs to
	RevokedKeys    []string
	RevokedDigests []manifest.Digest // of payloads and of artifacts
	MaxAge         time.Duration     // of a manifest when deployed; whole seconds; 0 means any
	Capabilities   []CapabilityRule  // the first that matches a strategy holds; none at all: DefaultCapabilities
	Engines        []string          // that releases may name; none: the host's own choice
}

// CapabilityRule says what the strategies that match may use of the host.
type CapabilityRule struct {
	Patterns  []string // of strategy names
	Allow     []string // words of capabilities
	HTTPHosts []string // where the capability http leads; see manifest.ValidHost
	PlainHTTP bool     // http:// too
}

// DefaultCapabilities are allowed by a policy that says nothing of capabilities:
// those that touch nothing but the call itself.
func DefaultCapabilities() []string {
	return []string{abi.CapabilityClock, abi.CapabilityConfig, abi.CapabilityLog, abi.CapabilityRandom}
}

// PolicyKey is a key and where it may speak.
type PolicyKey struct {
	Public PublicKey
	// Patterns limit the strategies that the key may sign for.
	Patterns []string
	// Retired keys count only for releases that were accepted earlier.
	Retired bool
}

// Role is a set of keys, by id, of which Threshold must sign: with distinct
// public keys, kept by distinct custodians.
type Role struct {
	Keys      []string
	Threshold int64
}

// Policy is an accepted policy. Only [OpenPolicy] and [Adopt] make one. It is
// immutable and safe for concurrent use. A nil Policy refuses everything.
type Policy struct {
	doc    PolicyDocument
	digest manifest.Digest
	keys   map[string]PolicyKey // by id
}

// Digest returns the payload digest of the policy, "" for a nil Policy.
func (p *Policy) Digest() manifest.Digest {
	if p == nil {
		return ""
	}
	return p.digest
}

// Version returns the version of the policy, 0 for a nil Policy.
func (p *Policy) Version() int64 {
	if p == nil {
		return 0
	}
	return p.doc.Version
}

// Capabilities returns what the policy allows a strategy. A strategy that no rule
// matches is allowed nothing.
func (p *Policy) Capabilities(strategy string) CapabilityRule {
	if p == nil {
		return CapabilityRule{}
	}
	if len(p.doc.Capabilities) == 0 {
		return CapabilityRule{Patterns: []string{"*"}, Allow: DefaultCapabilities()}
	}
	for _, r := range p.doc.Capabilities {
		if matchesAny(r.Patterns, strategy) {
			return r.clone()
		}
	}
	return CapabilityRule{}
}

// Engines returns the engines that releases may name, nil if the policy leaves
// that to the host.
func (p *Policy) Engines() []string {
	if p == nil {
		return nil
	}
	return slices.Clone(p.doc.Engines)
}

func (r CapabilityRule) clone() CapabilityRule {
	r.Patterns, r.Allow, r.HTTPHosts = slices.Clone(r.Patterns), slices.Clone(r.Allow), slices.Clone(r.HTTPHosts)
	return r
}

// Document returns a copy of what the policy says.
func (p *Policy) Document() PolicyDocument {
	if p == nil {
		return PolicyDocument{}
	}
	return p.doc.clone()
}

// require refuses when there is no policy. It comes first in every check.
func (p *Policy) require() error {
	if p == nil || p.digest == "" {
		return problem.New(problem.PolicyMissing, "there is no trust policy").
			Cure("pin a policy; swapline keygen makes one for a single developer")
	}
	return nil
}

// requireTimely refuses a policy outside of its time. Expiry is what an
// attacker who withholds newer policies runs into.
func (d *PolicyDocument) requireTimely(now time.Time) error {
	if !now.Before(d.Expires) {
		return problem.New(problem.PolicyExpired, "trust policy version %d is expired", d.Version).
			Want("a time before %s", stamp(d.Expires)).Got("%s", stamp(now)).
			Cure("adopt a newer policy signed by the root keys")
	}
	return d.requireIssued(now)
}

func (d *PolicyDocument) requireIssued(now time.Time) error {
	if d.Issued.After(now.Add(clockSkew)) {
		return problem.New(problem.PolicyNotYetValid, "trust policy version %d was issued in the future", d.Version).
			Want("a time after %s", stamp(d.Issued)).Got("%s", stamp(now)).Cure("set the clock of this host")
	}
	return nil
}

func (d *PolicyDocument) clone() PolicyDocument {
	c := *d
	c.Keys = slices.Clone(d.Keys)
	for i, k := range c.Keys {
		c.Keys[i].Patterns = slices.Clone(k.Patterns)
	}
	c.Root.Keys = slices.Clone(d.Root.Keys)
	c.Author.Keys = slices.Clone(d.Author.Keys)
	c.Approver.Keys = slices.Clone(d.Approver.Keys)
	c.RevokedKeys = slices.Clone(d.RevokedKeys)
	c.RevokedDigests = slices.Clone(d.RevokedDigests)
	c.Engines = slices.Clone(d.Engines)
	c.Capabilities = slices.Clone(d.Capabilities)
	for i, r := range c.Capabilities {
		c.Capabilities[i] = r.clone()
	}
	return c
}

// newPolicy keeps d.
func newPolicy(d *PolicyDocument, digest manifest.Digest) *Policy {
	return &Policy{doc: *d, digest: digest, keys: d.index()}
}

// index returns the keys by id.
func (d *PolicyDocument) index() map[string]PolicyKey {
	keys := make(map[string]PolicyKey, len(d.Keys))
	for _, k := range d.Keys {
		keys[k.Public.ID()] = k
	}
	return keys
}

// ids returns the key ids in the order in which they are tried.
func (p *Policy) ids() []string { return slices.Sorted(maps.Keys(p.keys)) }

func (p *Policy) keyRevoked(id string) bool { return slices.Contains(p.doc.RevokedKeys, id) }

// covers reports whether the key may sign for the strategy.
func (k PolicyKey) covers(strategy string) bool {
	return matchesAny(k.Patterns, strategy)
}

func matchesAny(patterns []string, strategy string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, strategy)
		return ok && err == nil
	})
}

// ValidPattern reports whether s is a pattern of strategy names: the characters
// of a name, '*' for any run of characters and '?' for any one, at most 64
// bytes. A pattern matches a whole name.
func ValidPattern(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-*?") == ""
}

// DevelopmentPolicy is the policy of a single developer: version 1, one key
// that signs both policies and releases of any strategy, valid for ten years. It
// allows every capability that needs no list of hosts. Nothing is switched off: signatures, sequence and expiry are checked as ever.
func DevelopmentPolicy(k Key, now time.Time) PolicyDocument {
	now = now.UTC().Truncate(time.Second)
	role := Role{Keys: []string{k.ID()}, Threshold: 1}
	return PolicyDocument{
		Version: 1,
		Issued:  now,
		Expires: now.AddDate(10, 0, 0),
		Keys:    []PolicyKey{{Public: k.Public(), Patterns: []string{"*"}}},
		Root:    role,
		Author:  role,
		Capabilities: []CapabilityRule{{Patterns: []string{"*"}, Allow: []string{abi.CapabilityClock, abi.CapabilityConfig,
			abi.CapabilityEmit, abi.CapabilityLog, abi.CapabilityRandom, abi.CapabilityState}}},
	}
}
