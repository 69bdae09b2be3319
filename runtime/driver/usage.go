package driver

import (
	"context"
	"time"

	"github.com/swapline/swapline/abi"
)

// Usage is what one call used. Zero fields are unknown.
type Usage struct {
	// Instructions is the fuel that the call used, as package meter counts it.
	Instructions int64
	// Parts, when the caller sets it, is filled in with where the time went. Taking
	// it costs a few readings of the clock, and more where Parts.Aside says so.
	Parts *Parts
}

// Parts is where the time of one call went. Zero is unknown, or nothing.
type Parts struct {
	// Encoding is spent on turning values into bytes and back, in the host.
	Encoding time.Duration
	// Guest is the same in the code that carries the strategy, if Known.
	Guest time.Duration
	Known bool
	// Estimated is set if that code reads values where they are, when it asks for them.
	// Guest is then what it takes to read each value of the input once, and to write
	// the answer: too much for who reads a part of it, too little for who reads twice.
	Estimated bool
	// Boundary is spent on going over and coming back: borrowing a copy, its memory,
	// handing over to another goroutine or process.
	Boundary time.Duration
	// Strategy is the rest within the artifact's code; if Guest is not known it has
	// that in it.
	Strategy time.Duration
	// BytesIn and BytesOut were copied over the boundary.
	BytesIn, BytesOut int64
	// Aside was spent on finding this out, after the call.
	Aside time.Duration
}

// Starts says how long the steps of a Load took. Zero is unknown.
type Starts struct {
	Compile     time.Duration // artifact to code; for plugins: checks, and opening
	Cached      bool          // Compile may have taken the code from a cache, or it was open already
	Opening     time.Duration // of Compile: opening and initialising; plugins have it
	Instantiate time.Duration // one copy that can execute
}

// Started is an optional interface of instances that know how long their loading
// took.
type Started interface{ Starts() Starts }

// Consumption is what a process has used since it began.
type Consumption struct {
	// Life names the process: another one has another number. 0: there is none now, and
	// nothing is known.
	Life       int64
	Processor  time.Duration // of all its threads, the garbage collector's included
	Allocs     uint64        // 0 unless it was asked
	AllocBytes uint64
}

// Apart is an optional interface of instances whose code runs in a process of its own.
type Apart interface {
	// Consumed tells what the process that serves calls now has used. Its processor time
	// is the kernel's word and costs the process nothing. If it is to be thorough, the
	// process is asked to collect its garbage and then to tell what it has allocated:
	// its own word, and no cheap one.
	Consumed(ctx context.Context, thorough bool) Consumption
}

// Housed is an optional interface of instances that can say in what their code
// runs.
type Housed interface {
	// House names the engine, "" for none, and the isolation as manifests do, ""
	// for none.
	House() (engine, isolation string)
}

// Divided is an optional interface of instances that are not [Metered] but can tell
// where the time of a call went.
type Divided interface {
	// ExecuteDivided is Instance.Execute and fills in p; what is not known,
	// after a fault for example, it leaves as it is.
	ExecuteDivided(ctx context.Context, in map[string]any, p *Parts) (map[string]any, error)
}

// Bare is an optional interface of instances of Go strategies in this process: it
// gives away the strategy itself, without copies, deadlines and accounts. It is for
// measurements only.
type Bare interface{ Strategy() abi.Strategy }

// Metered is an optional interface of instances that can tell what a call used.
// They encode values, so they need no copy of the input.
type Metered interface {
	// ExecuteMetered is Execute for an input that stays the caller's and need
	// not be normalised: what is outside of the wire domain is refused with a
	// code of problem. It sets u, also when the call fails.
	ExecuteMetered(ctx context.Context, in map[string]any, u *Usage) (map[string]any, error)
}

// Textual is an optional interface of instances that can execute JSON text
// without building maps.
type Textual interface {
	// ExecuteText is Execute for an input as the text that wire.ParseJSONMap
	// reads. It appends the answer, as wire.AppendJSON writes it, to dst. It
	// keeps neither, and sets u, also when the call fails.
	ExecuteText(ctx context.Context, text, dst []byte, u *Usage) ([]byte, error)
}

// Limited is an optional interface of instances that serve a bounded number of
// calls at a time. More of them wait before they begin, so that waiting is not
// taken for slowness.
type Limited interface {
	Concurrency() int
}

// Named is an optional interface of instances that can tell which function runs,
// by its full name as profiles show it. "" is unknown.
type Named interface {
	Function() string
}

// Cooperative is an optional interface of instances that can run calls on their
// caller's goroutine. A release whose manifest asks for a cooperative deadline
// needs one that says yes. Such an instance is done with the context of a call
// when the call has returned, so that its maker may use it again.
type Cooperative interface {
	Cooperative() bool
}
