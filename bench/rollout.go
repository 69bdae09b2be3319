package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/scene"
	"github.com/swapline/swapline/runtime"
)

// rolled are the ways in which a call finds its arm.
func rolled() map[string]map[string]any {
	return map[string]map[string]any{
		"drawn":   nil,
		"header":  {"header": "X-Customer"},
		"pointer": {"pointer": "/customer"},
	}
}

// rolloutFigures tells what it costs to be in a rollout: the same release serves
// under four names, alone and beside a candidate of the same code at 20 %, whose
// calls find their arm by a header, by a member of the input, or without a key.
// All rows are one interleaved run.
func rolloutFigures(ctx context.Context, o options, guests map[string][]byte, r *measure.Report) (err error) {
	if !o.only.MatchString("rollout") {
		return nil
	}
	all, err := scene.Kinds(ctx, o.root, guests)
	if err != nil {
		return err
	}
	// One plugin cannot be opened under several names.
	all = slices.DeleteFunc(all, func(k scene.Kind) bool { return k.Label != "memory" && k.Label != "c.request" })
	var kinds []scene.Kind
	for _, k := range all {
		for _, way := range []string{"alone", "drawn", "header", "pointer"} {
			one := k
			one.Label += "." + way
			kinds = append(kinds, one)
		}
	}
	s, err := scene.Open(ctx, scene.Config{Root: o.root, Kinds: kinds, Releases: releases})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	if err := roll(ctx, s, kinds); err != nil {
		return err
	}
	for i := 0; i < len(kinds); i += 4 {
		if err := rolloutOf(ctx, s, kinds[i:i+4], all[i/4].Label, r); err != nil {
			return err
		}
	}
	return nil
}

// roll brings every strategy back to its first release, and the second one of all
// but those that stay alone to 20 % of the traffic.
func roll(ctx context.Context, s *scene.Scene, kinds []scene.Kind) error {
	for i, k := range kinds {
		if _, err := turn(ctx, s.Runtime, k, true); err != nil {
			return err
		}
		way := []string{"alone", "drawn", "header", "pointer"}[i%4]
		if way == "alone" {
			continue
		}
		if _, err := s.Runtime.Rollouts.Start(ctx, runtime.RolloutStart{Strategy: k.Strategy(), Release: scene.Version(2), Policy: never(rolled()[way])}); err != nil {
			return fmt.Errorf("%s: %w", k.Label, err)
		}
	}
	return nil
}

// never is a policy whose stage does not end: the two arms are the same.
func never(sticky map[string]any) map[string]any {
	doc := map[string]any{
		"stages": []any{map[string]any{"weight": int64(20), "for_s": int64(3600)}, map[string]any{"weight": int64(100)}},
		"guards": []any{
			map[string]any{"name": "errors", "metric": "error_rate", "max": 0.03},
			map[string]any{"name": "more-errors", "metric": "error_rate", "versus": "stable", "max_increase": int64(0)},
			map[string]any{"name": "p95", "metric": "latency_p95", "max": int64(600)},
		},
	}
	if sticky != nil {
		doc["sticky"] = sticky
	}
	return doc
}

// rolloutOf measures one kind.
func rolloutOf(ctx context.Context, s *scene.Scene, kinds []scene.Kind, label string, r *measure.Report) error {
	keyed := map[string]any{"customer": "customer-4711"}
	for k, v := range s.Release.Input {
		keyed[k] = v
	}
	with := runtime.WithKey(ctx, "customer-4711")
	var rows []measure.Subject
	for _, k := range kinds {
		strategy := k.Strategy()
		rows = append(rows, measure.Subject{Name: k.Label, Call: func() error {
			_, err := s.Runtime.Execute(with, strategy, keyed)
			return err
		}})
	}
	costs, err := quietly(rows)
	if err != nil {
		return err
	}
	alone := "rollout." + kinds[0].Label
	for i, k := range kinds {
		against := alone
		if i == 0 {
			against = ""
		}
		r.Compare("rollout."+k.Label, costs[k.Label].Wall, "ns", against)
		if i > 0 {
			r.Most("rollout."+k.Label, costs[k.Label].Wall/costs[kinds[0].Label].Wall, 1.05, "ratio")
			r.Most("rollout."+k.Label+".allocs", costs[k.Label].Allocs-costs[kinds[0].Label].Allocs, 0, "allocs")
		}
	}
	return nil
}
