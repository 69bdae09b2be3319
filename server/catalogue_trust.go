package server

import "github.com/swapline/swapline/runtime/problem"

func envelopeEntries() []Entry {
	return []Entry{
		{problem.EnvelopeMalformed, 422, "Envelope malformed", "The envelope is not a DSSE envelope. Make it with `swapline sign`."},
		{problem.EnvelopeType, 422, "Envelope of another type", "The envelope is signed but contains something else than a manifest."},
		{problem.SignatureMissing, 422, "Not signed", "The envelope has no signature. Sign the release with `swapline sign`."},
		{problem.SignatureInvalid, 422, "Signature invalid", "A signature does not match the signed bytes: the envelope was changed after signing, or the key is another one."},
		{problem.KeyUnknown, 422, "Unknown key", "No signature is by a key that the trust policy knows. Sign with a known key, or have the policy extended."},
		{problem.KeyRevoked, 422, "Key revoked", "The key was revoked by the trust policy. Sign again with another key."},
		{problem.KeyScope, 422, "Key out of scope", "The key may not sign for this strategy name or role."},
		{problem.ThresholdUnmet, 422, "Too few signatures", "The policy asks for more signatures by different people. Have the missing ones added."},
		{problem.DigestRevoked, 422, "Release revoked", "The policy forbids exactly this release."},
	}
}

func policyEntries() []Entry {
	return []Entry{
		{problem.PolicyMissing, 503, "No trust policy", "The host has no trust policy and so refuses every release. Restart it with one."},
		{problem.PolicyMalformed, 422, "Policy malformed", "The trust policy cannot be read."},
		{problem.PolicyUntrusted, 422, "Policy not trusted", "The trust policy is not the pinned one, nor signed by the root of the policy in force."},
		{problem.PolicyRollback, 422, "Policy too old", "An older trust policy than the one in force was offered."},
		{problem.PolicyNotYetValid, 503, "Policy not yet valid", "The trust policy was issued in the future. Check the host's clock."},
		{problem.PolicyExpired, 503, "Policy expired", "The trust policy has expired. Put a newer one into the data folder and restart."},
	}
}

func manifestEntries() []Entry {
	return []Entry{
		{problem.ManifestMalformed, 422, "Manifest malformed", "The signed manifest breaks the format. `pointer` names the field."},
		{problem.RolloutPolicyMalformed, 422, "Rollout policy malformed", "The rules for rollouts, in the manifest's member `rollout`, set by the operator or sent with the request, cannot be used. `pointer` names the member, `expected` and `found` say what is wrong with it."},
		{problem.ManifestExpired, 422, "Release expired", "The manifest's validity is over. Sign the release again."},
		{problem.ManifestNotYetValid, 422, "Release not yet valid", "The manifest is valid only later. Wait, or check the clocks."},
		{problem.ManifestTooOld, 422, "Release too old", "The manifest is older than the policy allows. Sign the release again."},
		{problem.WrongAudience, 422, "Wrong audience", "The release is signed for other environments than this host's."},
		{problem.WrongStrategy, 422, "Wrong strategy", "The manifest names another strategy than the one uploaded to."},
		{problem.HostTooOld, 422, "Host too old", "The release needs a newer Swapline."},
		{problem.SequenceRollback, 409, "Older than what was active", "A release with a higher sequence was active already. To go back to a known release use `swapline rollback`."},
		{problem.Equivocation, 409, "Two releases, one sequence", "Another release with the same sequence was active. Find out who signed both, then sign with a higher sequence."},
		{problem.ChainBroken, 409, "Does not follow", "The manifest says that it follows another release than the one that is active."},
	}
}
