package scene

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
)

// strategyName makes a strategy's name of a label.
func strategyName(label string) string { return "bench-" + strings.ReplaceAll(label, ".", "-") }

// methods are those of the release; the package for direct calls has no
// Validate.
func (k Kind) methods() []string {
	if k.Kind == memdriver.Kind || k.limit {
		return []string{abi.MethodExecute}
	}
	return []string{abi.MethodExecute, abi.MethodValidate}
}

// manifest states a release as examples/riskscore/v2 does.
func (s *Scene) manifest(k Kind, sequence int64) *manifest.Manifest {
	now := time.Now().UTC().Truncate(time.Second)
	config, golden := s.Release.Config, s.Release.Golden
	if k.limit {
		config, golden = nil, limitGolden()
	}
	return &manifest.Manifest{
		Name: k.Strategy(), Version: Version(sequence), Sequence: sequence, Kind: k.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: k.digest(), Size: int64(len(k.Artifact))},
		Methods:  k.methods(), Isolation: k.Isolation,
		Limits: manifest.Limits{Timeout: time.Second, Concurrency: 64, MemoryBytes: 64 << 20, Deadline: k.Deadline},
		Config: config, Golden: golden,
		NotBefore: now.Add(-time.Minute), Issued: now, Expires: now.Add(time.Hour),
	}
}

func (k Kind) digest() manifest.Digest { return manifest.DigestOf(sha256.Sum256(k.Artifact)) }
