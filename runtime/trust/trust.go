package trust

import (
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Verified is a manifest whose envelope satisfied the policy. Only [Open] and
// [Reopen] make one, so a value of this type is proof of the check. The zero
// value proves nothing: its manifest is nil and its digest empty.
type Verified struct {
	manifest *manifest.Manifest
	digest   manifest.Digest
	payload  []byte
	keys     []string
}

// Manifest returns the verified statement. It is shared: do not change it.
func (v Verified) Manifest() *manifest.Manifest { return v.manifest }

// Digest returns the payload digest, the name of the release everywhere.
func (v Verified) Digest() manifest.Digest { return v.digest }

// Keys returns the ids of the keys whose signatures counted, sorted.
func (v Verified) Keys() []string { return append([]string(nil), v.keys...) }

// Valid reports whether v came out of a check.
func (v Verified) Valid() bool { return v.manifest != nil && v.digest != "" }

// Payload returns a copy of the signed bytes.
func (v Verified) Payload() []byte { return append([]byte(nil), v.payload...) }

// Advances reports whether v may follow the high-water mark of its strategy: the
// highest sequence that was ever active, with its payload digest; 0 and "" before
// the first. The marked release itself may come again. A lower sequence is a
// rollback, the same sequence with another digest an equivocation, and a stated
// previous digest that is not the marked one a broken chain.
func (v Verified) Advances(sequence int64, digest manifest.Digest) error {
	switch {
	case !v.Valid():
		return problem.New(problem.SignatureMissing, "release was never verified").Cure("open its envelope first")
	case sequence == 0 || (v.manifest.Sequence == sequence && v.digest == digest):
		return nil
	case v.manifest.Sequence < sequence:
		return problem.New(problem.SequenceRollback, "release is older than one that was active").At("/sequence").
			Want("more than %d", sequence).Got("%d", v.manifest.Sequence).
			Cure("to go back to a known release use rollback; to replace it sign with a higher sequence")
	case v.manifest.Sequence == sequence:
		return problem.New(problem.Equivocation, "two different releases carry this sequence").At("/sequence").
			Want("%s", digest).Got("%s", v.digest).
			Cure("find out who signed both; then sign with a higher sequence")
	case v.manifest.Previous != "" && v.manifest.Previous != digest:
		return problem.New(problem.ChainBroken, "release does not follow the one that was active last").At("/previous").
			Want("%s", digest).Got("%s", v.manifest.Previous).
			Cure("deploy the releases in between first, or sign without previous")
	}
	return nil
}

// Context is what a check depends on besides the envelope and the policy.
type Context struct {
	// Now is read once by the caller for the whole check.
	Now time.Time
	// Strategy is the name under which the release was uploaded; "" accepts
	// any name the policy allows.
	Strategy string
	// Audience is the environment of this host; "" is matched only by
	// manifests without an audience.
	Audience string
	// HostVersion is the semantic version of this host.
	HostVersion string
}
