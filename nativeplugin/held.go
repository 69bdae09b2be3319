package nativeplugin

import (
	"crypto/sha256"
	"io"
	"math"
	"os"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// held is an artifact's file, open and with the signed digest.
type held struct {
	f    *os.File
	path string
	size int64
	stat os.FileInfo
}

// hold opens the file and checks that its bytes are the signed ones.
func hold(path string, want manifest.Artifact) (*held, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, problem.New(problem.StoreFailed, "the artifact cannot be read: %w", err)
	}
	h := &held{f: f, path: path}
	if err := h.check(want); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *held) check(want manifest.Artifact) error {
	var err error
	if h.stat, err = h.f.Stat(); err != nil {
		return problem.New(problem.StoreFailed, "the artifact cannot be read: %w", err)
	}
	sum := sha256.New()
	if h.size, err = io.Copy(sum, io.NewSectionReader(h.f, 0, math.MaxInt64)); err != nil {
		return problem.New(problem.StoreFailed, "the artifact cannot be read: %w", err)
	}
	if got := manifest.DigestOf([32]byte(sum.Sum(nil))); got != want.SHA256 {
		return problem.New(problem.DigestMismatch, "the artifact changed after it was verified").
			Want("%s", want.SHA256).Got("%s", got).Cure("deploy the release again")
	}
	return nil
}

// unchanged reports whether the path still leads to the very file that was
// checked, untouched since: package plugin opens by path. A link is refused, as
// it could lead elsewhere a moment later; and the time of change counts, which,
// unlike that of modification, nobody can set back.
func (h *held) unchanged() error {
	now, err := os.Lstat(h.path)
	if err != nil || !os.SameFile(h.stat, now) || now.Size() != h.stat.Size() ||
		!now.ModTime().Equal(h.stat.ModTime()) || !changed(now).Equal(changed(h.stat)) {
		return problem.New(problem.DigestMismatch, "the artifact was replaced while it was being loaded").
			Cure("keep other programs away from the store")
	}
	return nil
}

func (h *held) close() { _ = h.f.Close() }
