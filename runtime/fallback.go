package runtime

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// Where an answer comes from while the breaker of the stable release is open.
const (
	VariantPrevious = string(rollout.FallbackPrevious)
	VariantStatic   = string(rollout.FallbackStatic)
	VariantLastGood = string(rollout.FallbackLastGood)
)

// lastGoodBytes bounds what a strategy's last good answers may take.
const lastGoodBytes = 64 << 20

// What the bytes of a kept answer are: it stays in the shape in which it was given.
const (
	formText breaker.Form = iota // JSON
	formWire                     // the value domain's encoding
)

// chain is the fallbacks of a policy in their order. The first that can answer a
// call does; if none can, the broken release serves it, since some answers are
// better than none. Only "unavailable" keeps calls from it.
type chain struct {
	links    []rollout.Fallback
	keys     keys
	lastGood *breaker.Cache // nil if the policy keeps none
	static   map[string]any
	text     []byte // static as JSON
	counts   map[rollout.FallbackKind]*answers
}

// answers counts what one fallback answered.
type answers struct {
	n   atomic.Int64
	add []metric.AddOption
}

func (r *Runtime) newChain(strategy string, p *rollout.Breaker, sticky rollout.Sticky) chain {
	c := chain{links: p.Fallback, keys: newKeys(sticky), counts: map[rollout.FallbackKind]*answers{}}
	for _, f := range p.Fallback {
		c.counts[f.Kind] = &answers{add: []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
			attribute.String("strategy", strategy), attribute.String("variant", string(f.Kind))))}}
		switch f.Kind {
		case rollout.FallbackStatic:
			c.static = f.Output
			c.text, _ = wire.AppendJSON(nil, orEmpty(f.Output)) // the policy was checked
		case rollout.FallbackLastGood:
			c.lastGood = breaker.NewCache(f.Keep, lastGoodBytes, f.MaxAge)
		}
	}
	return c
}

// able says why no fallback can answer, "" if one can. previous says why the
// release before cannot; if it can it has to be loaded.
func (c *chain) able(previous string) (loads bool, why string) {
	var reasons []string
	able := false
	for _, f := range c.links {
		switch {
		case f.Kind == rollout.FallbackPrevious && previous != "":
			reasons = append(reasons, previous)
		case f.Kind == rollout.FallbackLastGood && !c.keys.given:
			reasons = append(reasons, "last good answers belong to a sticky key, and the policy names none")
		default:
			able, loads = true, loads || f.Kind == rollout.FallbackPrevious
		}
	}
	if able {
		return loads, ""
	}
	return false, strings.Join(reasons, "; ")
}

// instead answers a call that the release does not get.
func (b *cutout) instead(ctx context.Context, c *call, resp *Response) (err error) {
	ctx, span := b.startFallback(ctx)
	defer func() { b.endFallback(span, resp.Variant, err) }()
	meter, dst := c.meter, c.dst
	c.meter = nil // what others answer says nothing about an arm
	for _, f := range b.chain.links {
		*resp = Response{Variant: string(f.Kind), Generation: resp.Generation, split: resp.split}
		done, err := b.try(ctx, f.Kind, c, resp)
		if done {
			count := b.chain.counts[f.Kind]
			count.n.Add(1)
			b.rt.telemetry.tripping.answers.Add(ctx, 1, count.add...)
			return err
		}
		c.out, c.dst = nil, dst
	}
	c.meter, resp.Variant = meter, VariantStable
	return b.rel.serve(ctx, c, resp)
}

// try lets one fallback answer, if it can.
func (b *cutout) try(ctx context.Context, kind rollout.FallbackKind, c *call, resp *Response) (done bool, err error) {
	switch kind {
	case rollout.FallbackPrevious:
		return b.askSpare(ctx, c, resp)
	case rollout.FallbackStatic:
		b.chain.giveStatic(c)
	case rollout.FallbackLastGood:
		if !b.chain.recall(ctx, c, b.rt.clock.now()) {
			return false, nil
		}
	default:
		resp.Variant = ""
		return true, b.unavailable()
	}
	resp.Output, resp.Text = c.out, c.dst
	return true, nil
}

