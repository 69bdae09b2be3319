// Package driver is the contract between the runtime and the kinds of code it
// can run. A [Driver] loads artifacts of one kind; an [Instance] is one loaded
// release that can execute.
//
// A driver receives only what has been verified: a [Spec] is made from a
// trust.Verified, and its artifact's bytes have the signed digest. The driver
// checks the digest once more on the very bytes it opens.
//
// # Rules for implementers
//
//   - Load either returns an Instance that can execute or an error with a
//     problem code, and after an error nothing that Load opened is left open.
//   - Load runs no code of the artifact in this process before everything that
//     can be checked without running it has been checked.
//   - Instance methods are safe for concurrent use. Close waits for nobody: the
//     runtime calls it once, after the last call has returned.
//   - Execute returns a value of the wire domain that nobody else holds, an
//     *abi.Error for a business error, or a *Fault. It returns soon after ctx
//     is done, with a fault of FaultDeadline or code Canceled, even when the
//     strategy does not; but for a call that its caller made with a cooperative
//     deadline (see Bounded and Cooperative).
//   - A fault never outlives its call: the next Execute runs on a clean copy.
//   - A strategy can do what spec.Grant has, and nothing else of what a driver
//     can keep from it. What a call wrote and emitted takes effect when Execute
//     returns an answer, and never otherwise; Validate leaves no trace.
//
// Package drivertest turns these rules into a suite that every driver passes.
package driver

import (
	"context"
	"log/slog"
	"time"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/manifest"
)

// Driver loads artifacts of one kind.
type Driver interface {
	// Load makes an instance of the release. Progress is visible only in ctx's
	// spans and in the log of spec.Host.
	Load(ctx context.Context, spec Spec) (Instance, error)
	// Close frees what the driver shares between instances. All instances are
	// closed before it is called.
	Close(ctx context.Context) error
}

// Keeping is an optional interface of drivers that cannot let go of what they opened.
type Keeping interface {
	// Keeps reports whether the process needs an artifact's file until it ends, though
	// no release may refer to it. It is safe for concurrent use.
	Keeps(artifact manifest.Digest) bool
}

// Spec is one verified release to load.
type Spec struct {
	// Digest is the payload digest that names the release.
	Digest manifest.Digest
	// Manifest is the signed statement. Drivers do not change it.
	Manifest *manifest.Manifest
	// Path is the artifact's file. It is owned by the store and read-only.
	Path string
	// Log receives what the driver and the strategy log.
	Log *slog.Logger
	// Now is the clock that the strategy sees.
	Now func() time.Time
	// Grant is what the strategy may use of the host; nil grants nothing.
	Grant *capability.Grant
	// Loaded is when the runtime made this Spec: where the strategy's clock for
	// durations begins. The zero time means when the driver asks.
	Loaded time.Time
	// Fresh asks for a load that takes nothing from caches, where the driver can, so
	// that it can be timed.
	Fresh bool
}

// Instance is one loaded release.
type Instance interface {
	// ABIVersion is the contract version that the loaded code speaks.
	ABIVersion() int
	// Methods lists the contract methods that the loaded code implements,
	// sorted: "Execute", "Validate".
	Methods() []string
	// Execute runs the strategy once. The input belongs to the callee.
	Execute(ctx context.Context, in map[string]any) (map[string]any, error)
	// Validate runs the strategy's own Validate; nil if it has none.
	Validate(ctx context.Context) error
	// Close releases what the instance holds. It reports calls that never
	// returned and so keep memory (see Abandoned).
	Close(ctx context.Context) error
}

// Stats is what an instance can tell about itself. Zero fields are unknown.
type Stats struct {
	Instances   int   // copies that exist now
	InUse       int   // copies that serve a call now
	MemoryBytes int64 // memory held by all copies
	Abandoned   int   // calls that missed their deadline and have not returned
	Restarts    int64 // processes that were started again after one ended
	// Trouble says why there is no copy that could serve a call, if that is so.
	Trouble string
}

// Reporter is an optional interface of instances.
type Reporter interface {
	Stats() Stats
}

// StatsOf asks an instance for its stats; one that cannot tell has none.
func StatsOf(i Instance) Stats {
	if r, ok := i.(Reporter); ok {
		return r.Stats()
	}
	return Stats{}
}
