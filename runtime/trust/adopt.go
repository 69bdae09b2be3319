package trust

import (
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// OpenPolicy accepts a policy because its payload digest is the pinned one: at
// the first start the operator's pin, later the digest that the host's own
// store recorded. The document must also satisfy its own root threshold.
//
// An expired policy is accepted, or a host could not restart on the day after:
// what it already serves is reopened, every [Open] fails with PolicyExpired.
// A policy issued in the future is refused: the clock is wrong, and then no
// expiry means anything.
func OpenPolicy(envelope []byte, pin manifest.Digest, now time.Time) (*Policy, error) {
	if !pin.Valid() {
		return nil, problem.New(problem.PolicyMissing, "there is no pin for the trust policy").
			Want("sha256: and 64 lower-case hex digits").Got("%.80q", string(pin)).Cure("pin the payload digest of the policy")
	}
	e, err := decodePolicyEnvelope(envelope)
	if err != nil {
		return nil, err
	}
	if digest := e.digest(); digest != pin {
		return nil, problem.New(problem.PolicyUntrusted, "trust policy is not the pinned one").
			Want("%s", pin).Got("%s", digest).Cure("restore the pinned policy, or pin this one after checking where it comes from")
	}
	p, err := selfSigned(e)
	if err != nil {
		return nil, err
	}
	if err := p.doc.requireIssued(now); err != nil {
		return nil, err
	}
	return p, nil
}

// Adopt accepts a successor of the current policy: signed by the root threshold
// of current and by its own, with a higher version, in its time. current may be
// expired, since a new policy is the cure for that; it is not changed. The
// caller makes the result durable before using it.
func Adopt(current *Policy, envelope []byte, now time.Time) (*Policy, error) {
	if err := current.require(); err != nil {
		return nil, err
	}
	e, q, err := current.verify(envelope, PayloadType, false)
	if err != nil {
		return nil, err
	}
	if err := q.requireRoot(); err != nil {
		return nil, err
	}
	next, err := selfSigned(e)
	if err != nil {
		return nil, err
	}
	if err := requireRise(current, next); err != nil {
		return nil, err
	}
	if err := next.doc.requireTimely(now); err != nil {
		return nil, err
	}
	return next, nil
}

func decodePolicyEnvelope(text []byte) (*envelope, error) {
	e, err := decodeEnvelope(text)
	if err != nil {
		return nil, err
	}
	return e, e.requireType(PayloadType)
}

// selfSigned parses a policy that is trusted already and demands the threshold
// of its own root role: who lists keys that cannot sign would lock itself out.
func selfSigned(e *envelope) (*Policy, error) {
	doc, err := DecodePolicy(e.payload)
	if err != nil {
		return nil, err
	}
	p := newPolicy(doc, e.digest())
	if err := p.tally(e, false).requireRoot(); err != nil {
		return nil, problem.New(problem.PolicyUntrusted, "policy is not signed by its own root keys: %w", err).
			Cure("sign it with the root keys that it lists")
	}
	return p, nil
}

// requireRise refuses replays: of an older policy, of the current one, and a
// second policy under the current version.
func requireRise(current, next *Policy) error {
	if next.doc.Version > current.doc.Version {
		return nil
	}
	what := "trust policy is older than the current one"
	switch {
	case next.digest == current.digest:
		what = "trust policy is the current one"
	case next.doc.Version == current.doc.Version:
		what = "a different trust policy has this version already"
	}
	return problem.New(problem.PolicyRollback, "%s", what).
		Want("version %d or higher", current.doc.Version+1).Got("version %d", next.doc.Version).
		Cure("give the new policy a higher version and sign it again")
}
