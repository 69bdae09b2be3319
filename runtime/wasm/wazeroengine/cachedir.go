package wazeroengine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/swapline/swapline/runtime/problem"
)

// private makes sure that only this user can write to dir and to what is in it.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return problem.New(problem.StoreFailed, "the compilation cache cannot be made: %w", err)
	}
	root, err := filepath.EvalSymlinks(dir)
	if err == nil {
		err = filepath.WalkDir(root, check)
	}
	if err != nil && problem.CodeOf(err) != problem.StoreFailed {
		return problem.New(problem.StoreFailed, "the compilation cache cannot be used: %w", err)
	}
	return err
}

// check is one step of the walk. A file may go while it is looked at: another
// engine replaces its own.
func check(path string, d fs.DirEntry, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := d.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return ours(path, info)
}

// ours refuses what another user could have written.
func ours(path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode&fs.ModeSymlink != 0:
		return problem.New(problem.StoreFailed, "there is a link in the compilation cache: %s", path).
			Want("files and folders").Got("mode %v", mode).Cure("remove the folder; it is made again")
	case mode.Perm()&0o022 != 0:
		return problem.New(problem.StoreFailed, "others can write to the compilation cache %s", path).
			Want("mode %v", fs.FileMode(0o700)).Got("mode %v", mode.Perm()).Cure("remove the folder; it is made again")
	case !owned(info):
		return problem.New(problem.StoreFailed, "the compilation cache %s belongs to another user", path).
			Want("user %d", os.Geteuid()).Cure("choose another folder, or give this one to the host's user")
	}
	return nil
}
