package runtime

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// asProblem gives every error that leaves the runtime a code and says in which
// stage it arose, unless a check has said so already.
func asProblem(stage string, err error) error {
	if err == nil {
		return nil
	}
	var p *problem.Error
	switch {
	case errors.As(err, &p):
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = problem.New(problem.Canceled, "the caller went away: %w", err)
	default:
		p = problem.New(problem.Internal, "%w", err)
	}
	if p.Check == "" {
		p = p.In(stage)
	}
	return p
}

// callerError is what a caller of Execute sees of a fault. The fault itself may
// quote the strategy's memory and goes to the log.
func (rel *release) callerError(f *driver.Fault) *problem.Error {
	text := "broke the calling convention"
	switch f.Code {
	case problem.FaultPanic:
		text = "panicked"
	case problem.FaultTrap:
		text = "trapped"
	case problem.FaultDeadline:
		text = "did not answer within " + rel.timeout.String()
	case problem.FaultMemory:
		text = "exceeded its memory limit"
	case problem.FaultFuel:
		text = "used up its instructions"
	case problem.FaultDepth:
		text = "recursed too deeply"
	case problem.FaultOutput:
		text = "gave an answer that is too large"
	case problem.FaultHost:
		text = "called the host too often"
	}
	p := problem.New(f.Code, "%s %s", rel.label(), text).Cure("look for the fault in the host's log, or roll the release back")
	p.Cause = f
	return p
}

// faulted accounts for a fault of a served call: log, span, counter, and the
// policy by which a release is withdrawn.
func (rel *release) faulted(ctx context.Context, f *driver.Fault) {
	rel.faults.Add(1)
	rel.rt.cfg.Log.LogAttrs(ctx, slog.LevelError, "fault", append(rel.info.faultAttrs(f), slog.String("function", rel.signals.function))...)
	recordException(trace.SpanFromContext(ctx), f)
	if reason := rel.watch.fault(time.Now(), rel.counted); reason != "" {
		rel.rt.withdraw(rel, reason)
	}
}

// faultAttrs is what a line of the log says of a fault. The stack goes to the log
// and to spans, never to callers.
func (info Release) faultAttrs(f *driver.Fault) []slog.Attr {
	return []slog.Attr{slog.String("strategy", info.Strategy), slog.String("release", info.Version),
		slog.String("digest", string(info.Digest)), slog.String("code", string(f.Code)), slog.String("fault", f.Message), slog.String("stack", f.Stack)}
}

// recordException adds the event by which OpenTelemetry knows exceptions. Which
// release it was is in the span's own attributes.
func recordException(span trace.Span, f *driver.Fault) {
	if !span.IsRecording() {
		return
	}
	attributes := []attribute.KeyValue{attribute.String("exception.type", string(f.Code)), attribute.String("exception.message", f.Message)}
	if f.Stack != "" {
		attributes = append(attributes, attribute.String("exception.stacktrace", f.Stack))
	}
	span.AddEvent("exception", trace.WithAttributes(attributes...))
}

// tellPanic logs the stack of a panic that refused a release: the answer to the
// upload has none.
func (p *pipeline) tellPanic(ctx context.Context, c committed, err error) {
	var f *driver.Fault
	if errors.As(err, &f) && f.Stack != "" {
		p.rt.cfg.Log.LogAttrs(ctx, slog.LevelError, "fault of a release that is not served", describe(c.Verified, c.accepted).faultAttrs(f)...)
		recordException(trace.SpanFromContext(ctx), f)
	}
}
