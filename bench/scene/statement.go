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
func strategyName(label string) string { return "risk-" + strings.ReplaceAll(label, ".", "-") }

// methods are those of the release; the package for direct calls has no
// Validate.
func (k Kind) methods() []string {
	if k.Kind == memdriver.Kind {
		return []string{abi.MethodExecute}
	}
	return []string{abi.MethodExecute, abi.MethodValidate}
}

// manifest states a release as examples/riskscore/v2 does.
func (s *Scene) manifest(k Kind, sequence int64) *manifest.Manifest {
	now := time.Now().UTC().Truncate(time.Second)
	return &manifest.Manifest{
		Name: k.Strategy(), Version: Version(sequence), Sequence: sequence, Kind: k.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(k.Artifact)), Size: int64(len(k.Artifact))},
		Methods:  k.methods(), Isolation: k.Isolation,
		Limits: manifest.Limits{Timeout: time.Second, Concurrency: 64, MemoryBytes: 64 << 20},
		Config: s.Release.Config, Golden: s.Release.Golden,
		NotBefore: now.Add(-time.Minute), Issued: now, Expires: now.Add(time.Hour),
	}
}
