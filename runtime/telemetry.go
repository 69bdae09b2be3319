package runtime

import (
	"context"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/swapline/swapline/runtime/problem"
)

// scope names the instruments' library.
const scope = "github.com/swapline/swapline/runtime"

// telemetry holds the instruments of one Runtime.
type telemetry struct {
	tracer       trace.Tracer
	provider     trace.TracerProvider
	dark         atomic.Int64 // time on the clock until which nobody sees spans
	duration     metric.Float64Histogram
	instructions metric.Int64Histogram
	requests     metric.Int64Counter
	changes      metric.Int64Counter
	rollouts     metric.Int64Counter
	experiments  metric.Int64Counter
	observed     metric.Registration
	tripping     tripping
	nobody       trace.Span // the span of a call that nobody traces
}

// buckets of the duration histogram in seconds, from one microsecond up.
func buckets() []float64 {
	return []float64{1e-6, 2.5e-6, 5e-6, 10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10}
}

// instructionBuckets reach from a call that does next to nothing to seconds.
func instructionBuckets() []float64 {
	return []float64{1e2, 1e3, 2.5e3, 5e3, 1e4, 2.5e4, 5e4, 1e5, 2.5e5, 5e5, 1e6, 1e7, 1e8, 1e9, 1e10}
}

// observation reports the gauges of one strategy.
type observation func(gauges)

// gauges are the moment's figures of one strategy.
type gauges struct {
	strategy                  string
	generation                uint64
	draining, leaked, overdue int
	breaker                   int64   // its phase
	rolls                     bool    // a candidate has traffic
	weight                    float64 // of the candidate, in percent
}

func newTelemetry(cfg Config, observe func(observation)) (*telemetry, error) {
	meter := cfg.Meter.Meter(scope)
	t := &telemetry{tracer: cfg.Tracer.Tracer(scope), provider: cfg.Tracer, nobody: trace.SpanFromContext(context.Background())}
	var errs [12]error
	t.duration, errs[0] = meter.Float64Histogram("swapline.execute.duration", metric.WithUnit("s"),
		metric.WithDescription("time inside of the strategy"), metric.WithExplicitBucketBoundaries(buckets()...))
	t.requests, errs[1] = meter.Int64Counter("swapline.execute.requests", metric.WithDescription("calls of Execute that reached a release, by outcome"))
	t.changes, errs[2] = meter.Int64Counter("swapline.changes", metric.WithDescription("deploys, switches and rollbacks, by stage and outcome"))
	t.instructions, errs[6] = meter.Int64Histogram("swapline.execute.instructions", metric.WithUnit("{instruction}"),
		metric.WithDescription("instructions that a call used, for kinds that count them"), metric.WithExplicitBucketBoundaries(instructionBuckets()...))
	generation, err := meter.Int64ObservableGauge("swapline.generation", metric.WithDescription("generation that a strategy serves"))
	errs[3] = err
	draining, err := meter.Int64ObservableGauge("swapline.draining", metric.WithDescription("replaced releases that are not closed yet"))
	errs[4] = err
	leaked, err := meter.Int64ObservableGauge("swapline.goroutines.leaked", metric.WithDescription("goroutines of closed releases that live on"))
	errs[7] = err
	t.rollouts, errs[9] = meter.Int64Counter("swapline.rollouts", metric.WithDescription("rollouts that have ended, by phase"))
	t.experiments, errs[11] = meter.Int64Counter("swapline.experiments", metric.WithDescription("experiments that have ended, by verdict"))
	weight, err := meter.Float64ObservableGauge("swapline.rollout.weight", metric.WithUnit("%"), metric.WithDescription("share of the traffic that a candidate has"))
	errs[10] = err
	overdue, err := meter.Int64ObservableGauge("swapline.overdue", metric.WithDescription("calls with a cooperative deadline that are past it"))
	errs[8] = err
	t.observed, errs[5] = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		observe(func(g gauges) {
			set := metric.WithAttributeSet(attribute.NewSet(attribute.String("strategy", g.strategy)))
			o.ObserveInt64(generation, int64(g.generation), set)
			o.ObserveInt64(draining, int64(g.draining), set)
			o.ObserveInt64(leaked, int64(g.leaked), set)
			o.ObserveInt64(overdue, int64(g.overdue), set)
			if g.rolls {
				o.ObserveFloat64(weight, g.weight, set)
			}
		})
		return nil
	}, generation, draining, leaked, overdue, weight)
	if t.tripping, err = newTripping(meter, observe); err != nil {
		errs[0] = err
	}
	for _, err := range errs {
		if err != nil {
			return nil, problem.New(problem.Internal, "metric instruments: %w", err)
		}
	}
	return t, nil
}

// look is how often a program is asked whether it has set a provider meanwhile.
const look = time.Second

// unseen reports whether nobody can see spans: those of the no-op provider, and those
// of the global one before a program sets it. Starting a span costs as much as a
// short call.
func (t *telemetry) unseen(now time.Duration) bool {
	if int64(now) < t.dark.Load() {
		return true
	}
	if !silent(t.provider) {
		return false
	}
	t.dark.Store(int64(now + look))
	return true
}

