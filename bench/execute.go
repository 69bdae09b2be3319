package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/scene"
)

// releases of each kind, so that there is something to switch between.
const releases = 2

// executeFigures measures one call of every kind, and switches.
func executeFigures(ctx context.Context, o options, guests map[string][]byte, r *measure.Report) (err error) {
	kinds, err := scene.Kinds(ctx, o.root, guests)
	if err != nil {
		return err
	}
	s, err := scene.Open(ctx, scene.Config{Root: o.root, Kinds: kinds, Releases: releases})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	if err := agree(ctx, s, kinds); err != nil {
		return err
	}
	rows := subjects(ctx, s, kinds, o)
	costs, err := o.plan.Run(rows)
	if err != nil {
		return err
	}
	r.Cost(direct, costs[direct], "")
	for _, row := range rows[1:] {
		r.Cost(row.Name, costs[row.Name], direct)
	}
	workFigures(ctx, s, kinds, r)
	return switchFigures(ctx, s, kinds, o.switches, r)
}

// direct is the row against which the others are measured.
const direct = "execute.direct"

// subjects are the direct call, and each kind with a map and with JSON text.
func subjects(ctx context.Context, s *scene.Scene, kinds []scene.Kind, o options) []measure.Subject {
	list := []measure.Subject{{Name: direct, Call: func() error {
		_, err := s.Direct.Execute(ctx, s.Release.Input)
		return err
	}}}
	for _, k := range kinds {
		strategy := k.Strategy()
		var text []byte
		rows := []measure.Subject{
			{Name: "execute." + k.Label, Call: func() error {
				_, err := s.Runtime.Execute(ctx, strategy, s.Release.Input)
				return err
			}},
			{Name: "text." + k.Label, Call: func() error {
				r, err := s.Runtime.ExecuteText(ctx, strategy, s.Release.Text, text[:0])
				text = r.Text
				return err
			}},
		}
		for _, row := range rows {
			if o.only.MatchString(row.Name) {
				list = append(list, row)
			}
		}
	}
	return list
}

// agree checks that all kinds answer every golden case as the direct call does.
func agree(ctx context.Context, s *scene.Scene, kinds []scene.Kind) error {
	for _, c := range s.Release.Golden {
		want, no := s.Direct.Execute(ctx, c.Input)
		for _, k := range kinds {
			r, err := s.Runtime.Execute(ctx, k.Strategy(), c.Input)
			if codeOf(err) != codeOf(no) || !wire.Equal(any(want), any(r.Output)) {
				return fmt.Errorf("%s answers %q with %v, %s; the direct call with %v, %s", k.Label, c.Name, r.Output, codeOf(err), want, codeOf(no))
			}
		}
	}
	return nil
}

// codeOf is the code of a business error, and what else an error is.
func codeOf(err error) string {
	var no *abi.Error
	if errors.As(err, &no) {
		return no.Code
	}
	return fmt.Sprint(err)
}

// workFigures tells what one call does, which is the same on every machine, and
// what the calls so far have left in the pools.
func workFigures(ctx context.Context, s *scene.Scene, kinds []scene.Kind, r *measure.Report) {
	for _, k := range kinds {
		if answer, err := s.Runtime.Execute(ctx, k.Strategy(), s.Release.Input); err == nil && answer.Instructions > 0 {
			r.Add("instructions."+k.Label, float64(answer.Instructions), "instructions")
		}
		if status, err := s.Runtime.Status(ctx, k.Strategy()); err == nil && status.Instances > 0 && status.MemoryBytes > 0 {
			r.Add("pool."+k.Label+".guests", float64(status.Instances), "guests")
			r.Add("pool."+k.Label+".memory", float64(status.MemoryBytes)/(1<<20), "MiB")
		}
	}
}
