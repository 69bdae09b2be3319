package rollout

import "time"

// Weight is a share of traffic in steps of 0.01 %: 100 is 1 %, Full is all.
type Weight int

// Full is all traffic.
const Full Weight = 10_000

// Policy says how a release earns its traffic, and what happens when the one that
// serves is broken. It is a value; [Decode] makes and checks it.
type Policy struct {
	Sticky  Sticky
	Alpha   float64 // what all guards and stages together may roll back wrongly
	Stages  []Stage // weights rise; the last one is Full
	Guards  []Guard // hold at every stage
	Switch  Switch
	Breaker Breaker
	Shadow  *Shadow // nil: none
	Replay  *Replay // nil: none
	Record  *Record // nil: nothing is recorded
}

// Sticky says what keeps a caller on one arm. At most one is set; with none, arms
// are drawn for each call.
type Sticky struct {
	Header  string // of the request
	Pointer string // JSON Pointer (RFC 6901) into the input
}

// Stage is one step of a rollout. At the last one, whose weight is Full, the
// candidate has become stable and For is how long it is watched.
type Stage struct {
	Weight   Weight
	For      time.Duration // at least
	Calls    int64         // of the candidate, and of what it is compared with, at least
	Hold     time.Duration // at most, then
	Then     Then
	Gate     bool // a person lets it go on
	Baseline bool // a fresh instance set of the stable release runs at the same weight
	Guards   []Guard
}

// Then is what happens when a stage is undecided for too long.
type Then string

const (
	ThenPause    Then = "pause"
	ThenRollback Then = "rollback"
)

// Metric is what a guard looks at.
type Metric string

const (
	ErrorRate         Metric = "error_rate"          // faults and business errors, share of calls
	FaultRate         Metric = "fault_rate"          // faults, share of calls
	BusinessErrorRate Metric = "business_error_rate" // business errors, share of calls
	DifferenceRate    Metric = "difference_rate"     // shadow answers that differ, share of those compared
	LatencyP50        Metric = "latency_p50"         // milliseconds in the strategy
	LatencyP95        Metric = "latency_p95"
	LatencyP99        Metric = "latency_p99"
	LatencyP999       Metric = "latency_p99.9"
	Latency           Metric = "latency"      // the whole distribution, only against another arm
	Instructions      Metric = "instructions" // mean of a call
	MemoryBytes       Metric = "memory_bytes" // of all instances
	FieldMean         Metric = "field_mean"   // mean of a number in the answer
	FieldShare        Metric = "field_share"  // share of calls whose answer has a value in a field
)

// Guard is a rule with a bound. Without Versus, Max (and for fields Min) bound the
// candidate's own value. With Versus, MaxIncrease bounds how much more it may be than
// that arm's (rates), MaxChange the difference in either direction (fields), and
// MaxRatio the quotient (latency, instructions, memory). The package comment says
// which goes with which metric.
type Guard struct {
	Name   string
	Metric Metric
	Versus string // "", ArmStable or ArmBaseline

	Max, Min    *float64
	MaxIncrease *float64
	MaxChange   *float64
	MaxRatio    *float64
	// Tolerance is how far the interval may still reach beyond the bound, in the
	// bound's unit, for the guard to be passed; nil: the metric's default.
	Tolerance *float64
	// Floor is the latency below which all calls count as equally fast, for
	// comparisons.
	Floor time.Duration

	Field    string   // JSON Pointer into the answer, for fields
	Equals   any      // of the wire domain, for FieldShare
	Expected []string // codes of business errors that are no errors, for ErrorRate and BusinessErrorRate
}

// Arms of a rollout.
const (
	ArmStable    = "stable"
	ArmCandidate = "candidate"
	ArmBaseline  = "baseline"
	ArmShadow    = "shadow"
)

// Switch says how a change of all traffic at once is watched.
type Switch struct {
	Before, After time.Duration // 0 After: it is not watched
	MaxErrorRise  float64       // share of calls that may have errors beyond those before
	MaxP99Ratio   float64       // p99 after by p99 before; 0: any
	Floor         time.Duration // calls below it count as equally fast
	Calls         int64         // in each window, at least
}

// Breaker says when the live release counts as broken and what answers then.
type Breaker struct {
	FaultRate float64       // share of calls; 0: faults do not open it
	P95       time.Duration // 0: slowness does not open it
	Window    time.Duration
	Calls     int64         // in the window, at least
	Open      time.Duration // before it is probed
	Probes    int64         // good ones in a row that close it
	Fallback  []Fallback    // the first that can answer does
}

// Fallback is what answers while the breaker is open.
type Fallback struct {
	Kind   FallbackKind
	Output map[string]any // for a static answer
	Keep   int            // for last good answers: how many keys
	MaxAge time.Duration  // for last good answers
}

// FallbackKind is one word of the policy.
type FallbackKind string

const (
	FallbackPrevious    FallbackKind = "previous"    // the release that was stable before
	FallbackStatic      FallbackKind = "static"      // always the same answer
	FallbackLastGood    FallbackKind = "last_good"   // the last answer that the key got
	FallbackUnavailable FallbackKind = "unavailable" // an error that says when to come back
)

// Shadow runs the candidate on copies of live inputs before it gets traffic.
type Shadow struct {
	Share     Weight        // of the live calls
	Budget    float64       // time of shadow calls by time of live calls, at most
	For       time.Duration // at least
	Calls     int64         // at least
	Hold      time.Duration // at most
	Different float64       // share of answers that may differ
	Compare   Compare
}

// Replay runs recorded inputs through stable and candidate before anything else.
type Replay struct {
	Last      int     // of the recorded inputs, at most
	AtLeast   int     // with fewer the gate is undecided and blocks
	Different float64 // share of answers that may differ
	Compare   Compare
}

// Compare says which differences count.
type Compare struct {
	Ignore    []string // JSON Pointers; "*" stands for every element of a list or member
	Tolerance float64  // relative, of numbers
}

// Record keeps inputs in memory.
type Record struct {
	Last  int
	Bytes int64
	Share Weight   // of the live calls
	Mask  []string // JSON Pointers whose values are replaced before they are kept
}
