package runtime

import (
	"log/slog"
	"maps"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/trust"
)

// Config is what a Runtime is made of. A zero field takes the default that its
// comment names; Store and Drivers have none.
type Config struct {
	// Store keeps releases and routes. Its owner closes it, after the Runtime.
	Store store.Store
	// Drivers load artifacts by kind. The Runtime owns them from a successful
	// Open on and closes them in Close.
	Drivers map[manifest.Kind]driver.Driver
	// Policy says whose signatures count; nil refuses every release.
	Policy *trust.Policy
	// Audience is the environment of this host, HostVersion its semantic
	// version; manifests may ask for both.
	Audience, HostVersion string
	// Capabilities is what strategies can be granted; default: what needs
	// nothing but this process, so no state. Its owner closes it, after the
	// Runtime.
	Capabilities *capability.Services
	// Engines are those that a manifest may name when the policy says nothing
	// of engines. A manifest that names none gets the driver's own.
	Engines []string
	// Points are the host's own variables that releases may bind, named
	// "host.<word>"; see runtime/rebind.
	Points []abi.Exposed

	Log    *slog.Logger         // default slog.Default
	Tracer trace.TracerProvider // default the global one
	Meter  metric.MeterProvider // default the global one
	Now    func() time.Time     // default time.Now

	// Withdraw says which faults take a release out of service; default: 10
	// faults that are half of all calls, within 10 s. A negative number in it
	// turns withdrawing off.
	Withdraw FaultPolicy

	// Rollout is the policy of strategies for which neither an operator nor a
	// manifest states one; default rollout.Default(). rollout.Bare() judges
	// nothing.
	Rollout *rollout.Policy
	// TakenOver, when set, closes when this process is the one that serves: until
	// then stored rollouts stay where they are, since a successor that does not come
	// up must not have written anything.
	TakenOver <-chan struct{}

	// DrainLimit is how long a replaced release may take to finish its
	// requests before it is reported as stuck. Default 30 s.
	DrainLimit time.Duration
	// PrepareLimit bounds loading and validating one release. Default 2 min.
	PrepareLimit time.Duration
	// MaxArtifact is the largest artifact in bytes. Default 256 MiB.
	MaxArtifact int64
	// Timeout is the deadline of one call of a release that states none,
	// MaxTimeout caps what a release may state. Defaults 1 s and 30 s.
	Timeout, MaxTimeout time.Duration
	// Concurrency is the number of calls at the same time that a release
	// which states none gets. Default 1024.
	Concurrency int64
}

// complete checks c and returns a copy with the defaults filled in.
func (c Config) complete() (Config, error) {
	if c.Store == nil {
		return c, problem.New(problem.Internal, "a runtime needs a store").Cure("set Config.Store")
	}
	if len(c.Drivers) == 0 {
		return c, problem.New(problem.Internal, "a runtime needs a driver").Cure("set Config.Drivers")
	}
	if err := c.Withdraw.complete(); err != nil {
		return c, err
	}
	c.Drivers = maps.Clone(c.Drivers)
	c.observers()
	if c.Capabilities == nil {
		c.Capabilities = capability.Services{Log: c.Log, Now: c.Now}.Open()
	}
	if c.Rollout == nil {
		c.Rollout = rollout.Default()
	}
	orDefault(&c.DrainLimit, 30*time.Second)
	orDefault(&c.PrepareLimit, 2*time.Minute)
	orDefault(&c.MaxArtifact, 256<<20)
	orDefault(&c.Timeout, time.Second)
	orDefault(&c.MaxTimeout, 30*time.Second)
	orDefault(&c.Concurrency, 1024)
	return c, nil
}

func (c *Config) observers() {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Tracer == nil {
		c.Tracer = otel.GetTracerProvider()
	}
	if c.Meter == nil {
		c.Meter = otel.GetMeterProvider()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// orDefault replaces what is not positive.
func orDefault[T time.Duration | int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
