package boltstore

import (
	"errors"
	"fmt"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/swapline/swapline/runtime/problem"
)

// failed says that the operating system refused something.
func (s *Store) failed(what string, err error) *problem.Error {
	p := problem.New(problem.StoreFailed, "could not %s in %s: %w", what, s.dir, err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return p.Cure("free space on the disk that holds the folder and try again")
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EROFS):
		return p.Cure("make the folder writable for the user that runs this process")
	}
	return p.Cure("look for disk errors in the system log and try again")
}

// corrupt says that store.db cannot be trusted.
func (s *Store) corrupt(format string, args ...any) *problem.Error {
	return problem.New(problem.StoreCorrupt, "%s: %w", s.file(), fmt.Errorf(format, args...)).
		Cure("stop the server and restore the store from a backup; or move the folder away and deploy the releases anew")
}

// corruptRecord names the record that cannot be trusted.
func (s *Store) corruptRecord(path string, err error) *problem.Error {
	return s.corrupt("record %s: %w", path, err)
}

func closedProblem(dir string) *problem.Error {
	return problem.New(problem.StoreFailed, "the store in %s is closed", dir).
		Cure("the process is shutting down; ask the next one")
}

// contradiction is a caller's mistake.
func contradiction(format string, args ...any) *problem.Error {
	return problem.New(problem.Internal, format, args...)
}

// first unpacks the first error of a join.
func first(err error) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return p
	}
	return err
}

// explain gives an error of a bbolt call its code. What neither the operating
// system nor the caller is to blame for is damage.
func (s *Store) explain(err error) error {
	var p *problem.Error
	var refusal syscall.Errno
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case errors.Is(err, berrors.ErrTimeout):
		return problem.New(problem.StoreLocked, "another process has the store in %s open", s.dir).
			Cure("stop the other process, or give this one a data folder of its own")
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return closedProblem(s.dir)
	case errors.Is(err, berrors.ErrKeyTooLarge), errors.Is(err, berrors.ErrValueTooLarge):
		return contradiction("a record cannot be written: %w", err)
	case errors.As(err, &refusal), errors.Is(err, berrors.ErrMaxSizeReached):
		return s.failed("use the database", err)
	}
	return s.corrupt("the database is damaged: %w", err)
}
