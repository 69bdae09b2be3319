package wasm

import (
	"context"
	"log/slog"
	"time"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/manifest"
)

// warmCalls is how many calls warm a guest up, at least: the first ones of a Go
// guest make its heap and its maps, and take twice as long and more.
const warmCalls = 16

// first makes the first guest of the release and freezes what it is after some
// calls of the golden cases. Every other guest begins there. Whether the answers
// are right is for the pipeline to say; a guest that breaks meanwhile is
// replaced by one that was not warmed up.
func (s *starter) first(ctx context.Context) (*guest, error) {
	began := time.Now()
	g, err := s.start(ctx)
	s.starts.Instantiate = time.Since(began)
	if err != nil || s.fresh != "" {
		return g, err
	}
	if !s.warm(ctx, g) {
		g.close(context.WithoutCancel(ctx), s.spec.Log)
		if g, err = s.start(ctx); err != nil {
			return nil, err
		}
	}
	state, err := g.freeze()
	if err != nil {
		g.close(context.WithoutCancel(ctx), s.spec.Log)
		return nil, s.startProblem(g.host, err)
	}
	s.state, s.validates = state, g.validate != nil
	s.isolate(g)
	return g, nil
}

// warm runs the golden cases, without a trace in the log.
func (s *starter) warm(ctx context.Context, g *guest) bool {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	log := g.host.log
	g.host.log = slog.New(slog.DiscardHandler)
	defer func() { g.host.log = log }()
	for calls := 0; calls < warmCalls; calls += max(1, len(s.spec.Manifest.Golden)) {
		if g.rehearse(ctx, s.spec.Manifest.Golden) != nil {
			return false
		}
	}
	return true
}

// rehearse runs each case once, until one breaks the guest.
func (g *guest) rehearse(ctx context.Context, cases []manifest.GoldenCase) (err error) {
	defer rescue(&err)
	for _, c := range cases {
		g.host.enter(capability.Rehearsal(ctx))
		_, err := g.Execute(ctx, c.Input)
		g.host.drop()
		g.settle()
		if !reusable(err) {
			return err
		}
	}
	return nil
}