// askSpare lets the release before answer. If it breaks or is busy the next
// fallback may do better.
func (b *cutout) askSpare(ctx context.Context, c *call, resp *Response) (done bool, err error) {
	sp := b.spare.Load()
	if sp == nil {
		return false, nil
	}
	lease, ok := sp.slot.Acquire()
	if !ok {
		return false, nil
	}
	defer lease.Done()
	err = lease.Value().serve(ctx, c, resp)
	v := verdictOfError(err)
	return !v.faulty() && v != verdictOverloaded, err
}

func (c *chain) giveStatic(one *call) {
	if one.textual {
		one.dst = append(one.dst, c.text...)
		return
	}
	one.out, _ = wire.NormalizeMap(orEmpty(c.static)) // a copy; the policy was checked
}

// remember keeps a good answer for its key.
func (c *chain) remember(ctx context.Context, one *call, now time.Duration) {
	var room [96]byte
	key, ok := c.keys.of(ctx, one, room[:0])
	if !ok {
		return
	}
	if one.textual {
		c.lastGood.Put(key, one.dst[one.kept:], formText, now)
		return
	}
	var space [512]byte
	if answer, err := wire.Append(space[:0], one.out); err == nil {
		c.lastGood.Put(key, answer, formWire, now)
	}
}

// recall gives a call its key's last good answer, in the call's own shape.
func (c *chain) recall(ctx context.Context, one *call, now time.Duration) bool {
	var room [96]byte
	key, ok := c.keys.of(ctx, one, room[:0])
	if !ok {
		return false
	}
	var dst []byte
	if one.textual {
		dst = one.dst
	}
	before := len(dst)
	answer, form, ok := c.lastGood.Get(key, now, dst)
	switch {
	case !ok:
		return false
	case one.textual && form == formText:
		one.dst = answer
		return true
	}
	return one.take(answer[before:], form)
}

// take makes a kept answer of another shape the call's own.
func (c *call) take(answer []byte, form breaker.Form) bool {
	read := wire.DecodeMap
	if form == formText {
		read = wire.ParseJSONMap
	}
	out, err := read(answer)
	if err != nil {
		return false
	}
	if !c.textual {
		c.out = out
		return true
	}
	c.dst, err = wire.AppendJSON(c.dst, out)
	return err == nil
}

// later is how long it is worth to wait.
type later time.Duration

func (l later) Error() string { return "again in " + time.Duration(l).Round(time.Second).String() }

// RetryAfter is read by whoever answers over HTTP.
func (l later) RetryAfter() time.Duration { return time.Duration(l) }

// unavailable is the answer of a policy that has no other.
func (b *cutout) unavailable() error {
	wait := max(time.Duration(b.again.Load())-b.rt.clock.now(), 0)
	p := problem.New(problem.BreakerOpen, "%s fails too often or is too slow, so it gets no calls for a while", b.rel.label()).
		Cure("send the request again later, or roll the release back; the strategy's status tells why")
	p.Cause = later(wait)
	return p
}

// verdictOfError reads an error as callers see it.
func verdictOfError(err error) verdict {
	var business *abi.Error
	var p *problem.Error
	switch {
	case err == nil:
		return verdictOK
	case errors.As(err, &p):
		if wrong := new(wire.Error); errors.As(err, &wrong) {
			return verdictInput
		}
		return verdictOf(p.Code)
	case errors.As(err, &business):
		return verdictBusiness
	}
	return verdictError
}

// startFallback begins the span of a call that the release does not get.
func (b *cutout) startFallback(ctx context.Context) (context.Context, trace.Span) {
	t := b.rt.telemetry
	if t.unseen(b.rt.clock.now()) {
		return ctx, t.nobody
	}
	return t.tracer.Start(ctx, "swapline.fallback", b.rel.signals.span...)
}

func (b *cutout) endFallback(span trace.Span, variant string, err error) {
	if span.IsRecording() {
		span.SetAttributes((&Response{Variant: variant, Release: Release{Strategy: b.s.name}}).featureFlag()...)
		endSpan(span, err)
	}
}
