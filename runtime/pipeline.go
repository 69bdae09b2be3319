package runtime

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/trust"
)

// pipeline is one change on its way: what it has checked, and how to take back
// what it has opened. It is used by one goroutine.
type pipeline struct {
	rt     *Runtime
	action string
	name   string    // strategy, "" until it is known
	now    time.Time // read once for the whole change
	stage  string    // the stage that runs or ran last
	checks []Check
	tell   func(stage string)        // of each stage as it begins; nil for nobody
	undo   []func(failed bool) error // in order of creation
	fresh  bool                      // what is loaded takes nothing from caches

	// Set by enter, valid while the strategy's turn is held.
	strategy *strategy
	route    store.Route // current; generation 0 if there is none

	// What becomes of rollouts with this change.
	begins *rolling             // that watches it, or goes on with it
	first  *step                // of the one that begins
	rolls  *store.RolloutChange // of the rollout that the change is part of
	ends   *store.RolloutChange // of the one that it takes the place of
	ended  func()               // tells that one, once the change is durable
}

// The stages hand on values that only the stage before can make.
type (
	// matched is a verified manifest and the staged bytes that it binds.
	matched struct {
		trust.Verified
		staged store.Staged
	}
	// committed is a verified manifest whose artifact has its place.
	committed struct {
		trust.Verified
		envelope []byte
		accepted time.Time
		artifact store.Artifact
		instead  *manifest.Manifest // of the verified one, for a comparison; nil mostly
	}
	// loaded is a release that can execute but was not asked to.
	loaded struct {
		committed
		*release
	}
	// validated is a release that passed every check.
	validated loaded
	// activated is a release that the store's route names.
	activated struct {
		validated
		route store.Route
	}
)

// Manifest is what the release is loaded with.
func (c committed) Manifest() *manifest.Manifest {
	if c.instead != nil {
		return c.instead
	}
	return c.Verified.Manifest()
}

// begin starts a change; the result ends it: undoes what must be undone, counts
// and logs.
func (r *Runtime) begin(ctx context.Context, action, strategy string) (context.Context, *pipeline, func(*error)) {
	p := &pipeline{rt: r, action: action, name: strategy, now: r.cfg.Now(), stage: "begin"}
	ctx, span := r.telemetry.tracer.Start(ctx, "swapline."+action)
	return ctx, p, func(err *error) {
		p.unwind(ctx, *err != nil || p.keepsNothing())
		*err = asProblem(p.stage, *err)
		p.report(ctx, *err)
		endSpan(span, *err, attribute.String("strategy", p.name))
	}
}

// keepsNothing says that the change closes what it opened although it succeeded.
func (p *pipeline) keepsNothing() bool { return p.action == actionDryRun || p.action == actionHold }

// unwind takes back, in reverse order of creation.
func (p *pipeline) unwind(ctx context.Context, failed bool) {
	ctx = context.WithoutCancel(ctx)
	for i := len(p.undo) - 1; i >= 0; i-- {
		if err := p.undo[i](failed); err != nil {
			p.rt.cfg.Log.WarnContext(ctx, "taking back a change", "strategy", p.name, "action", p.action, "error", err)
		}
	}
}

func (p *pipeline) report(ctx context.Context, err error) {
	outcome := "ok"
	if err != nil {
		outcome = string(problem.CodeOf(err))
		p.rt.cfg.Log.WarnContext(ctx, "change refused", "strategy", p.name, "action", p.action, "stage", p.stage, "error", err)
	} else {
		p.rt.cfg.Log.InfoContext(ctx, "change done", "strategy", p.name, "action", p.action)
	}
	name := p.name
	if p.strategy == nil {
		name = "" // not verified: a stranger must not choose our time series
	}
	p.rt.telemetry.changed(ctx, name, p.action, p.stage, outcome)
}

