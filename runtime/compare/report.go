package compare

import (
	"encoding/json"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// FormatVersion is the Format of reports that this program writes.
const FormatVersion = 1

// Where measurements come from.
const (
	ModeOffline = "offline" // the same inputs, one after the other, on this machine
	ModeSplit   = "split"   // live traffic, each call on one arm
	ModePaired  = "paired"  // live traffic, both arms run on the same call
)

// Report is all that a comparison found: what the page draws, what the text for a
// pull request says, and, as JSON, what programs read. It holds no input or
// answer but masked examples. A part that was not measured is absent.
type Report struct {
	Format   int       `json:"format"`
	Title    string    `json:"title"` // "riskscore: native against wazero"
	Strategy string    `json:"strategy"`
	Mode     string    `json:"mode"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"` // zero while it goes on
	// Partial says why the plan was not carried out to its end, "" if it was.
	Partial string `json:"partial,omitempty"`

	Plan     json.RawMessage `json:"plan"`      // canonical: what was fixed before the start
	PlanHash string          `json:"plan_hash"` // SHA-256 of Plan, hex
	Command  string          `json:"command,omitempty"`
	Host     Host            `json:"host"`

	Health   []Check   `json:"health"`
	Arms     []Arm     `json:"arms"`     // the first is the reference
	Verdicts []Verdict `json:"verdicts"` // one for each arm after the first, in their order
	Metrics  []Metric  `json:"metrics"`  // grouped by arm, in the order of the arms
	Shifts   []Shift   `json:"shifts,omitempty"`
	Evidence []Proof   `json:"evidence,omitempty"`
	Answers  []Answers `json:"answers,omitempty"` // one for each arm after the first
	Notes    []string  `json:"notes,omitempty"`   // what a reader must know of how this was measured
}

// Decode reads a report, of whoever wrote it. It fails for what is none, or one of
// another format, with problem.ComparisonMalformed; numbers and texts are not
// judged.
func Decode(text []byte) (*Report, error) {
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, problem.New(problem.ComparisonMalformed, "this is no report: %v", err)
	}
	if r.Format != FormatVersion {
		return nil, problem.New(problem.ComparisonMalformed, "this is no report that this program reads").At("/format").Want("%d", FormatVersion).Got("%d", r.Format)
	}
	return r, nil
}

// Host is where it was measured.
type Host struct {
	Version    string `json:"version"` // of Swapline
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processor  string `json:"processor,omitempty"`
	Processors int    `json:"processors"`
	Seed       uint64 `json:"seed"`
}

// Light is how a check went.
type Light string

// Lights. A red one blocks the verdict.
const (
	Green  Light = "green"
	Yellow Light = "yellow"
	Red    Light = "red"
)

// Check is one thing that must be in order before a result means anything.
type Check struct {
	Name  string `json:"name"` // "answers", "sample ratio", "a against a"
	Light Light  `json:"light"`
	Text  string `json:"text"` // one sentence with the numbers
}

// Arm is one of the things compared.
type Arm struct {
	Name      string `json:"name"` // "native", "wazero"; unique in the report
	Version   string `json:"version,omitempty"`
	Digest    string `json:"digest,omitempty"`   // of the release's payload
	Artifact  string `json:"artifact,omitempty"` // digest of the artifact
	Kind      string `json:"kind,omitempty"`
	Engine    string `json:"engine,omitempty"`
	Isolation string `json:"isolation,omitempty"`
	Size      int64  `json:"size,omitempty"` // of the artifact, bytes
	// Yardstick says that it is here to be compared with and cannot be served: the Go
	// function itself, without the runtime around it.
	Yardstick bool `json:"yardstick,omitempty"`

	Calls    int64 `json:"calls"`           // all that were made, also those that were not timed
	Units    int64 `json:"units,omitempty"` // live: what is compared: keys with their first call, calls without a key, or pairs
	Faults   int64 `json:"faults"`
	Business int64 `json:"business_errors"`

	Latency *Distribution `json:"latency,omitempty"`      // one call after the other; live: of first calls
	Open    *Distribution `json:"open_latency,omitempty"` // at a fixed rate, from when each call was due
	Cost    *Cost         `json:"cost,omitempty"`
	Split   *Split        `json:"split,omitempty"`
	Series  []Moment      `json:"series,omitempty"`
}

