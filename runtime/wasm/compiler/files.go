package compiler

import (
	"io"
	"os"
)

// files is what the store asks of the file system when it changes something, so
// that a test can fail any single operation.
type files interface {
	// MkdirAll makes a folder for this user alone, and those above it.
	MkdirAll(path string) error
	// Create makes a new file for this user alone.
	Create(path string) (io.WriteCloser, error)
	// Rename moves a file, replacing what was there.
	Rename(from, to string) error
	// Remove removes a file.
	Remove(path string) error
}

// osFiles is the file system itself.
type osFiles struct{}

func (osFiles) MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

func (osFiles) Create(path string) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

func (osFiles) Rename(from, to string) error { return os.Rename(from, to) }
func (osFiles) Remove(path string) error     { return os.Remove(path) }

var _ files = osFiles{}
