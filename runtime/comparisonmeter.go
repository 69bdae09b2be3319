package runtime

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/runtime/problem"
)

// comparisonMeters tell of comparisons as other operations are told of: in the log,
// with who asked, in metrics and in traces.
type comparisonMeters struct {
	tracer  trace.Tracer
	started metric.Int64Counter
	ended   metric.Int64Counter
	lasted  metric.Float64Histogram
}

func newComparisonMeters(cfg Config) (m comparisonMeters, err error) {
	meter := cfg.Meter.Meter(scope)
	m.tracer = cfg.Tracer.Tracer(scope)
	var errs [3]error
	m.started, errs[0] = meter.Int64Counter("swapline.comparisons.started", metric.WithDescription("offline comparisons that began to run"))
	m.ended, errs[1] = meter.Int64Counter("swapline.comparisons", metric.WithDescription("offline comparisons that have ended, by state"))
	m.lasted, errs[2] = meter.Float64Histogram("swapline.comparison.duration", metric.WithUnit("s"),
		metric.WithDescription("from when an offline comparison was asked for to its end, by state"), metric.WithExplicitBucketBoundaries(1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600))
	for _, err := range errs {
		if err != nil {
			return m, problem.New(problem.Internal, "metric instruments: %w", err)
		}
	}
	return m, nil
}

// begin tells that a comparison runs; the result ends its span.
func (m comparisonMeters) begin(j *comparing) (context.Context, func(error)) {
	s := j.look()
	ctx, span := m.tracer.Start(j.ctx, "swapline.comparison")
	m.started.Add(ctx, 1, metric.WithAttributes(attribute.String("strategy", s.Strategy)))
	j.of.rt.cfg.Log.InfoContext(ctx, "comparison started", "comparison", s.ID, "strategy", s.Strategy, "actor", s.Actor, "arms", len(s.Arms), "inputs", s.Inputs, "recorded", s.Recorded)
	return ctx, func(err error) {
		endSpan(span, err, attribute.String("strategy", s.Strategy), attribute.String("comparison", s.ID), attribute.Int("arms", len(s.Arms)), attribute.Int("inputs", s.Inputs))
	}
}

// end tells what became of it.
func (m comparisonMeters) end(j *comparing, s ComparisonStatus) {
	ctx := context.WithoutCancel(j.ctx)
	set := metric.WithAttributes(attribute.String("strategy", s.Strategy), attribute.String("state", s.State))
	took := s.Ended.Sub(s.Started)
	m.ended.Add(ctx, 1, set)
	m.lasted.Record(ctx, took.Seconds(), set)
	j.of.rt.cfg.Log.InfoContext(ctx, "comparison ended", "comparison", s.ID, "strategy", s.Strategy, "actor", s.Actor, "state", s.State,
		"took", took.Round(time.Millisecond), "report", s.Report, "problem", s.Problem)
}
