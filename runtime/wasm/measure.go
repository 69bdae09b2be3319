package wasm

import (
	"bytes"
	"context"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// This file says where the time of a call goes, for who asks. Encoding is what the
// codec takes in the host. The guest's run of execute is taken apart by running, after
// the call, exports that do a part of it only, each from the same state of the memory:
//
//	to cross  = abi_version
//	Guest     = decode(input) - to cross + echo(answer) - decode(answer)
//	Strategy  = execute - to cross - Guest
//
// These are estimates, of which only means over many calls say something: each part is
// another run. Without the exports decode and echo (see exportEcho) Guest stays
// unknown, and is in Strategy. Boundary is to cross, and the rest: to get a guest and
// its memory back, to ask it for room, to copy, to read the accounts.
//
// Where a strategy reads its input in place, which decode says by counting values, no
// run can tell its reading from its work. decode then stands for a strategy that reads
// everything once, and Guest is Estimated: above the truth for one that reads little
// of a large input, where Strategy may come down to nothing, and below it for one
// that looks the same thing up again and again.

// clock is now, where parts are asked for.
func (g *guest) clock() (now time.Time) {
	if g.parts != nil {
		now = time.Now()
	}
	return now
}

func (g *guest) encoded(since time.Time) {
	if g.parts != nil {
		g.parts.Encoding += time.Since(since)
	}
}

func (g *guest) ran(since time.Time) {
	if g.parts != nil {
		g.parts.Strategy += time.Since(since)
	}
}

func (g *guest) copied(input []byte, a answer) {
	if g.parts != nil {
		g.parts.BytesIn, g.parts.BytesOut = int64(len(input)), int64(len(a.body))+1
	}
}

// begun is when a call whose parts are asked for began.
func begun(p *driver.Parts) (now time.Time) {
	if p != nil {
		now = time.Now()
	}
	return now
}

// crossed takes what is left of a call's time for the boundary.
func crossed(p *driver.Parts, since time.Time) {
	if p != nil {
		p.Boundary = time.Since(since) - p.Encoding - p.Strategy
	}
}

// dissect takes the guest's run of a call apart, unless every run takes a guest of its
// own, which would be measured more than all else.
func (i *instance) dissect(ctx context.Context, in, out map[string]any, p *driver.Parts) {
	if i.starter.fresh != "" {
		return
	}
	began := time.Now()
	defer func() { p.Aside = time.Since(began) }()
	crossed, ok := i.again(ctx, abi.ExportABIVersion, nil)
	if !ok {
		return
	}
	cross := min(crossed.took, p.Strategy)
	p.Strategy, p.Boundary = p.Strategy-cross, p.Boundary+cross
	read, known := i.again(ctx, exportDecode, in)
	guest := read.took - cross
	if known && out != nil { // what the guest takes to say no is left out
		var wrote time.Duration
		wrote, known = i.wrote(ctx, out)
		guest += wrote
	}
	if p.Known = known; known {
		p.Guest, p.Estimated = min(max(guest, 0), p.Strategy), read.inPlace
		p.Strategy -= p.Guest
	}
}

// wrote is what the guest takes to encode an answer.
func (i *instance) wrote(ctx context.Context, out map[string]any) (took time.Duration, ok bool) {
	both, echoes := i.again(ctx, exportEcho, out)
	read, reads := i.again(ctx, exportDecode, out)
	return both.took - read.took, echoes && reads
}

// rerun is one run of another export.
type rerun struct {
	took    time.Duration
	inPlace bool // the strategy reads its input in place
}

// again runs another export of a guest as a call. It is not ok if there is no such
// export or if it does not do what it says.
func (i *instance) again(ctx context.Context, name string, in map[string]any) (r rerun, ok bool) {
	g, err := i.borrow(ctx)
	if err != nil {
		return rerun{}, false
	}
	defer i.finish(ctx, g, new(driver.Usage))
	g.fit = true
	f := g.engine.Func(name)
	if f == nil {
		return rerun{}, false
	}
	g.fit, g.parts = false, new(driver.Parts)
	g.host.enter(g.ctx)
	defer g.host.drop()
	if r.inPlace, ok, err = g.repeat(f, name, in); err != nil {
		g.fit = reusable(err)
	} else {
		g.fit = true
	}
	r.took = g.parts.Strategy
	return r, ok
}

// repeat runs one of the exports.
func (g *guest) repeat(f Func, name string, in map[string]any) (inPlace, ok bool, err error) {
	if name == abi.ExportABIVersion {
		g.begin(g.ctx)
		began := g.clock()
		err := g.call(g.ctx, f)
		g.ran(began)
		return false, err == nil, err
	}
	a, err := g.ask(g.ctx, f, in)
	switch {
	case err != nil || a.status != abi.StatusOK:
		return false, false, err
	case name == exportEcho:
		return false, bytes.Equal(a.body, g.input), nil
	}
	inPlace, ok = a.readInPlace()
	return inPlace, ok, nil
}

// readInPlace reads the answer of decode: null, or how many values there are.
func (a answer) readInPlace() (inPlace, ok bool) {
	v, err := a.codec.decode(a.body)
	_, inPlace = v.(int64)
	return inPlace, err == nil && (inPlace || v == nil)
}

// Starts implements driver.Started. Code that was not asked to be fresh may have come
// from the engine's cache. To instantiate is to make the first guest, with the
// strategy's constructor, before it is warmed up and frozen.
func (i *instance) Starts() driver.Starts { return i.starts }

// House implements driver.Housed.
func (i *instance) House() (engine, isolation string) {
	if isolation = i.starter.spec.Manifest.Isolation; isolation == "" {
		isolation = manifest.IsolationRequest
	}
	return i.engine, isolation
}

var (
	_ driver.Started = (*instance)(nil)
	_ driver.Housed  = (*instance)(nil)
)