func endSpan(span trace.Span, err error, attributes ...attribute.KeyValue) {
	span.SetAttributes(attributes...)
	if err != nil {
		span.SetAttributes(attribute.String("code", string(problem.CodeOf(err))))
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// step runs one stage in a span; f's first result says what was found good. A
// panic, of a driver for example, is the stage's failure and not the host's.
func (p *pipeline) step(ctx context.Context, stage string, f func(context.Context) (string, error)) (err error) {
	p.stage = stage
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.tell != nil {
		p.tell(stage)
	}
	ctx, span := p.rt.telemetry.tracer.Start(ctx, "swapline."+stage)
	defer func() { endSpan(span, err) }()
	start := time.Now()
	detail, err := p.protect(ctx, f)
	if err == nil {
		p.checks = append(p.checks, Check{Name: stage, Detail: detail, Duration: time.Since(start)})
	}
	return err
}

// protect calls f with panics recovered.
func (p *pipeline) protect(ctx context.Context, f func(context.Context) (string, error)) (detail string, err error) {
	defer func() {
		if r := recover(); r != nil {
			fault := driver.PanicFault(r)
			p.rt.cfg.Log.ErrorContext(ctx, "panic in a change", "strategy", p.name, "stage", p.stage, "stack", fault.Stack)
			detail, err = "", problem.New(problem.Internal, "stage %s panicked: %s", p.stage, fault.Message)
		}
	}()
	return f(ctx)
}

// stageArtifact copies the upload aside.
func (p *pipeline) stageArtifact(ctx context.Context, artifact io.Reader) (staged store.Staged, err error) {
	err = p.step(ctx, "stage", func(ctx context.Context) (string, error) {
		if artifact == nil {
			return "", problem.New(problem.BadRequest, "the upload has no artifact").Cure("send envelope and artifact")
		}
		if staged, err = p.rt.cfg.Store.Stage(ctx, artifact, p.rt.cfg.MaxArtifact); err != nil {
			return "", err
		}
		p.undo = append(p.undo, func(bool) error { return p.rt.cfg.Store.Discard(staged) })
		return fmt.Sprintf("%d bytes, %s", staged.Size, staged.Digest.Short()), nil
	})
	return staged, err
}

// opener is trust.Open or trust.Reopen.
type opener func(*trust.Policy, []byte, trust.Context) (trust.Verified, error)

// verify checks the envelope against the policy.
func (p *pipeline) verify(ctx context.Context, open opener, envelope []byte) (v trust.Verified, err error) {
	err = p.step(ctx, "verify", func(context.Context) (string, error) {
		v, err = open(p.rt.cfg.Policy, envelope, trust.Context{Now: p.now, Strategy: p.name, Audience: p.rt.cfg.Audience, HostVersion: p.rt.cfg.HostVersion})
		if err != nil {
			return "", err
		}
		p.name = v.Manifest().Name
		return fmt.Sprintf("signed by %v", v.Keys()), nil
	})
	return v, err
}

// match compares what was uploaded with what was signed.
func (p *pipeline) match(ctx context.Context, staged store.Staged, v trust.Verified) (m matched, err error) {
	err = p.step(ctx, "match", func(context.Context) (string, error) {
		want := v.Manifest().Artifact
		if staged.Size != want.Size {
			return "", problem.New(problem.SizeMismatch, "the artifact does not have the signed size").
				Want("%d bytes", want.Size).Got("%d bytes", staged.Size).Cure("upload the artifact that was signed")
		}
		if staged.Digest != want.SHA256 {
			return "", problem.New(problem.DigestMismatch, "the artifact is not the one that was signed").
				Want("%s", want.SHA256).Got("%s", staged.Digest).Cure("upload the artifact that was signed")
		}
		m = matched{v, staged}
		return string(want.SHA256), nil
	})
	return m, err
}

// commit gives the artifact its place.
func (p *pipeline) commit(ctx context.Context, m matched, envelope []byte) (c committed, err error) {
	err = p.step(ctx, "commit", func(ctx context.Context) (string, error) {
		p.holdArtifact(ctx, m.staged)
		a, err := p.rt.cfg.Store.Commit(ctx, m.staged)
		if err != nil {
			return "", err
		}
		c = committed{Verified: m.Verified, envelope: envelope, accepted: p.now, artifact: a}
		return a.Digest.Short(), nil
	})
	return c, err
}

func (p *pipeline) holdArtifact(ctx context.Context, s store.Staged) {
	p.rt.artifacts.hold(s.Digest)
	p.undo = append(p.undo, func(failed bool) error {
		return p.rt.artifacts.release(context.WithoutCancel(ctx), s.Digest, failed)
	})
}

// recall finds the artifact of a stored release, verified anew.
func (p *pipeline) recall(ctx context.Context, stored store.Release) (c committed, err error) {
	v, err := p.verify(ctx, trust.Reopen, stored.Envelope)
	if err != nil {
		return c, err
	}
	if v.Digest() != stored.Digest || v.Manifest().Artifact.SHA256 != stored.Artifact {
		return c, problem.New(problem.StoreCorrupt, "the stored envelope of %s@%s is not that release's", stored.Strategy, stored.Version).
			Want("%s", stored.Digest).Got("%s", v.Digest()).Cure("deploy the release again")
	}
	a, err := p.rt.cfg.Store.Artifact(ctx, stored.Artifact)
	return committed{Verified: v, envelope: stored.Envelope, accepted: stored.Accepted, artifact: a}, err
}

// load lets the driver open the artifact.
func (p *pipeline) load(ctx context.Context, c committed) (l loaded, err error) {
	grant, err := p.grant(ctx, c.Manifest())
	if err != nil {
		return l, err
	}
	err = p.step(ctx, "load", func(ctx context.Context) (string, error) {
		m := c.Manifest()
		d, ok := p.rt.cfg.Drivers[m.Kind]
		if !ok {
			return "", problem.New(problem.KindUnknown, "this host runs no artifacts of kind %q", m.Kind).At("/kind").
				Cure("build the release for a kind of this host")
		}
		spec := p.spec(c, grant)
		in, err := d.Load(ctx, spec)
		if err != nil {
			return "", err
		}
		for _, f := range driver.FindingsOf(in) {
			p.checks = append(p.checks, Check(f))
		}
		rel := p.rt.newRelease(describe(c.Verified, c.accepted), c.Verified, in)
		rel.manifest = m
		rel.came(spec)
		p.undo = append(p.undo, func(failed bool) error {
			if !failed {
				return nil
			}
			return rel.close(context.WithoutCancel(ctx))
		})
		l = loaded{c, rel}
		return string(m.Kind), rel.checkDeadline()
	})
	return l, err
}

// spec is what the driver gets.
func (p *pipeline) spec(c committed, grant *capability.Grant) driver.Spec {
	m := c.Manifest()
	return driver.Spec{
		Digest: c.Digest(), Manifest: m, Path: c.artifact.Path, Now: p.rt.cfg.Now, Grant: grant, Loaded: time.Now(), Fresh: p.fresh,
		Log: p.rt.cfg.Log.With("strategy", m.Name, "release", m.Version),
	}
}
