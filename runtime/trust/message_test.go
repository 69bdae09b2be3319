package trust

import (
	"slices"
	"testing"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// provoked returns one refusal for each code that this package gives.
func provoked(t *testing.T) map[problem.Code]string {
	t.Helper()
	messages := map[problem.Code]string{}
	note := func(err error) {
		if code := problem.CodeOf(err); messages[code] == "" {
			messages[code] = messageOf(t, err)
		}
	}
	for _, a := range slices.Concat(signatureAttacks(), envelopeAttacks(), keyAttacks(), bindingAttacks()) {
		_, err := a.run(t)
		note(err)
	}
	_, err := Open(nil, nil, Context{})
	note(err)
	_, err = OpenPolicy(policyEnvelope(t, []Key{rita(), rob()}), manifest.Sum(nil), now())
	note(err)
	_, err = Adopt(policy(t), policyEnvelope(t, []Key{rita(), rob()}), now())
	note(err)
	_, err = DecodePolicy([]byte("{}"))
	note(err)
	v, err := Open(policy(t), signed(t), context())
	if err != nil {
		t.Fatal(err)
	}
	note(v.Advances(18, v.Digest()))
	note(v.Advances(17, manifest.Sum(nil)))
	note(v.Advances(16, manifest.Sum(nil)))
	return messages
}

func TestEveryCodeHasItsOwnMessage(t *testing.T) {
	messages := provoked(t)
	for _, code := range []problem.Code{
		problem.EnvelopeMalformed, problem.EnvelopeType, problem.SignatureMissing, problem.SignatureInvalid,
		problem.KeyUnknown, problem.KeyRevoked, problem.KeyScope, problem.ThresholdUnmet, problem.DigestRevoked,
		problem.PolicyMissing, problem.PolicyMalformed, problem.PolicyUntrusted, problem.PolicyRollback,
		problem.PolicyExpired, problem.PolicyNotYetValid, problem.ManifestMalformed, problem.ManifestExpired,
		problem.ManifestNotYetValid, problem.ManifestTooOld, problem.WrongAudience, problem.WrongStrategy,
		problem.HostTooOld, problem.SequenceRollback, problem.Equivocation, problem.ChainBroken,
	} {
		if messages[code] == "" {
			t.Errorf("no attack provokes %s", code)
		}
	}
	owner := map[string]problem.Code{}
	for code, message := range messages {
		if other, taken := owner[message]; taken {
			t.Errorf("%s and %s both say %q", code, other, message)
		}
		owner[message] = code
	}
}
