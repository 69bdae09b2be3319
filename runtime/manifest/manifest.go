package manifest

import (
	"encoding/hex"
	"strings"
	"time"
)

// PayloadType is the DSSE payload type of a manifest.
const PayloadType = "application/vnd.swapline.manifest.v1+json"

// Digest names bytes by their SHA-256: "sha256:" and 64 lower-case hex digits.
type Digest string

// digestPrefix is the only algorithm there is.
const digestPrefix = "sha256:"

// DigestOf makes a Digest of a SHA-256 sum.
func DigestOf(sum [32]byte) Digest { return Digest(digestPrefix + hex.EncodeToString(sum[:])) }

// Valid reports whether d is well formed.
func (d Digest) Valid() bool {
	h, ok := strings.CutPrefix(string(d), digestPrefix)
	return ok && len(h) == 64 && strings.Trim(h, "0123456789abcdef") == ""
}

// Hex returns the digits alone, for file names.
func (d Digest) Hex() string { return strings.TrimPrefix(string(d), digestPrefix) }

// Short returns the first twelve digits, for people.
func (d Digest) Short() string {
	h := d.Hex()
	return h[:min(12, len(h))]
}

// Kind says what an artifact is and so which driver loads it. The kinds
// themselves are named where drivers are wired (cmd) and by the drivers.
type Kind string

// Manifest is what a publisher states about one release.
type Manifest struct {
	Name           string // strategy name, see ValidName
	Version        string // semantic version 2.0.0 without a leading v
	Sequence       int64  // rises with every release of the strategy, 1 or more
	Kind           Kind
	Engine         string // "" for the kind's default
	ABIVersion     int64
	Artifact       Artifact
	Methods        []string // sorted, distinct; at least Execute
	Capabilities   []string // sorted, distinct host function groups asked for
	Isolation      string   // IsolationRequest, IsolationInstance, IsolationProcess or "" for the first
	Encoding       string   // EncodingCBOR, EncodingJSON or "" for the former
	Limits         Limits
	Withdraw       Withdraw
	Config         map[string]any // wire domain; never nil after Decode
	ConfigSchema   map[string]any // JSON Schema 2020-12; nil means any config
	Rollout        map[string]any // policy of rollouts, see package rollout; nil for none stated
	Golden         []GoldenCase
	Audience       []string  // environments that may run it; empty means any
	NotBefore      time.Time // UTC, whole seconds
	Expires        time.Time // UTC, whole seconds; required
	Issued         time.Time // UTC, whole seconds; required; the policy's maximum age counts from here
	MinHostVersion string    // semantic version; "" means any
	Previous       Digest    // payload digest of the release this one follows; "" for none stated
	Labels         map[string]string
}

// Artifact binds the bytes.
type Artifact struct {
	SHA256 Digest
	Size   int64 // bytes
}

// Limits bound one release. Zero means the host's default.
type Limits struct {
	Timeout      time.Duration // wall clock of one call; whole milliseconds
	MemoryBytes  int64         // linear memory of one instance
	Instructions int64         // of one call, as package meter counts them
	Concurrency  int64         // calls at the same time
	TableEntries int64         // of each table of one instance
	CallDepth    int64         // stack of one call in units of about eight bytes
	OutputBytes  int64         // encoded answer of one call
	LogBytes     int64         // logged by one call
	HostCalls    int64         // calls of host functions by one call
	Deadline     string        // DeadlineHard, DeadlineCooperative or "" for the former
}

// How a call that misses its deadline ends.
const (
	// DeadlineHard gives the caller its answer in time whatever the strategy does.
	DeadlineHard = "hard"
	// DeadlineCooperative leaves it to the strategy to return when its context is
	// done; while it does not, its caller waits.
	DeadlineCooperative = "cooperative"
)

// Withdraw says which faults take the release out of service. Zero means the
// host's value. The host's own rule holds as well, so this one can only be
// stricter.
type Withdraw struct {
	Faults int64         // as many or more, and
	Share  float64       // as great a part of all calls or a greater one, 0 to 1,
	Window time.Duration // within this time; whole milliseconds
}

// What one call of a release can find of another in the same instance.
const (
	// IsolationRequest restores the instance after every call.
	IsolationRequest = "request"
	// IsolationInstance leaves what a call wrote to the next one.
	IsolationInstance = "instance"
	// IsolationProcess gives the release a process of its own. Only the driver
	// whose artifacts share the host's memory otherwise takes it.
	IsolationProcess = "process"
)

// How values cross to an instance that does not share the host's memory.
const (
	EncodingCBOR = "cbor"
	EncodingJSON = "json"
)

// GoldenCase is an input and the answer that every build of the release gives.
// Exactly one of Output and Rejected is set.
type GoldenCase struct {
	Name     string
	Input    map[string]any
	Output   map[string]any
	Rejected string // code of the business error expected instead of an output
}
