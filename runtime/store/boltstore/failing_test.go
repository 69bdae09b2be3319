package boltstore

import (
	"io"
	"os"
	"syscall"
)

// failing is the file system with one operation that fails: number failAt,
// counted from 1, of those that arm has seen.
type failing struct {
	osFiles
	failAt int
	how    failure
	armed  bool
	calls  int
	failed string // the operation that failed
}

// failure is a way to fail.
type failure struct {
	name  string
	err   error
	after bool // do it, then fail
	short bool // writes write one byte less and say so; other operations fail
}

func failures() []failure {
	return []failure{
		{name: "refused", err: syscall.EIO},
		{name: "disk full", err: syscall.ENOSPC},
		{name: "done, then failed", err: syscall.EIO, after: true},
		{name: "short write", err: syscall.ENOSPC, short: true},
	}
}

func (f *failing) do(what string, op func() error) error {
	if f.armed {
		f.calls++
	}
	if !f.armed || f.calls != f.failAt {
		return op()
	}
	f.failed = what
	if f.how.after {
		if err := op(); err != nil {
			return err
		}
	}
	return f.how.err
}

func (f *failing) open(what string, op func() (file, error)) (file, error) {
	var inner file
	err := f.do(what, func() (err error) {
		inner, err = op()
		return err
	})
	if err != nil && inner != nil {
		_ = inner.Close()
	}
	return &failingFile{inner, f}, err
}

func (f *failing) Create(path string) (file, error) {
	return f.open("create", func() (file, error) { return f.osFiles.Create(path) })
}

func (f *failing) Open(path string) (file, error) {
	return f.open("open", func() (file, error) { return f.osFiles.Open(path) })
}

func (f *failing) Rename(from, to string) error {
	return f.do("rename", func() error { return f.osFiles.Rename(from, to) })
}

func (f *failing) Remove(path string) error {
	return f.do("remove", func() error { return f.osFiles.Remove(path) })
}

func (f *failing) SyncDir(path string) error {
	return f.do("sync folder", func() error { return f.osFiles.SyncDir(path) })
}

type failingFile struct {
	file
	fs *failing
}

func (f *failingFile) Write(b []byte) (n int, err error) {
	err = f.fs.do("write", func() (err error) {
		n, err = f.file.Write(b)
		return err
	})
	if err != nil && f.fs.how.short && len(b) > 0 {
		return f.file.Write(b[:len(b)-1])
	}
	return n, err
}

func (f *failingFile) Chmod(mode os.FileMode) error {
	return f.fs.do("chmod", func() error { return f.file.Chmod(mode) })
}

func (f *failingFile) Sync() error { return f.fs.do("sync", f.file.Sync) }

// Close always closes: a descriptor is gone even when close(2) fails.
func (f *failingFile) Close() error {
	err := f.file.Close()
	if ferr := f.fs.do("close", func() error { return nil }); ferr != nil {
		return ferr
	}
	return err
}

var (
	_ files     = (*failing)(nil)
	_ io.Writer = (*failingFile)(nil)
)
