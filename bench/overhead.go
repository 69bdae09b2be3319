package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/scene"
)

// Rounds of the overhead are many and short: a difference of figures that are each
// as large as itself needs undisturbed ones.
const (
	overheadPasses = 40
	overheadRounds = 10
	overheadRound  = time.Millisecond
)

// overheadFigures tells what a call through the runtime costs beyond a direct call
// of the same function on the same map between the copies that bring its input and
// its answer into the domain (bare); in process and as a plugin, with a
// cooperative deadline and with a hard one. Beside them stand the parts of bare
// alone, and two readings of the clock, which every call needs to tell its time.
func overheadFigures(ctx context.Context, o options, _ map[string][]byte, r *measure.Report) (err error) {
	if !o.only.MatchString("overhead") {
		return nil
	}
	kinds, err := scene.Limits(ctx, o.root)
	if err != nil {
		return err
	}
	s, err := scene.Open(ctx, scene.Config{Root: o.root, Kinds: kinds})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	for _, k := range kinds {
		if err := overheadOf(ctx, s, k, r); err != nil {
			return fmt.Errorf("%s: %w", k.Label, err)
		}
	}
	r.Most("native.overhead", r.Value("overhead.native"), 100, "ns")
	r.Most("native.overhead.allocs", r.Value("overhead.native.allocs"), 0, "allocs")
	return nil
}

// overheadOf measures one kind, all its parts in one interleaved run.
func overheadOf(ctx context.Context, s *scene.Scene, k scene.Kind, r *measure.Report) error {
	direct, err := s.LimitOf(k)
	if err != nil {
		return err
	}
	in, strategy := scene.LimitInput(), k.Strategy()
	out, err := direct.Execute(ctx, in)
	if err != nil {
		return err
	}
	clock := time.Now()
	part := func(name string) string { return "overhead." + k.Label + "." + name }
	costs, err := quietly([]measure.Subject{
		{Name: "direct", Call: func() error { _, err := direct.Execute(ctx, in); return err }},
		{Name: "input", Call: func() error { _, err := wire.NormalizeMap(in); return err }},
		{Name: "output", Call: func() error { _, err := wire.NormalizeMap(out); return err }},
		{Name: "bare", Call: func() error {
			copied, err := wire.NormalizeMap(in)
			if err != nil {
				return err
			}
			answer, err := direct.Execute(ctx, copied)
			if err != nil {
				return err
			}
			_, err = wire.NormalizeMap(answer)
			return err
		}},
		{Name: "execute", Call: func() error { _, err := s.Runtime.Execute(ctx, strategy, in); return err }},
		{Name: "clock", Call: func() error { _, _ = time.Since(clock), time.Since(clock); return nil }},
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"direct", "input", "output", "bare", "execute", "clock"} {
		r.Add(part(name), costs[name].Wall, "ns")
	}
	r.Add("overhead."+k.Label, costs["execute"].Wall-costs["bare"].Wall, "ns")
	r.Add("overhead."+k.Label+".allocs", costs["execute"].Allocs-costs["bare"].Allocs, "allocs")
	return nil
}

// quietly measures without the collector, which works between the passes: what it
// does is due to the strategy and to the copies of values, and it does it while
// whoever happens to be measured runs. Rounds are too short for the processor's
// clock, so the clock's best round counts.
func quietly(rows []measure.Subject) (map[string]measure.Cost, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	best := map[string]measure.Cost{}
	for range overheadPasses {
		runtime.GC()
		costs, err := measure.Plan{Rounds: overheadRounds, Round: overheadRound}.Run(rows)
		if err != nil {
			return nil, err
		}
		for name, c := range costs {
			best[name] = c.Best(best[name])
		}
	}
	return best, nil
}
