package storetest

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func artifactChecks() []check {
	return []check{
		{"stage hashes and counts", stageHashes},
		{"stage enforces the limit to the byte", stageLimit},
		{"stage honours the context between chunks", stageContext},
		{"stage keeps the reader's error", stageReader},
		{"commit makes a read-only file by digest", commitFile},
		{"commit keeps the first copy", commitTwice},
		{"commit replaces a damaged copy", commitHeals},
		{"commit ends the staged file", commitEnds},
		{"discard is harmless twice and after commit", discardTwice},
		{"artifact reports what was never committed", artifactMissing},
		{"artifact reports a lost or cut file", artifactDamaged},
		{"drop keeps what a release needs", dropNeeded},
		{"restart sweeps staged files and orphans", restartSweeps},
	}
}

func stageHashes(s *subject) {
	for _, text := range []string{"", "x", strings.Repeat("swap", 100_000)} {
		staged := s.stage(text)
		s.equal(staged.Digest, digest(text))
		s.equal(staged.Size, len(text))
		got, err := os.ReadFile(staged.Path)
		s.ok(err)
		s.equal(string(got) == text, true)
		s.refused(second(s.Artifact(s.ctx, staged.Digest)), problem.ArtifactMissing)
	}
}

func stageLimit(s *subject) {
	for _, c := range []struct {
		size, limit int
		fits        bool
	}{{0, 0, true}, {1, 0, false}, {10, 10, true}, {11, 10, false}, {1 << 20, 1 << 20, true}, {1<<20 + 1, 1 << 20, false}} {
		staged, err := s.Stage(s.ctx, strings.NewReader(strings.Repeat("b", c.size)), int64(c.limit))
		if !c.fits {
			s.refused(err, problem.BodyTooLarge)
			continue
		}
		s.ok(err)
		s.equal(staged.Size, c.size)
	}
	s.ok(second(s.Stage(s.ctx, strings.NewReader("b"), math.MaxInt64)))
}

func stageContext(s *subject) {
	ctx, cancel := context.WithCancel(s.ctx)
	endless := readerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	s.refused(second(s.Stage(ctx, endless, 1<<30)), problem.Canceled)
	s.refused(second(s.Stage(ctx, strings.NewReader("late"), 10)), problem.Canceled)
}

func stageReader(s *subject) {
	_, err := s.Stage(s.ctx, &errReader{[]byte("half"), errLine}, 100)
	s.refused(err, problem.BadRequest)
	_, err = s.Stage(s.ctx, &errReader{[]byte("half"), io.ErrUnexpectedEOF}, 100)
	s.refused(err, problem.BadRequest)
	_, err = s.Stage(s.ctx, &errReader{nil, problem.New(problem.MediaType, "no")}, 100)
	s.refused(err, problem.MediaType)
}

func commitFile(s *subject) {
	a := s.commit("bytes")
	s.equal(a.Digest, digest("bytes"))
	s.equal(a.Size, 5)
	found, err := s.Artifact(s.ctx, a.Digest)
	s.ok(err)
	s.equal(found, a)
	got, err := os.ReadFile(a.Path)
	s.ok(err)
	s.equal(string(got), "bytes")
	info, err := os.Stat(a.Path)
	s.ok(err)
	s.equal(info.Mode().Perm(), os.FileMode(0o400))
	s.equal(filepath.Base(a.Path), a.Digest.Hex())
	folder, err := os.Stat(filepath.Dir(a.Path))
	s.ok(err)
	s.equal(folder.Mode().Perm(), os.FileMode(0o700))
}

func commitTwice(s *subject) {
	first := s.commit("same")
	before, err := os.Stat(first.Path)
	s.ok(err)
	again := s.stage("same")
	a, err := s.Commit(s.ctx, again)
	s.ok(err)
	s.equal(a, first)
	after, err := os.Stat(first.Path)
	s.ok(err)
	s.equal(os.SameFile(before, after), true)
	s.gone(again.Path)
}

