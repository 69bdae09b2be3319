package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
)

// A folder is looked through when something changes in it, after the changes
// have settled, and now and then in any case: notifications can get lost.
const (
	settle    = 300 * time.Millisecond
	rescan    = 10 * time.Second
	maxSigned = trust.MaxEnvelope
)

// releaseFolder deploys the releases of one folder through the same pipeline as
// an upload. Only its loop uses it.
type releaseFolder struct {
	dir     string
	runtime *runtime.Runtime
	log     *slog.Logger
	// done remembers by file what was seen, so that each state of a pair of
	// files is tried once.
	done map[string]pairState
	// last is the look before, to tell files that are still being written.
	last map[string]pairState
}

// pairState is what tells two states of an envelope and its artifact apart.
type pairState struct {
	envelope, artifact fileState
}

type fileState struct {
	size     int64
	modified time.Time
}

// found is one pair of files and what it claims.
type found struct {
	file     string // the envelope's
	state    pairState
	envelope []byte
	digest   manifest.Digest
	strategy string
	sequence int64
	err      error
}

// checkFolder refuses a --dir that cannot be watched, before anything starts.
func checkFolder(dir string) error {
	if info, err := os.Stat(dir); dir != "" && (err != nil || !info.IsDir()) {
		return usageError{fmt.Errorf("--dir %s is not a folder", dir)}
	}
	return nil
}

// watchFolder deploys what is in dir, and after its return what changes there,
// until stop is called or ctx ends. A bad file is an event in the log, never an
// error.
func watchFolder(ctx context.Context, dir string, rt *runtime.Runtime, log *slog.Logger) (stop func(context.Context) error, err error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := w.Add(dir); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	f := &releaseFolder{dir: dir, runtime: rt, log: log, done: map[string]pairState{}, last: map[string]pairState{}}
	ctx, cancel := context.WithCancel(ctx)
	wait := f.first(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); f.loop(ctx, w, wait) }()
	return func(end context.Context) error {
		cancel()
		select {
		case <-ended:
		case <-end.Done():
		}
		return w.Close()
	}, nil
}

// first deploys what is there already, so that a server that is ready has it.
// Files that somebody is still writing are left to the loop.
func (f *releaseFolder) first(ctx context.Context) time.Duration {
	wait := f.scan(ctx)
	if wait == rescan {
		return wait
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
	return f.scan(ctx)
}

func (f *releaseFolder) loop(ctx context.Context, w *fsnotify.Watcher, wait time.Duration) {
	next := time.NewTimer(wait)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.Events:
			next.Reset(settle)
		case err := <-w.Errors:
			f.log.WarnContext(ctx, "watching the folder", "dir", f.dir, "error", err)
			next.Reset(settle)
		case <-next.C:
			next.Reset(f.scan(ctx))
		}
	}
}

// scan looks once and returns when to look again: soon while files settle.
func (f *releaseFolder) scan(ctx context.Context) time.Duration {
	now := f.states(ctx)
	var ready []found
	wait := rescan
	for file, s := range now {
		switch {
		case f.done[file] == s:
		case f.last[file] != s:
			wait = settle
		default:
			ready = append(ready, readClaim(file, s))
		}
	}
	f.last = now
	slices.SortFunc(ready, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.strategy, b.strategy), cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.file, b.file))
	})
	for _, r := range ready {
		if ctx.Err() != nil {
			return wait
		}
		f.done[r.file] = r.state
		f.event(ctx, r, f.deploy(ctx, r))
	}
	return wait
}

// states lists the complete pairs of regular files.
func (f *releaseFolder) states(ctx context.Context) map[string]pairState {
	m := map[string]pairState{}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		f.log.WarnContext(ctx, "the folder cannot be read", "dir", f.dir, "error", err)
		return m
	}
	for _, e := range entries {
		file := filepath.Join(f.dir, e.Name())
		artifact, ok := strings.CutSuffix(file, envelopeSuffix)
		if !ok {
			continue
		}
		s, complete := stateOf(file, artifact)
		if complete {
			m[file] = s
		}
	}
	return m
}

func stateOf(envelope, artifact string) (pairState, bool) {
	e, err := os.Stat(envelope)
	if err != nil || !e.Mode().IsRegular() {
		return pairState{}, false
	}
	a, err := os.Stat(artifact)
	if err != nil || !a.Mode().IsRegular() {
		return pairState{}, false
	}
	return pairState{fileState{e.Size(), e.ModTime()}, fileState{a.Size(), a.ModTime()}}, true
}

// readClaim reads what an envelope says of itself, only to know the order and what
// is there already; the pipeline checks all of it.
func readClaim(file string, s pairState) found {
	r := found{file: file, state: s}
	if s.envelope.size > maxSigned {
		r.err = problem.New(problem.BodyTooLarge, "the envelope is too large").Want("at most %d bytes", maxSigned).Got("%d bytes", s.envelope.size)
		return r
	}
	if r.envelope, r.err = readAtMost(file, maxSigned); r.err != nil {
		return r
	}
	u, err := trust.ReadUnverified(r.envelope)
	if err != nil {
		r.err = err
		return r
	}
	r.digest = u.Digest
	if m, err := manifest.Decode(u.Payload); err == nil {
		r.strategy, r.sequence = m.Name, m.Sequence
	}
	return r
}

// attempt is the outcome for one pair of files.
type attempt struct {
	event   string
	outcome runtime.Outcome
	err     error
}

func (f *releaseFolder) deploy(ctx context.Context, r found) attempt {
	if r.err != nil {
		return attempt{event: "release refused", err: r.err}
	}
	if f.known(ctx, r) {
		return attempt{event: "release already known"}
	}
	artifact, err := os.Open(strings.TrimSuffix(r.file, envelopeSuffix))
	if err != nil {
		return attempt{event: "release refused", err: err}
	}
	defer artifact.Close()
	out, err := f.runtime.Deploy(ctx, runtime.Upload{Envelope: r.envelope, Artifact: io.Reader(artifact), Actor: "folder", Reason: "found in the folder"})
	if err != nil {
		return attempt{event: "release refused", err: err}
	}
	return attempt{event: "release deployed", outcome: out}
}

// known reports whether the release was accepted before. It is then left as it
// is: an operator may have rolled it back.
func (f *releaseFolder) known(ctx context.Context, r found) bool {
	if r.strategy == "" {
		return false
	}
	list, err := f.runtime.Releases(ctx, r.strategy)
	return err == nil && slices.ContainsFunc(list, func(k runtime.Release) bool { return k.Digest == r.digest })
}

// event writes the one line that each state of a pair of files gets.
func (f *releaseFolder) event(ctx context.Context, r found, res attempt) {
	log := f.log.With("file", r.file, "strategy", r.strategy, "digest", r.digest)
	if res.err != nil {
		log.WarnContext(ctx, res.event, "code", problem.CodeOf(res.err), "error", res.err)
		return
	}
	if res.outcome.Generation > 0 {
		log = log.With("version", res.outcome.Release.Version, "generation", res.outcome.Generation)
	}
	log.InfoContext(ctx, res.event)
}
