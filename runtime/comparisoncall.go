package runtime

import (
	"context"
	"log/slog"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
)

// What parts of a call contain that should stand elsewhere, or what they are taken from.
const (
	wholeRead  = "encoding has in it an estimate: what the code around the strategy takes to read all of the input once, and to write the answer; the strategy reads in place what it asks for"
	wholeGuest = "strategy has in it what the code around it takes to decode the input and to encode the answer: it does not tell"
	wholeAll   = "strategy has all parts in it: this kind cannot tell them apart"
)

// measured runs one call the way of live calls, with a place and under the release's
// own deadline, hard or cooperative. It counts for nothing: no meter, breaker, watch
// or recorder hears of it. With parts they are filled in.
func (rel *release) measured(ctx context.Context, c *call, resp *Response, parts *driver.Parts) (err error) {
	clock := &rel.rt.clock
	start := clock.now()
	p, ok := rel.gate.take(start)
	if !ok {
		if p, resp.Queued, err = rel.gate.await(ctx, clock, rel.timeout); err != nil {
			return err
		}
		start = clock.now()
	}
	d := rel.deadlineOf(p)
	d.begin(ctx, &rel.gate.words[p.number], p.word, start, rel.timeout)
	returned := false
	defer func() {
		if !returned {
			c.out, err = nil, unreturned(recover())
		}
		if err != nil {
			rel.gate.runs[p.number] = nil // as in hold
		}
		rel.gate.leave(p)
		d.end(p.word)
	}()
	if parts == nil {
		err = rel.timed(d, start, c, resp)
	} else {
		err = rel.divided(d, c, parts)
	}
	returned = true
	return err
}

// divided runs a map and says where the time went.
func (rel *release) divided(d *deadline, c *call, parts *driver.Parts) (err error) {
	if rel.metered != nil {
		d.used.Parts = parts
		c.out, err = rel.metered.ExecuteMetered(d, c.in, &d.used)
		d.used.Parts = nil
		return err
	}
	clock := &rel.rt.clock
	began := clock.now()
	input, err := wire.NormalizeMap(c.in)
	if err != nil {
		return driver.BadInput(err)
	}
	parts.Encoding = clock.now() - began
	if in, ok := rel.instance.(driver.Divided); ok {
		c.out, err = in.ExecuteDivided(d, input, parts)
		return err
	}
	began = clock.now()
	c.out, err = rel.instance.Execute(d, input)
	parts.Strategy = clock.now() - began
	return err
}

// split turns what a driver tells of one call into what a comparison counts.
func (rel *release) split(p *driver.Parts, used *compare.Use) {
	used.BytesIn, used.BytesOut, used.Aside = p.BytesIn, p.BytesOut, p.Aside
	used.Encoding, used.Boundary, used.Strategy = p.Encoding+p.Guest, p.Boundary, p.Strategy
	_, divided := rel.instance.(driver.Divided)
	switch {
	case rel.metered != nil && p.Strategy > 0 && !p.Known:
		used.Whole = wholeGuest
	case p.Estimated:
		used.Whole = wholeRead
	case rel.metered == nil && !divided:
		used.Whole = wholeAll
	}
}

// tellFault logs the first faults of an arm: nobody else hears of their texts.
func (c *contender) tellFault(ctx context.Context, f *driver.Fault) {
	if c.told.Add(1) <= faultsTold {
		c.rel.rt.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "fault in a comparison", c.rel.info.faultAttrs(f)...)
	}
}
