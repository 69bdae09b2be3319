package boltstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// reference is the record under artifacts: some release needs the file.
type reference struct {
	Size int64 `json:"size"`
}

// Commit implements [store.Store]. A failed sync is never tried again on the
// same file, because the second one would report success for lost bytes: the
// staged file ends with the first error.
func (s *Store) Commit(ctx context.Context, staged store.Staged) (store.Artifact, error) {
	if !s.end(staged) {
		return store.Artifact{}, contradiction("%s is not staged here, or has ended before", filepath.Base(staged.Path))
	}
	err := s.usable(ctx)
	if err == nil {
		err = s.seal(staged.Path)
	}
	if err == nil {
		err = s.settle(staged)
	}
	if err != nil {
		_ = s.files.Remove(staged.Path) // else the next Open does it
		return store.Artifact{}, err
	}
	return store.Artifact{Digest: staged.Digest, Size: staged.Size, Path: s.path(staged.Digest)}, nil
}

// seal makes a staged file read-only and durable.
func (s *Store) seal(path string) error {
	f, err := s.files.Open(path)
	if err != nil {
		return s.failed("open a file", err)
	}
	err = f.Chmod(0o400)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return s.failed("sync a file", err)
	}
	return nil
}

// settle moves a sealed file to its place.
func (s *Store) settle(staged store.Staged) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.path(staged.Digest)
	there, whole := inspect(path, staged.Digest)
	var err error
	if whole {
		_ = s.files.Remove(staged.Path) // else the next Open does it
	} else {
		err = s.files.Rename(staged.Path, path)
	}
	if err == nil {
		err = s.files.SyncDir(s.artifacts())
	}
	if err == nil {
		return nil
	}
	if !there {
		_ = s.files.Remove(path) // else the next Open does it
	}
	return s.failed("place an artifact", err)
}

// inspect reports whether there is a file at path, and whether it has the bytes
// that its name promises.
func inspect(path string, want manifest.Digest) (there, whole bool) {
	f, err := os.Open(path) //nolint:gosec // the store makes the path
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist), false
	}
	defer f.Close() //nolint:errcheck // only read
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return true, err == nil && manifest.DigestOf([32]byte(sum.Sum(nil))) == want
}

// Artifact implements [store.Store].
func (s *Store) Artifact(ctx context.Context, digest manifest.Digest) (store.Artifact, error) {
	var a store.Artifact
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		a, err = s.locate(tx, digest)
		return err
	})
	return a, err
}

// locate finds the file of an artifact and compares its size with what the
// first release that refers to it stated.
func (s *Store) locate(tx *bolt.Tx, digest manifest.Digest) (store.Artifact, error) {
	p, err := s.at(tx, bucketArtifacts)
	if err != nil {
		return store.Artifact{}, err
	}
	var ref reference
	needed, err := p.get([]byte(digest), &ref)
	if err != nil {
		return store.Artifact{}, err
	}
	size, err := s.size(digest)
	switch {
	case err != nil && needed:
		return store.Artifact{}, s.damaged(digest, err.Error())
	case err != nil:
		return store.Artifact{}, err
	case needed && size != ref.Size:
		return store.Artifact{}, s.damaged(digest, "its size has changed").Want("%d bytes", ref.Size).Got("%d bytes", size)
	}
	return store.Artifact{Digest: digest, Size: size, Path: s.path(digest)}, nil
}

// size looks at the file of an artifact.
func (s *Store) size(digest manifest.Digest) (int64, error) {
	missing := problem.New(problem.ArtifactMissing, "artifact %s is not in the store", digest.Short()).
		Cure("upload the release again")
	if !digest.Valid() {
		return 0, missing
	}
	info, err := os.Lstat(s.path(digest))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, missing
	case err != nil:
		return 0, s.failed("look at an artifact", err)
	case !info.Mode().IsRegular():
		return 0, s.damaged(digest, "it is not a regular file")
	}
	return info.Size(), nil
}

// damaged says that a file which a release needs cannot be used.
func (s *Store) damaged(digest manifest.Digest, how string) *problem.Error {
	return problem.New(problem.StoreCorrupt, "artifact %s is damaged: %s", s.path(digest), how).
		Cure("upload the release again, which replaces the file, or restore it from a backup")
}

// Drop implements [store.Store].
func (s *Store) Drop(ctx context.Context, digest manifest.Digest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var needed bool
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketArtifacts)
		if err == nil {
			needed, err = p.get([]byte(digest), new(reference))
		}
		return err
	})
	if err != nil || needed || !digest.Valid() {
		return err
	}
	// A removal that a power loss takes back is made good by the next Open.
	if err := s.files.Remove(s.path(digest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.failed("remove an artifact", err)
	}
	return nil
}

func (s *Store) path(digest manifest.Digest) string {
	return filepath.Join(s.artifacts(), digest.Hex())
}
