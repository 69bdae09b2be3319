package runtime

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/rollout"
)

// Breaker is the circuit breaker of a strategy's stable release.
type Breaker struct {
	State breaker.Phase `json:"state"` // closed, open, half_open
	Since time.Time     `json:"since"`
	// Until is when an open one lets probes through.
	Until time.Time `json:"until,omitzero"`
	// Reason is the sentence of what happened last; of a closed one also why it did
	// not open: no fallback could answer.
	Reason string `json:"reason,omitempty"`
	// Opened is how often it opened since the release became stable.
	Opened int64 `json:"opened"`
	// Fallbacks are what answers while it is open, in their order.
	Fallbacks []BreakerFallback `json:"fallbacks"`
}

// BreakerFallback is one entry of the chain.
type BreakerFallback struct {
	Kind    rollout.FallbackKind `json:"kind"`
	Answers int64                `json:"answers"` // since the release became stable
	// Release is the release before, while it is loaded; Problem says why it cannot
	// answer.
	Release *Release `json:"release,omitempty"`
	Problem string   `json:"problem,omitempty"`
}

// view is the breaker as people see it.
func (b *cutout) view() *Breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.viewLocked()
}

func (b *cutout) viewLocked() *Breaker {
	s := b.state
	v := &Breaker{State: s.Phase, Since: s.Since.UTC(), Reason: s.Reason, Opened: b.opened}
	if s.Phase == breaker.Open {
		v.Until = s.Until.UTC()
	}
	for _, f := range b.chain.links {
		one := BreakerFallback{Kind: f.Kind, Answers: b.chain.counts[f.Kind].n.Load()}
		if sp := b.spare.Load(); f.Kind == rollout.FallbackPrevious && sp != nil {
			one.Release = new(sp.rel.info)
		} else if f.Kind == rollout.FallbackPrevious {
			one.Problem = b.trouble
		}
		v.Fallbacks = append(v.Fallbacks, one)
	}
	return v
}

// tellLocked passes on what the breaker has become. One that could not open was
// never said to be open.
func (b *cutout) tellLocked(what string) {
	log := b.rt.cfg.Log.With("strategy", b.s.name, "release", b.rel.info.Version, "reason", b.state.Reason)
	known := b.told
	switch b.told = what != "closed"; {
	case !known && !b.told:
		log.Warn("breaker stays closed")
		return
	case !known:
		b.opened++
	}
	log.Warn("breaker " + what)
	b.rt.tell("breaker."+what, b.s.name, b.viewLocked())
}

// phase is a number for the gauge: 0 closed, 1 half open, 2 open.
func (b *cutout) phase() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.state.Phase {
	case breaker.HalfOpen:
		return 1
	case breaker.Open:
		return 2
	}
	return 0
}

// tripping is what metrics tell of breakers.
type tripping struct {
	answers metric.Int64Counter
	phases  metric.Registration
}

func newTripping(meter metric.Meter, observe func(observation)) (t tripping, err error) {
	t.answers, err = meter.Int64Counter("swapline.fallback.answers",
		metric.WithDescription("calls that something else answered because the breaker was open, by variant"))
	if err != nil {
		return t, err
	}
	phase, err := meter.Int64ObservableGauge("swapline.breaker.state",
		metric.WithDescription("breaker of the stable release: 0 closed, 1 half open, 2 open"))
	if err != nil {
		return t, err
	}
	t.phases, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		observe(func(g gauges) {
			o.ObserveInt64(phase, g.breaker, metric.WithAttributes(attribute.String("strategy", g.strategy)))
		})
		return nil
	}, phase)
	return t, err
}

// close stops the gauge.
func (t *tripping) close() {
	if t.phases != nil {
		_ = t.phases.Unregister() // documented to be safe to ignore: it fails only when done before
	}
}