// Distribution is how long calls took.
type Distribution struct {
	N    int64         `json:"n"`
	Rate float64       `json:"rate,omitempty"` // calls a second that were asked for, open loop only
	Min  time.Duration `json:"min_ns"`
	Mean time.Duration `json:"mean_ns"`
	Max  time.Duration `json:"max_ns"`
	P50  time.Duration `json:"p50_ns"`
	P90  time.Duration `json:"p90_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p999_ns"`
	// Steps is the distribution function: shares at rising durations, at most 400.
	Steps []Step `json:"steps"`
	// Band is the half width around Steps that holds everywhere at once, as a
	// probability; 0 is unknown.
	Band float64 `json:"band,omitempty"`
	// HDR is the histogram in the format of HdrHistogram V2, compressed, base64.
	HDR string `json:"hdr,omitempty"`
}

// Step says which share of the calls took at most At.
type Step struct {
	At    time.Duration `json:"at_ns"`
	Share float64       `json:"share"`
}

// Cost is what an arm costs besides time. Zero is unknown, unless said otherwise.
type Cost struct {
	Throughput   float64 `json:"throughput,omitempty"`       // calls a second with Callers at a time
	Callers      int     `json:"callers,omitempty"`          // at the same time
	Processors   float64 `json:"processors,omitempty"`       // that were busy meanwhile
	CPU          float64 `json:"cpu_ns,omitempty"`           // processor time of a call: all threads, and processes of its own, while no collector runs
	CPUElsewhere float64 `json:"cpu_elsewhere_ns,omitempty"` // of that, in processes of its own
	CPUProcess   float64 `json:"cpu_process_ns,omitempty"`   // all that the process used, by the number of calls: with collections, those that fell into the calls
	Collecting   float64 `json:"collecting_ns,omitempty"`    // processor time of collecting what a call allocates here: estimated by what a collection takes
	Instructions float64 `json:"instructions,omitempty"`     // of a call, mean
	Allocs       float64 `json:"allocs"`                     // of a call, in the host and in processes of its own
	AllocBytes   float64 `json:"alloc_bytes"`
	BytesIn      float64 `json:"bytes_in"` // of a call, copied over the boundary
	BytesOut     float64 `json:"bytes_out"`
	Memory       int64   `json:"memory_bytes,omitempty"` // that the arm's copies hold
	Instances    int     `json:"instances,omitempty"`

	Opening     float64  `json:"opening_ns,omitempty"` // of Compile: opening and initialising a plugin, median
	Compile     Interval `json:"compile_ns"`           // from the artifact to code, nothing cached
	Instantiate Interval `json:"instantiate_ns"`       // a copy that can execute, code at hand
	Cold        Interval `json:"cold_ns"`              // the first call of such a copy
}

// Split is where the time of a call goes: means, in nanoseconds, of all but the
// slowest tenth of the calls that were asked. What an arm does
// not have is 0; what could not be told apart is in the part that Whole names.
type Split struct {
	Calls    int64   `json:"calls"`
	Encoding float64 `json:"encoding_ns"` // values to bytes and back, in the host and in the guest
	Boundary float64 `json:"boundary_ns"` // entering, leaving, copying, restoring the guest's memory
	Strategy float64 `json:"strategy_ns"` // the strategy's own code
	Runtime  float64 `json:"runtime_ns"`  // the rest: deadline, accounts
	// Whole says what a part contains that should stand elsewhere, or what it is an
	// estimate of, "" for nothing.
	Whole string `json:"whole,omitempty"`
}

// Moment is a stretch of time.
type Moment struct {
	At  time.Duration `json:"at_ns"` // since the start
	N   int64         `json:"n"`
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
}

// Word is a verdict in a word.
type Word string

// Verdicts about an arm against the reference, by the plan's margin.
const (
	Better     Word = "better"
	Worse      Word = "worse"
	Equivalent Word = "equivalent"
	Undecided  Word = "undecided"
)

