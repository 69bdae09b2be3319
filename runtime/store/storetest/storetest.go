// Package storetest is the suite that every [store.Store] passes. A store's own
// test is a harness:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) func() store.Store {
//			dir := t.TempDir()
//			return func() store.Store { return must(Open(dir)) }
//		})
//	}
//
// It checks the contract of package store sentence by sentence, compares random
// sequences of calls, restarts included, with a twin that is too simple to be
// wrong, and hammers the store from many goroutines. Run it with -race.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Harness makes a place for one new, empty store. The function that it returns
// opens the store; after the suite has closed that one, it opens it again, as a
// new process would.
type Harness func(t *testing.T) (reopen func() store.Store)

// Run runs the suite.
func Run(t *testing.T, harness Harness) {
	t.Helper()
	for _, group := range [][]check{artifactChecks(), releaseChecks(), routeChecks(), rolloutChecks(), historyChecks(), comparisonChecks(), lifeChecks(), randomChecks()} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) { c.run(open(t, harness)) })
		}
	}
}

// check is one named case.
type check struct {
	name string
	run  func(s *subject)
}

// subject is the store under test and what the cases need around it.
type subject struct {
	store.Store
	t      *testing.T
	ctx    context.Context
	reopen func() store.Store
}

func open(t *testing.T, harness Harness) *subject {
	t.Helper()
	reopen := harness(t)
	s := &subject{Store: reopen(), t: t, ctx: t.Context(), reopen: reopen}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// restart closes the store and opens it again.
func (s *subject) restart() {
	s.t.Helper()
	s.ok(s.Close())
	s.Store = s.reopen()
}

// ok ends the case on an error.
func (s *subject) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// refused ends the case unless err has the code.
func (s *subject) refused(err error, code problem.Code) {
	s.t.Helper()
	if got := problem.CodeOf(err); got != code {
		s.t.Fatalf("got code %q, want %q (%v)", got, code, err)
	}
}

// equal compares two values by what they print.
func (s *subject) equal(got, want any) {
	s.t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		s.t.Fatalf("got  %s\nwant %s", g, w)
	}
}

// stage stages content without a limit that matters.
func (s *subject) stage(content string) store.Staged {
	s.t.Helper()
	staged, err := s.Stage(s.ctx, bytes.NewReader([]byte(content)), 1<<30)
	s.ok(err)
	return staged
}

// commit brings content into the store.
func (s *subject) commit(content string) store.Artifact {
	s.t.Helper()
	a, err := s.Commit(s.ctx, s.stage(content))
	s.ok(err)
	return a
}

// activate puts a release in front and ends the case if that fails.
func (s *subject) activate(r store.Release, generation uint64) store.Activation {
	s.t.Helper()
	a := activation(r, generation)
	s.ok(s.Activate(s.ctx, a))
	return a
}

// deployed commits the content of release n and activates it as generation n.
func (s *subject) deployed(strategy string, n int) store.Activation {
	s.t.Helper()
	r := release(strategy, n)
	s.commit(content(n))
	return s.activate(r, uint64(n)) //nolint:gosec // small
}

// content is the artifact of release n, the same for all strategies.
func content(n int) string { return fmt.Sprintf("artifact %d", n) }

// release is release n of a strategy; its artifact is content(n).
func release(strategy string, n int) store.Release {
	payload := fmt.Sprintf("%s %d", strategy, n)
	return store.Release{
		Strategy: strategy,
		Version:  fmt.Sprintf("1.%d.0", n),
		Sequence: int64(n),
		Kind:     "memory",
		Digest:   digest(payload),
		Artifact: digest(content(n)),
		Size:     int64(len(content(n))),
		Envelope: []byte("{" + payload + "}\x00\xff"),
		Accepted: at(n),
	}
}

// activation makes r the stable release.
func activation(r store.Release, generation uint64) store.Activation {
	return store.Activation{
		Release: r,
		Route: store.Route{Strategy: r.Strategy, Generation: generation, Stable: r.Digest, Previous: digest("before"),
			HighWater: store.Mark{Sequence: r.Sequence, Digest: r.Digest}, Methods: []string{"Execute", "Validate"},
			Signatures:        map[manifest.Kind][]string{"memory": {"Execute func() error", "New func()"}, "other": {"execute (i32) i64"}},
			PreviousWithdrawn: generation%2 == 0, Since: r.Accepted},
		Change: store.Change{Strategy: r.Strategy, Action: store.ActionDeploy, From: digest("before"), To: r.Digest,
			Generation: generation, Actor: "ada", Reason: "because", NewBaseline: generation%2 == 1, At: r.Accepted},
	}
}

// at is a moment in UTC that differs with n and has nanoseconds.
func at(n int) time.Time { return time.Date(2026, 1, 2, 3, 4, 5, n, time.UTC) }

func digest(s string) manifest.Digest { return manifest.DigestOf(sha256.Sum256([]byte(s))) }

// errReader fails after some bytes.
type errReader struct {
	rest []byte
	err  error
}

func (r *errReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

var errLine = errors.New("line went dead")