func commitHeals(s *subject) {
	a := s.commit("precious")
	s.ok(os.Chmod(a.Path, 0o600))
	s.ok(os.WriteFile(a.Path, []byte("precioux"), 0o600))
	s.commit("precious")
	got, err := os.ReadFile(a.Path)
	s.ok(err)
	s.equal(string(got), "precious")
}

func commitEnds(s *subject) {
	staged := s.stage("once")
	canceled, cancel := context.WithCancel(s.ctx)
	cancel()
	s.refused(second(s.Commit(canceled, staged)), problem.Canceled)
	s.gone(staged.Path)
	s.refused(second(s.Artifact(s.ctx, staged.Digest)), problem.ArtifactMissing)
	s.refused(second(s.Commit(s.ctx, staged)), problem.Internal)

	forged := s.stage("true")
	forged.Digest = digest("false")
	s.refused(second(s.Commit(s.ctx, forged)), problem.Internal)
	s.refused(second(s.Commit(s.ctx, store.Staged{})), problem.Internal)
	s.refused(second(s.Artifact(s.ctx, forged.Digest)), problem.ArtifactMissing)
}

func discardTwice(s *subject) {
	staged := s.stage("unwanted")
	s.ok(s.Discard(staged))
	s.gone(staged.Path)
	s.ok(s.Discard(staged))
	s.ok(s.Discard(store.Staged{}))

	staged = s.stage("wanted")
	a, err := s.Commit(s.ctx, staged)
	s.ok(err)
	s.ok(s.Discard(staged))
	s.ok(s.Discard(store.Staged(a)))
	s.ok(second(s.Artifact(s.ctx, a.Digest)))
}

func artifactMissing(s *subject) {
	for _, d := range []manifest.Digest{digest("nowhere"), "", "sha256:", "sha256:../../etc/passwd", "../store.db"} {
		s.refused(second(s.Artifact(s.ctx, d)), problem.ArtifactMissing)
		s.ok(s.Drop(s.ctx, d))
	}
}

func artifactDamaged(s *subject) {
	r := s.deployed("pay", 1).Release
	a, err := s.Artifact(s.ctx, r.Artifact)
	s.ok(err)
	s.ok(os.Truncate(a.Path, a.Size-1))
	s.refused(second(s.Artifact(s.ctx, r.Artifact)), problem.StoreCorrupt)
	s.ok(os.Remove(a.Path))
	s.refused(second(s.Artifact(s.ctx, r.Artifact)), problem.StoreCorrupt)
	s.commit(content(1))
	s.ok(second(s.Artifact(s.ctx, r.Artifact)))
}

func dropNeeded(s *subject) {
	loose := s.commit("loose")
	r := release("pay", 1)
	s.commit(content(1))
	s.ok(s.Put(s.ctx, r))
	s.ok(s.Drop(s.ctx, loose.Digest))
	s.refused(second(s.Artifact(s.ctx, loose.Digest)), problem.ArtifactMissing)
	s.ok(s.Drop(s.ctx, r.Artifact))
	s.ok(second(s.Artifact(s.ctx, r.Artifact)))
}

func restartSweeps(s *subject) {
	held := release("pay", 1)
	s.commit(content(1))
	s.ok(s.Put(s.ctx, held))
	active := s.deployed("risk", 1).Release
	staged, orphan := s.stage("never ended"), s.commit("never put")
	s.restart()
	s.gone(staged.Path)
	s.gone(orphan.Path)
	s.refused(second(s.Artifact(s.ctx, orphan.Digest)), problem.ArtifactMissing)
	s.refused(second(s.Commit(s.ctx, staged)), problem.Internal)
	s.ok(second(s.Artifact(s.ctx, held.Artifact)))
	s.ok(second(s.Artifact(s.ctx, active.Artifact)))
}

// gone ends the case if a file is still there.
func (s *subject) gone(path string) {
	s.t.Helper()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		s.t.Fatalf("%s is still there (%v)", path, err)
	}
}

// second keeps the error of a call that returns a value.
func second[T any](_ T, err error) error { return err }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
