package trust

import (
	"time"

	"github.com/swapline/swapline/runtime/manifest"
)

// Verified is a manifest whose envelope satisfied the policy. Only [Open] makes
// one, so a value of this type is proof of the check. The zero value is invalid.
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
