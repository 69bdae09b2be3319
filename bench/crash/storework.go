package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
)

// strategies are deployed at the same time, each by a worker of its own.
func strategies() []string { return []string{"fx", "pay", "risk"} }

// worker deploys one strategy for ever.
type worker struct {
	store    *boltstore.Store
	strategy string
	acks     io.Writer
	// early acknowledges a change before it is made. It is the planted bug that
	// shows that a loss is found.
	early bool
}

// runChild is the process that is killed. It returns only on an error.
func runChild(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet(childArgument, flag.ContinueOnError)
	dir := f.String("dir", "", "`folder` of the store")
	early := f.Bool("early", false, "acknowledge too early")
	if err := f.Parse(args); err != nil {
		return 2
	}
	s, err := boltstore.Open(*dir)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	var all errgroup.Group
	for _, name := range strategies() {
		w := worker{store: s, strategy: name, acks: stdout, early: *early}
		all.Go(w.work)
	}
	fmt.Fprintln(stderr, all.Wait())
	return 1
}

func (w worker) work() error {
	ctx := context.Background()
	now, err := w.reached(ctx)
	if err != nil {
		return err
	}
	for now = now.next(); ; now = now.next() {
		if err := w.step(ctx, now); err != nil {
			return err
		}
	}
}

// reached finds the point that an earlier process came to.
func (w worker) reached(ctx context.Context) (point, error) {
	route, err := w.store.Route(ctx, w.strategy)
	if err != nil && problem.CodeOf(err) != problem.UnknownStrategy {
		return point{}, err
	}
	return pointOf(ctx, w.store, route)
}

// step does what happens at a point and acknowledges it.
func (w worker) step(ctx context.Context, at point) error {
	ack := ackLine(w.strategy, at)
	if w.early {
		_, _ = io.WriteString(w.acks, ack)
	}
	change := w.record
	if at == first(at.generation) {
		change = w.activate
	}
	if err := change(ctx, at); err != nil || w.early {
		return err
	}
	_, err := io.WriteString(w.acks, ack)
	return err
}

// record writes a revision without changing what is served.
func (w worker) record(ctx context.Context, at point) error {
	return w.store.RecordRollout(ctx, *at.write(w.strategy))
}

// activate makes a generation.
func (w worker) activate(ctx context.Context, at point) error {
	if err := w.distract(ctx, at.generation); err != nil {
		return err
	}
	a := at.activation(w.strategy)
	for _, r := range append(a.Also, a.Release) {
		if err := w.commit(ctx, content(uint64(r.Sequence))); err != nil { //nolint:gosec // small
			return err
		}
	}
	return w.store.Activate(ctx, a)
}

// distract does what else happens to a store: uploads that are given up, ones
// that are refused after Commit, releases that are only held, and operators who
// set a policy.
func (w worker) distract(ctx context.Context, generation uint64) error {
	name := fmt.Sprint("unwanted ", w.strategy, generation)
	switch generation % 5 {
	case 0:
		staged, err := w.store.Stage(ctx, strings.NewReader(name), 1<<20)
		if err != nil {
			return err
		}
		return w.store.Discard(staged)
	case 1:
		if err := w.commit(ctx, name); err != nil {
			return err
		}
		return w.store.Drop(ctx, digest(name))
	case 2:
		if err := w.commit(ctx, content(generation)); err != nil {
			return err
		}
		return w.store.Put(ctx, release(w.strategy, generation))
	case 3:
		return w.setPolicy(ctx, policies(generation))
	}
	return nil
}

// setPolicy sets the rollout policy, unless an earlier process did.
func (w worker) setPolicy(ctx context.Context, revision uint64) error {
	current, err := w.store.RolloutPolicy(ctx, w.strategy)
	if err != nil || current.Revision == revision {
		return err
	}
	return w.store.SetRolloutPolicy(ctx, rules(w.strategy, revision))
}

func (w worker) commit(ctx context.Context, content string) error {
	staged, err := w.store.Stage(ctx, strings.NewReader(content), 1<<20)
	if err != nil {
		return err
	}
	_, err = w.store.Commit(ctx, staged)
	return err
}
