package boltstore

import (
	"errors"
	"io"
	"os"
)

// files is what the store asks of the file system when it changes artifact
// files, so that a test can fail any single operation.
type files interface {
	// Create makes a new file that only the owner may read and write.
	Create(path string) (file, error)
	// Open opens an existing file for Chmod and Sync.
	Open(path string) (file, error)
	// Rename moves a file within the store, replacing what was there.
	Rename(from, to string) error
	// Remove removes a file.
	Remove(path string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(path string) error
}

// file is an open file.
type file interface {
	io.WriteCloser
	Chmod(mode os.FileMode) error
	Sync() error
}

// osFiles is the file system itself.
type osFiles struct{}

func (osFiles) Create(path string) (file, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the store makes the path
}

func (osFiles) Open(path string) (file, error) {
	return os.Open(path) //nolint:gosec // the store makes the path
}

func (osFiles) Rename(from, to string) error { return os.Rename(from, to) }
func (osFiles) Remove(path string) error     { return os.Remove(path) }

func (osFiles) SyncDir(path string) error {
	d, err := os.Open(path) //nolint:gosec // the store makes the path
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

var _ files = osFiles{}
