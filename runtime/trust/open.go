package trust

import (
	"slices"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// clockSkew is how far in the future a document may have been issued: signer
// and host need not have the same clock.
const clockSkew = 5 * time.Minute

// Open checks an envelope for a deploy, in the order that the package comment
// lists, and returns what it proves. Every error is a *problem.Error. The
// envelope is not kept and may be changed afterwards.
func Open(p *Policy, envelope []byte, c Context) (Verified, error) {
	if err := p.require(); err != nil {
		return Verified{}, err
	}
	if err := p.doc.requireTimely(c.Now); err != nil {
		return Verified{}, err
	}
	v, err := p.open(envelope, c, false)
	if err != nil {
		return Verified{}, err
	}
	if err := p.checkTimes(v.manifest, c.Now); err != nil {
		return Verified{}, err
	}
	return v, nil
}

// Reopen checks the envelope of a release that was accepted earlier, at a
// restart or before a rollback. It is Open without the checks that depend on
// time: not-before, expiry and age of the manifest, expiry of the policy; and
// keys that the policy lists as retired count. What is revoked is refused here
// too. The reason: whoever withholds a new policy must not be able to stop what
// already runs, and a rollback must work on the day after everything expired.
//
// Only for envelopes that the host's own store has kept.
func Reopen(p *Policy, envelope []byte, c Context) (Verified, error) {
	if err := p.require(); err != nil {
		return Verified{}, err
	}
	return p.open(envelope, c, true)
}

// open is what Open and Reopen have in common. Nothing in the payload is parsed
// before its signatures have met the thresholds.
func (p *Policy) open(text []byte, c Context, reopening bool) (Verified, error) {
	e, q, err := p.verify(text, manifest.PayloadType, reopening)
	if err != nil {
		return Verified{}, err
	}
	if _, err := q.requireRelease(); err != nil {
		return Verified{}, err
	}
	digest := e.digest()
	if err := p.checkRevoked("payload", digest); err != nil {
		return Verified{}, err
	}
	m, err := manifest.Decode(e.payload)
	if err != nil {
		return Verified{}, err
	}
	ids, err := q.requireScope(m.Name)
	if err != nil {
		return Verified{}, err
	}
	if err := p.checkRevoked("artifact", m.Artifact.SHA256); err != nil {
		return Verified{}, err
	}
	if err := checkTarget(m, c); err != nil {
		return Verified{}, err
	}
	return Verified{manifest: m, digest: digest, payload: e.payload, keys: ids}, nil
}

// verify decodes an envelope of one payload type and counts its signatures.
func (p *Policy) verify(text []byte, payloadType string, reopening bool) (*envelope, *quorum, error) {
	e, err := decodeEnvelope(text)
	if err != nil {
		return nil, nil, err
	}
	if err := e.requireType(payloadType); err != nil {
		return nil, nil, err
	}
	if len(e.signatures) == 0 {
		return nil, nil, problem.New(problem.SignatureMissing, "envelope has no signature").
			At("/signatures").Cure("sign it with swapline sign")
	}
	return e, p.tally(e, reopening), nil
}

// requireScope repeats the count with the keys that may sign for the strategy.
func (q *quorum) requireScope(strategy string) ([]string, error) {
	within := q.restrict(strategy)
	ids, err := within.requireRelease()
	if err == nil {
		return ids, nil
	}
	outside := slices.DeleteFunc(slices.Clone(q.good), func(id string) bool { return slices.Contains(within.good, id) })
	return nil, problem.New(problem.KeyScope, "signed with a key that may not sign for strategy %s", strategy).
		Want("keys whose patterns match %s", strategy).Got("keys %v outside of their patterns", outside).
		Cure("sign with a key for this strategy, or widen the key's patterns in the policy")
}

func (p *Policy) checkRevoked(what string, digest manifest.Digest) error {
	if !slices.Contains(p.doc.RevokedDigests, digest) {
		return nil
	}
	return problem.New(problem.DigestRevoked, "the policy has revoked this %s", what).Got("%s", digest).
		Cure("deploy a release that is not revoked")
}

// checkTarget refuses a release meant for another strategy, environment or host.
func checkTarget(m *manifest.Manifest, c Context) error {
	if c.Strategy != "" && c.Strategy != m.Name {
		return problem.New(problem.WrongStrategy, "manifest is for another strategy").At("/name").
			Want("%s", c.Strategy).Got("%s", m.Name).Cure("upload it under the name it was signed for")
	}
	if len(m.Audience) > 0 && !slices.Contains(m.Audience, c.Audience) {
		return problem.New(problem.WrongAudience, "manifest is for another environment").At("/audience").
			Want("one of %v", m.Audience).Got("%q", c.Audience).Cure("sign the release for this environment, or start the host with the right audience (serve --audience)")
	}
	return checkHost(m.MinHostVersion, c.HostVersion)
}

func checkHost(minimum, host string) error {
	if minimum == "" || manifest.CompareVersions(host, minimum) >= 0 {
		return nil
	}
	return problem.New(problem.HostTooOld, "release needs a newer host").At("/min_host_version").
		Want("%s or newer", minimum).Got("%q", host).Cure("update this host")
}

// checkTimes refuses a manifest outside of its time. A manifest issued in the
// future would escape the maximum age.
func (p *Policy) checkTimes(m *manifest.Manifest, now time.Time) error {
	switch {
	case m.Issued.After(now.Add(clockSkew)):
		return notYet("/issued", m.Issued, now)
	case m.NotBefore.After(now):
		return notYet("/not_before", m.NotBefore, now)
	case !now.Before(m.Expires):
		return problem.New(problem.ManifestExpired, "manifest is expired").At("/expires").
			Want("a time before %s", stamp(m.Expires)).Got("%s", stamp(now)).Cure("sign the release again")
	case p.doc.MaxAge > 0 && now.After(m.Issued.Add(p.doc.MaxAge)):
		return problem.New(problem.ManifestTooOld, "manifest is older than the policy allows").At("/issued").
			Want("at most %s old", p.doc.MaxAge).Got("issued %s", stamp(m.Issued)).Cure("sign the release again")
	}
	return nil
}

func notYet(pointer string, from, now time.Time) error {
	return problem.New(problem.ManifestNotYetValid, "manifest is not valid yet").At(pointer).
		Want("a time from %s on", stamp(from)).Got("%s", stamp(now)).Cure("wait, or set the clock of this host")
}
