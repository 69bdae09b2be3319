package runtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rebind"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/trust"
)

// release is a loaded release: immutable but for its counters once it is
// published. It belongs to the pipeline until then, later to the slot, at last
// to its drain.
type release struct {
	info     Release
	manifest *manifest.Manifest
	digest   manifest.Digest
	instance driver.Instance
	metered  driver.Metered // the instance, if it is one
	textual  driver.Textual // the instance, if it is one
	timeout  time.Duration
	gate     *gate
	conduct
	signals *signals
	latency *histogram.Histogram // of the calls that it answered or broke at
	rt      *Runtime
	points  *rebind.Admission // what it exposes and supplies; nil if nothing
	claims  *driver.Claims    // the same as the strategy says it; nil until it is asked

	methods, signatures []string // of the instance, once it is validated

	holders          atomic.Int64 // tables and rollouts that can hand it out
	faults, business atomic.Int64
	uncounted        atomic.Int64 // what the gate's count of calls lacks
	watch            *watch       // of its faults
	cut              atomic.Pointer[cutout]
}

// newRelease wraps a loaded instance.
func (r *Runtime) newRelease(info Release, v trust.Verified, in driver.Instance) *release {
	m := v.Manifest()
	timeout, slots := m.Limits.Timeout, m.Limits.Concurrency
	if timeout <= 0 {
		timeout = r.cfg.Timeout
	}
	if slots <= 0 {
		slots = r.cfg.Concurrency
	}
	if l, ok := in.(driver.Limited); ok {
		slots = min(slots, int64(l.Concurrency()))
	}
	info.Active = true
	metered, _ := in.(driver.Metered)
	textual, _ := in.(driver.Textual)
	return &release{
		metered: metered, textual: textual,
		info: info, manifest: m, digest: v.Digest(), instance: in, rt: r,
		timeout: min(timeout, r.cfg.MaxTimeout),
		gate:    newGate(min(slots, maxGate)),
		signals: r.telemetry.forRelease(info),
		latency: histogram.New(),
		watch:   newWatch(r.cfg.Withdraw.rules(m.Withdraw), time.Now()),
	}
}

// label names the release for people.
func (rel *release) label() string { return rel.info.Strategy + "@" + rel.info.Version }

// close ends the instance, after its last call. A driver that panics here must
// not take the host with it: nobody waits for a drain.
func (rel *release) close(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = problem.New(problem.Internal, "the driver panicked while closing %s: %s", rel.label(), driver.PanicFault(p).Message)
		}
	}()
	rel.points.Close()
	rel.points, rel.claims = nil, nil // a closed release may be kept; its values must not
	return rel.instance.Close(ctx)
}

// describe makes the public form of a verified release.
func describe(v trust.Verified, accepted time.Time) Release {
	m := v.Manifest()
	return Release{
		Strategy: m.Name, Version: m.Version, Sequence: m.Sequence, Kind: m.Kind, Digest: v.Digest(),
		Artifact: m.Artifact.SHA256, Size: m.Artifact.Size, Accepted: accepted, Expires: m.Expires, Labels: m.Labels,
	}
}

// describeStored makes the public form of a release that is not loaded. What
// only the manifest says is read from the envelope, which was verified when the
// store accepted it; an envelope that no longer reads leaves those fields empty.
func describeStored(r store.Release, active manifest.Digest) Release {
	out := Release{
		Strategy: r.Strategy, Version: r.Version, Sequence: r.Sequence, Kind: r.Kind, Digest: r.Digest,
		Artifact: r.Artifact, Size: r.Size, Accepted: r.Accepted, Active: r.Digest == active,
	}
	u, err := trust.ReadUnverified(r.Envelope)
	if err != nil || u.Digest != r.Digest {
		return out
	}
	if m, err := manifest.Decode(u.Payload); err == nil {
		out.Expires, out.Labels = m.Expires, m.Labels
	}
	return out
}
