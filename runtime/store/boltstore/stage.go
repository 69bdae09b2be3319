package boltstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"path/filepath"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// chunk is how much is copied between two looks at the context, in bytes.
const chunk = 128 << 10

// Stage implements [store.Store].
func (s *Store) Stage(ctx context.Context, r io.Reader, limit int64) (store.Staged, error) {
	if err := s.usable(ctx); err != nil {
		return store.Staged{}, err
	}
	path := filepath.Join(s.staging(), rand.Text())
	f, err := s.files.Create(path)
	if err != nil {
		return store.Staged{}, s.failed("create a file", err)
	}
	staged, err := s.fill(ctx, f, r, limit)
	if cerr := f.Close(); err == nil && cerr != nil {
		err = s.failed("close a file", cerr)
	}
	if err != nil {
		_ = s.files.Remove(path) // else the next Open does it
		return store.Staged{}, err
	}
	staged.Path = path
	s.staged.Lock()
	defer s.staged.Unlock()
	s.staged.open[path] = staged
	return staged, nil
}

// fill copies r to w, hashing and counting.
func (s *Store) fill(ctx context.Context, w io.Writer, r io.Reader, limit int64) (store.Staged, error) {
	var size int64
	sum := sha256.New()
	buf := make([]byte, chunk)
	for {
		if err := ctx.Err(); err != nil {
			return store.Staged{}, problem.New(problem.Canceled, "the upload was given up after %d bytes: %w", size, err)
		}
		n, rerr := r.Read(buf)
		if size += int64(n); size > limit {
			return store.Staged{}, tooLarge(limit)
		}
		sum.Write(buf[:n])
		if err := writeAll(w, buf[:n]); err != nil {
			return store.Staged{}, s.failed("write a file", err)
		}
		if errors.Is(rerr, io.EOF) {
			return store.Staged{Digest: manifest.DigestOf([32]byte(sum.Sum(nil))), Size: size}, nil
		}
		if rerr != nil {
			return store.Staged{}, broken(rerr, size)
		}
	}
}

// writeAll writes b; fewer bytes are an error whatever w says.
func writeAll(w io.Writer, b []byte) error {
	n, err := w.Write(b)
	if err == nil && n < len(b) {
		return io.ErrShortWrite
	}
	return err
}

func tooLarge(limit int64) error {
	return problem.New(problem.BodyTooLarge, "the artifact is larger than this host accepts").
		Want("at most %d bytes", limit).Got("more").
		Cure("make the artifact smaller, or raise the host's limit for artifacts")
}

// broken describes an error of the reader; its own code is kept.
func broken(err error, after int64) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return p
	}
	return problem.New(problem.BadRequest, "the artifact broke off after %d bytes: %w", after, err).
		Cure("upload it again")
}

// Discard implements [store.Store].
func (s *Store) Discard(staged store.Staged) error {
	if err := s.usable(context.Background()); err != nil {
		return err
	}
	if !s.end(staged) {
		return nil
	}
	if err := s.files.Remove(staged.Path); err != nil {
		return s.failed("remove a file", err)
	}
	return nil
}

// end takes a staged file off the list and reports whether it was on it.
func (s *Store) end(staged store.Staged) bool {
	s.staged.Lock()
	defer s.staged.Unlock()
	if s.staged.open[staged.Path] != staged || staged.Path == "" {
		return false
	}
	delete(s.staged.open, staged.Path)
	return true
}