func silent(p trace.TracerProvider) bool {
	if _, none := p.(noop.TracerProvider); none {
		return true
	}
	return p == otel.GetTracerProvider() && strings.HasSuffix(reflect.TypeOf(p).String(), "global.tracerProvider")
}

// close stops the gauges.
func (t *telemetry) close() {
	t.tripping.close()
	if t.observed != nil {
		_ = t.observed.Unregister() // documented to be safe to ignore: it fails only when done before
	}
}

// observe reports every known strategy.
func (r *Runtime) observe(report observation) {
	for name, s := range *r.strategies.Load() {
		if s.known.Load() {
			g := gauges{strategy: name, generation: s.slot.Generation(), draining: len(s.drains.list())}
			for _, l := range r.leaks.of(name) {
				g.leaked += l.Goroutines
			}
			s.each(func(rel *release) { g.overdue += rel.overdue() })
			g.weight, g.rolls = s.candidateWeight()
			g.breaker = s.fuse.phase()
			report(g)
		}
	}
}

// changed counts one finished change.
func (t *telemetry) changed(ctx context.Context, strategy, action, stage, outcome string) {
	t.changes.Add(ctx, 1, metric.WithAttributes(attribute.String("strategy", strategy), attribute.String("action", action),
		attribute.String("stage", stage), attribute.String("outcome", outcome)))
}

// experimentEnded counts one that has.
func (t *telemetry) experimentEnded(ctx context.Context, strategy, mode, verdict string) {
	t.experiments.Add(ctx, 1, metric.WithAttributes(attribute.String("strategy", strategy), attribute.String("mode", mode), attribute.String("verdict", verdict)))
}

// verdict is the outcome of one call as metrics tell it.
type verdict int

const (
	verdictOK verdict = iota
	verdictBusiness
	verdictOverloaded
	verdictCanceled
	verdictPanic
	verdictTrap
	verdictDeadline
	verdictMemory
	verdictABI
	verdictFuel
	verdictDepth
	verdictOutput
	verdictHost
	verdictCrashed
	verdictWorker
	verdictInput
	verdictError
	verdicts // their number
)

// String is the attribute's value.
func (v verdict) String() string {
	return [verdicts]string{"ok", abiOutcome, string(problem.Overloaded), string(problem.Canceled), string(problem.FaultPanic), string(problem.FaultTrap),
		string(problem.FaultDeadline), string(problem.FaultMemory), string(problem.FaultABI),
		string(problem.FaultFuel), string(problem.FaultDepth), string(problem.FaultOutput), string(problem.FaultHost),
		string(problem.FaultCrashed), string(problem.FaultWorker), "bad_input", "error"}[v]
}

// abiOutcome covers every business error: their codes are the strategies' own
// and would make as many time series as a strategy likes.
const abiOutcome = "business_error"

func verdictOf(code problem.Code) verdict {
	for v := verdictOverloaded; v < verdictError; v++ {
		if v.String() == string(code) {
			return v
		}
	}
	return verdictError
}

// signals are the attributes of one release, made once so that Execute makes
// none.
type signals struct {
	telemetry *telemetry
	function  string // that runs, "" if that is not known
	span      []trace.SpanStartOption
	record    [verdicts][]metric.RecordOption
	add       [verdicts][]metric.AddOption
	outcome   [verdicts]attribute.KeyValue
}

func (t *telemetry) forRelease(info Release) *signals {
	s := &signals{telemetry: t}
	base := []attribute.KeyValue{attribute.String("strategy", info.Strategy), attribute.String("version", info.Version), attribute.String("kind", string(info.Kind))}
	s.span = []trace.SpanStartOption{trace.WithAttributes(append(base, attribute.String("digest", string(info.Digest)), attribute.String("release", info.Version))...)}
	for v := range verdicts {
		s.outcome[v] = attribute.String("outcome", v.String())
		set := metric.WithAttributeSet(attribute.NewSet(append(base[:len(base):len(base)], s.outcome[v])...))
		s.record[v] = []metric.RecordOption{set}
		s.add[v] = []metric.AddOption{set}
	}
	return s
}

// name adds the function that runs to the spans.
func (s *signals) name(function string) {
	if function != "" {
		s.span = append(s.span, trace.WithAttributes(attribute.String("code.function.name", function)))
	}
	s.function = function
}

func (s *signals) start(ctx context.Context, now time.Duration) (context.Context, trace.Span) {
	if s.telemetry.unseen(now) {
		return ctx, s.telemetry.nobody
	}
	return s.telemetry.tracer.Start(ctx, "swapline.execute", s.span...)
}

func (s *signals) end(ctx context.Context, span trace.Span, v verdict, r *Response) {
	s.telemetry.requests.Add(ctx, 1, s.add[v]...)
	if r.Executed > 0 {
		s.telemetry.duration.Record(ctx, r.Executed.Seconds(), s.record[v]...)
	}
	if r.Instructions > 0 {
		s.telemetry.instructions.Record(ctx, r.Instructions, s.record[v]...)
	}
	if span.IsRecording() {
		span.SetAttributes(s.outcome[v], attribute.Int64("instructions", r.Instructions))
		span.SetAttributes(r.featureFlag()...)
		if v > verdictBusiness {
			span.SetStatus(codes.Error, v.String())
		}
	}
}
