package compare

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/difference"
)

// Subject is one arm that can be run. Its functions are safe for concurrent use.
type Subject struct {
	// Arm says what it is: name, release, kind, engine, isolation, size.
	Arm Arm
	// Call runs an input once, without lasting effects, and says how it ended. The input is
	// the callee's own copy. used is zero; Parts asks for Split.
	Call func(ctx context.Context, in map[string]any, used *Use) difference.Answer
	// Elsewhere tells what the other process has used in which it works; nil: it works in
	// this one. With thorough it lets the garbage collector run there before it looks, and
	// tells what was allocated, which costs it calls of its own.
	Elsewhere func(ctx context.Context, thorough bool) Apart
	// Limit is the deadline of a call that nothing but its caller could end, such as one of
	// a Go function: the comparison then makes it on a goroutine that it can leave behind.
	// 0: Call returns by itself.
	Limit time.Duration
	// Abandoned is how many calls Call has given up that still run in this process; nil: none
	// ever do.
	Abandoned func() int
	// Memory is what the arm's copies hold now, and how many there are; nil: unknown.
	Memory func() (bytes int64, instances int)
	// Start loads the arm once more, from the artifact, and closes it again after a call with
	// the first input. Fresh: with no cached code. nil: cannot be measured.
	Start func(ctx context.Context, in map[string]any, fresh bool) (Start, error)
}

// Use is what one call used.
type Use struct {
	Parts        bool // asked for: fill in the parts
	Instructions int64
	BytesIn      int64
	BytesOut     int64
	Encoding     time.Duration
	Boundary     time.Duration
	Strategy     time.Duration
	Whole        string // see Split.Whole
	// Aside was spent on finding out about the parts; it is no part of the call.
	Aside time.Duration
	// Skip says why the call says nothing about the arm (cancelled), "" if it does.
	Skip string
}

// Apart is what a process has used since it began. That of another Life, of one that took
// its place, cannot be compared with it; 0: there is none.
type Apart struct {
	Life       int64
	Processor  time.Duration // of all threads, the collector's included
	Allocs     uint64        // if that was asked for
	AllocBytes uint64
}

// Start is one loading of an arm. Zero is unknown.
type Start struct {
	Compile, Instantiate, Cold time.Duration
	Opening                    time.Duration // of Compile, where code is opened and initialised
}

// Progress is how far a comparison is.
type Progress struct {
	Stage string `json:"stage"` // "answers", "warm-up", "closed loop", "throughput", "open loop", "parts", "starts", "analysis"
	Done  int    `json:"done"`  // of Of, in the whole comparison
	Of    int    `json:"of"`
	Text  string `json:"text"` // for people: "round 7 of 20"
}

// Trial is what to compare.
type Trial struct {
	Title    string
	Strategy string
	Plan     Plan
	Subjects []Subject // at least two; the first is the reference
	Inputs   []map[string]any
	Host     Host
	Command  string         // that repeats it, "" for none
	Progress func(Progress) // may be nil; called by one goroutine at a time, ten times a second and at each new stage
	// Now is the clock that everything goes by, and Wait lets so much of its time
	// pass. nil are the real ones.
	Now  func() time.Time
	Wait func(time.Duration)
}
