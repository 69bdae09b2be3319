package manifest

import (
	"crypto/sha256"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest/fields"
	"github.com/swapline/swapline/runtime/problem"
)

// MaxPayload is the greatest length of an encoded manifest in bytes.
const MaxPayload = 1 << 20

const what = "manifest"

// Sum returns the digest of b: of a payload it is the name of the release.
func Sum(b []byte) Digest { return DigestOf(sha256.Sum256(b)) }

// Decode reads a manifest as the package comment specifies it. Errors are
// *problem.Error of code ManifestMalformed with a JSON Pointer. Callers decode
// only what package trust has verified; trust.Open does both.
func Decode(payload []byte) (*Manifest, error) {
	return read(fields.Parse(problem.ManifestMalformed, what, payload, limits()))
}

func limits() wire.Limits { return wire.Limits{Bytes: MaxPayload, String: MaxPayload} }

// FromMap is Decode for a JSON object that wire.ParseJSONMap has read, for tools
// that complete an author's file before signing. It may keep parts of v.
func FromMap(v map[string]any) (*Manifest, error) {
	return read(fields.Open(problem.ManifestMalformed, what, v))
}

func read(o *fields.Object) (*Manifest, error) {
	m := new(Manifest)
	readIdentity(o, m)
	readLoading(o, m)
	readValidity(o, m)
	o.Done()
	if err := o.Err(); err != nil {
		return nil, err
	}
	if err := m.Check(); err != nil {
		return nil, err
	}
	return m, nil
}

func readIdentity(o *fields.Object, m *Manifest) {
	m.Name = o.Text("name")
	m.Version = o.Text("version")
	m.Sequence = o.Int("sequence")
	m.Kind = Kind(o.Text("kind"))
	m.Engine = o.Optional().Text("engine")
	m.ABIVersion = o.Int("abi_version")
	m.Artifact = readArtifact(o.Object("artifact"))
	m.Previous = Digest(o.Optional().Text("previous"))
	m.Labels = o.Optional().TextMap("labels")
}

func readArtifact(o *fields.Object) Artifact {
	defer o.Done()
	return Artifact{SHA256: Digest(o.Text("sha256")), Size: o.Int("size")}
}

func readLoading(o *fields.Object, m *Manifest) {
	opt := o.Optional()
	m.Methods = o.Texts("methods")
	m.Capabilities = opt.Texts("capabilities")
	m.Isolation = opt.Text("isolation")
	m.Encoding = opt.Text("encoding")
	m.Limits = readLimits(opt.Object("limits").Optional())
	m.Withdraw = readWithdraw(opt.Object("withdraw").Optional())
	m.Config = opt.Map("config")
	if m.Config == nil {
		m.Config = map[string]any{}
	}
	m.ConfigSchema = opt.Map("config_schema")
	m.Rollout = opt.Map("rollout")
	for _, g := range o.Objects("golden") {
		m.Golden = append(m.Golden, readGolden(g))
	}
}

func readLimits(o *fields.Object) Limits {
	defer o.Done()
	return Limits{
		Timeout:      o.Duration("timeout_ms", time.Millisecond),
		MemoryBytes:  o.Int("memory_bytes"),
		Instructions: o.Int("instructions"),
		Concurrency:  o.Int("concurrency"),
		TableEntries: o.Int("table_entries"),
		CallDepth:    o.Int("call_depth"),
		OutputBytes:  o.Int("output_bytes"),
		LogBytes:     o.Int("log_bytes"),
		HostCalls:    o.Int("host_calls"),
		Deadline:     o.Text("deadline"),
	}
}

func readWithdraw(o *fields.Object) Withdraw {
	defer o.Done()
	return Withdraw{
		Faults: o.Int("faults"),
		Share:  o.Number("share"),
		Window: o.Duration("window_ms", time.Millisecond),
	}
}

func readGolden(o *fields.Object) GoldenCase {
	defer o.Done()
	return GoldenCase{
		Name:     o.Text("name"),
		Input:    o.Map("input"),
		Output:   o.Optional().Map("output"),
		Rejected: o.Optional().Text("rejected"),
	}
}

func readValidity(o *fields.Object, m *Manifest) {
	m.Audience = o.Optional().Texts("audience")
	m.NotBefore = o.Optional().Time("not_before")
	m.Expires = o.Time("expires")
	m.Issued = o.Time("issued")
	m.MinHostVersion = o.Optional().Text("min_host_version")
}
