package main

import (
	"context"
	"errors"

	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/bench/scene"
)

// calls are the subjects of callFigures.
type calls struct {
	scene     *scene.Scene
	kinds     []scene.Kind
	bare      *bare
	peer      *peer // without a time limit
	peerLimit *peer // with one
}

// Names of the peer's rows.
const (
	peerRow      = "extism.c"
	peerLimitRow = "extism.c.limit"
)

// limit of the peer's calls in milliseconds, as long as that of the release.
const limit = 1000

// callFigures compares whole calls.
func callFigures(ctx context.Context, root string, release *risk.Release, c []byte, plan measure.Plan, r *measure.Report) (err error) {
	s, err := openCalls(ctx, root, release, c)
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	if err != nil {
		return err
	}
	for _, p := range []*peer{s.peer, s.peerLimit} {
		if err := agree(ctx, s.scene, s.kinds[1], p); err != nil {
			return err
		}
	}
	costs, err := plan.Run(s.rows(ctx))
	if err != nil {
		return err
	}
	r.Cost("bare.c", costs["bare.c"], "")
	for _, k := range s.kinds {
		r.Cost("swapline."+k.Label, costs["swapline."+k.Label], "bare.c")
	}
	for _, row := range []string{peerRow, peerLimitRow} {
		r.Cost(row, costs[row], "swapline."+s.kinds[1].Label)
		for _, k := range s.kinds {
			ours, theirs := costs["swapline."+k.Label], costs[row]
			r.Least(row+"/"+k.Label+".time", theirs.CPU/ours.CPU, 20, "times")
			r.Least(row+"/"+k.Label+".bytes", theirs.Bytes/ours.Bytes, 50, "times")
		}
	}
	return nil
}

// openCalls opens all subjects. What it returns is to be closed after an error,
// too.
func openCalls(ctx context.Context, root string, release *risk.Release, c []byte) (s *calls, err error) {
	s = &calls{kinds: scene.Both("c", c)}
	if s.scene, err = scene.Open(ctx, scene.Config{Root: root, Kinds: s.kinds}); err != nil {
		return s, err
	}
	if s.bare, err = openBare(ctx, c, release, asIs); err != nil {
		return s, err
	}
	module, err := peerGuest(ctx, root)
	if err != nil {
		return s, err
	}
	if s.peer, err = openExtism(ctx, module, release, 0); err != nil {
		return s, err
	}
	s.peerLimit, err = openExtism(ctx, module, release, limit)
	return s, err
}

func (s *calls) rows(ctx context.Context) []measure.Subject {
	in := s.scene.Release.Input
	rows := []measure.Subject{{Name: "bare.c", Call: func() error { return s.bare.execute(ctx) }}}
	for _, k := range s.kinds {
		rows = append(rows, measure.Subject{Name: "swapline." + k.Label, Call: func() error {
			_, err := s.scene.Runtime.Execute(ctx, k.Strategy(), in)
			return err
		}})
	}
	for name, p := range map[string]*peer{peerRow: s.peer, peerLimitRow: s.peerLimit} {
		rows = append(rows, measure.Subject{Name: name, Call: func() error {
			_, err := p.execute(ctx, in)
			return err
		}})
	}
	return rows
}

func (s *calls) close(ctx context.Context) error {
	var errs []error
	if s.scene != nil {
		errs = append(errs, s.scene.Close(ctx))
	}
	if s.bare != nil {
		errs = append(errs, s.bare.close(ctx))
	}
	for _, p := range []*peer{s.peer, s.peerLimit} {
		if p != nil {
			errs = append(errs, p.plugin.Close(ctx))
		}
	}
	return errors.Join(errs...)
}