// Verdict is the answer to the plan's question about one arm.
type Verdict struct {
	Arm      string `json:"arm"`
	Word     Word   `json:"verdict"`
	Sentence string `json:"sentence"` // the answer, with its numbers
	Next     string `json:"next"`     // what to do now
	// Blocked says which check forbids a verdict, "" for none. The word is then
	// undecided.
	Blocked string   `json:"blocked,omitempty"`
	Metric  string   `json:"metric"`
	Value   Interval `json:"value"` // what was judged
	Scale   Scale    `json:"scale"`
	Margin  float64  `json:"margin"`
	// NotWorse says that the arm is surely not worse than the reference by more than
	// the margin.
	NotWorse bool `json:"not_worse"`
}

// Scale says how two values are compared.
type Scale string

// Scales: the arm's value by the reference's, or minus it.
const (
	Ratio      Scale = "ratio"
	Difference Scale = "difference"
)

// Metric is one row of the table: an arm's value against the reference's.
type Metric struct {
	Arm       string   `json:"arm"`
	Name      string   `json:"name"` // "latency_p50", "open_latency_p99", "cpu", "error_rate", ...
	Label     string   `json:"label"`
	Unit      string   `json:"unit"` // ns, 1/s, bytes, share, count
	Reference float64  `json:"reference"`
	Value     float64  `json:"value"`
	Change    Interval `json:"change"` // on Scale, at Level
	Scale     Scale    `json:"scale"`
	Level     float64  `json:"level"`  // 0.95
	Method    string   `json:"method"` // "bootstrap, BCa, blocks of rounds"
	// P is that of the test named in Test, 0 for none.
	P    float64 `json:"p,omitempty"`
	Test string  `json:"test,omitempty"`
	// HigherIsBetter turns the direction: of throughput more is better.
	HigherIsBetter bool `json:"higher_is_better,omitempty"`
	Primary        bool `json:"primary,omitempty"` // the verdict is about it
	// Clear says that the interval lacks "no change"; otherwise people read "~".
	Clear bool `json:"clear"`
}

// Shift is the difference of two distributions at every quantile.
type Shift struct {
	Arm    string       `json:"arm"`
	Points []ShiftPoint `json:"points"`
	Level  float64      `json:"level"`
}

// ShiftPoint says how many times the reference's quantile the arm's is.
type ShiftPoint struct {
	P      float64  `json:"p"`
	Change Interval `json:"change"` // a ratio
}

// Proof is how the evidence grew.
type Proof struct {
	Arm       string       `json:"arm"`
	Threshold float64      `json:"threshold"` // of the logarithm: log(1/alpha)
	Points    []ProofPoint `json:"points"`
}

// ProofPoint is one look.
type ProofPoint struct {
	At     time.Duration `json:"at_ns"` // since the start
	Units  int64         `json:"units"` // of both arms
	Change Interval      `json:"change"`
	// Logarithms of e-values against "no worse", "no better" and "not equivalent".
	Worse      float64 `json:"log_e_worse"`
	Better     float64 `json:"log_e_better"`
	Equivalent float64 `json:"log_e_equivalent"`
}

// Answers says whether an arm answers as the reference does.
type Answers struct {
	Arm       string       `json:"arm"`
	Compared  int64        `json:"compared"`
	Different int64        `json:"different"`
	Tolerance float64      `json:"tolerance"`
	Ignored   []string     `json:"ignored,omitempty"`
	Places    []Place      `json:"places,omitempty"` // the most frequent first
	Beyond    int64        `json:"beyond,omitempty"` // differences at places that found no row
	Numbers   []Tolerances `json:"numbers,omitempty"`
	Examples  []Example    `json:"examples,omitempty"`
}

// Place is where answers differ, by JSON Pointer.
type Place struct {
	Pointer   string `json:"pointer"`
	Count     int64  `json:"count"`
	Reference string `json:"reference"` // of one input
	Value     string `json:"value"`
}

// Tolerances says how many answers would differ at a numeric tolerance.
type Tolerances struct {
	Tolerance float64 `json:"tolerance"`
	Different int64   `json:"different"`
}

// Example is one input whose answers differ, masked.
type Example struct {
	Input     int64    `json:"input"` // its number, from 1; live: 0
	Text      string   `json:"text"`  // JSON, masked, cut
	Pointers  []string `json:"pointers"`
	Reference string   `json:"reference"` // the whole answers, masked, cut
	Value     string   `json:"value"`
}
