package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
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
	route, err := w.store.Route(ctx, w.strategy)
	if err != nil && problem.CodeOf(err) != problem.UnknownStrategy {
		return err
	}
	for generation := route.Generation + 1; ; generation++ {
		if err := w.distract(ctx, generation); err != nil {
			return err
		}
		if err := w.deploy(ctx, generation); err != nil {
			return err
		}
	}
}

// deploy makes one generation and acknowledges it.
func (w worker) deploy(ctx context.Context, generation uint64) error {
	a := plan(w.strategy, generation)
	if err := w.commit(ctx, content(releaseOf(generation))); err != nil {
		return err
	}
	ack := ackLine(a.Change)
	if w.early {
		_, _ = io.WriteString(w.acks, ack)
	}
	if err := w.store.Activate(ctx, a); err != nil {
		return err
	}
	if w.early {
		return nil
	}
	_, err := io.WriteString(w.acks, ack)
	return err
}

// distract does what else happens to a store: uploads that are given up, ones
// that are refused after Commit, and releases that are only held.
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
	}
	return nil
}

func (w worker) commit(ctx context.Context, content string) error {
	staged, err := w.store.Stage(ctx, strings.NewReader(content), 1<<20)
	if err != nil {
		return err
	}
	_, err = w.store.Commit(ctx, staged)
	return err
}

// ackLine is what is printed for a change that was acknowledged.
func ackLine(c store.Change) string {
	return fmt.Sprintf("%s %d %s\n", c.Strategy, c.Generation, c.To)
}

// plan is what a worker activates as a generation. It depends on nothing else,
// so that the check knows it too.
func plan(strategy string, generation uint64) store.Activation {
	r := release(strategy, releaseOf(generation))
	c := store.Change{Strategy: strategy, Action: store.ActionDeploy, To: r.Digest, Generation: generation, At: r.Accepted}
	if r.Sequence != int64(generation) { //nolint:gosec // small
		c.Action = store.ActionRollback
	}
	return store.Activation{
		Release: r,
		Route: store.Route{Strategy: strategy, Generation: generation, Stable: r.Digest,
			HighWater: store.Mark{Sequence: r.Sequence, Digest: r.Digest}, Methods: []string{"Execute"}, Since: r.Accepted},
		Change: c,
	}
}

// releaseOf is the number of the release that a generation activates: every
// fourth goes back to the one before the last.
func releaseOf(generation uint64) uint64 {
	if generation%4 == 0 {
		return generation - 2
	}
	return generation
}

// release is release n of a strategy. The strategies share their artifacts.
func release(strategy string, n uint64) store.Release {
	bytes := content(n)
	sequence := int64(n) //nolint:gosec // small
	return store.Release{Strategy: strategy, Version: fmt.Sprintf("1.%d.0", n), Sequence: sequence, Kind: "memory",
		Digest: digest(fmt.Sprint("payload ", strategy, n)), Artifact: digest(bytes), Size: int64(len(bytes)),
		Envelope: []byte(strings.Repeat("envelope ", 200)), Accepted: time.Unix(sequence, 0).UTC()}
}

// content is the artifact of release n: up to 100 kB, so that it takes one write
// or many.
func content(n uint64) string {
	source := rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, n)))
	b := make([]byte, 1+source.Uint64()%100_000)
	_, _ = source.Read(b)
	return string(b)
}

func digest(s string) manifest.Digest { return manifest.DigestOf(sha256.Sum256([]byte(s))) }
