//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/swapline/swapline/runtime/problem"
)

// cache is a folder of machine code, or "".
type cache string

// Parts of a file's name and of its header.
const (
	// salt changes when the configuration does.
	salt   = "swapline wasmtime " + Version + " amd64 config 1\n"
	header = "swapline code 1\n"
)

// openCache makes the folder if there is none, and refuses one that another user
// could have written to.
func openCache(dir string) (cache, error) {
	if dir == "" {
		return "", nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", problem.New(problem.StoreFailed, "the compilation cache cannot be made: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", problem.New(problem.StoreFailed, "the compilation cache cannot be used: %w", err)
	}
	if !info.IsDir() || !private(info) {
		return "", problem.New(problem.StoreFailed, "others can write to the compilation cache %s", dir).
			Want("a folder of user %d with mode %v", os.Geteuid(), fs.FileMode(0o700)).Got("mode %v", info.Mode()).
			Cure("remove the folder; it is made again")
	}
	return cache(dir), nil
}

// private reports whether only this user can have written to the file.
func private(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(st.Uid) == int64(os.Geteuid()) && info.Mode().Perm()&0o022 == 0
}

// name is the file of a module.
func (c cache) name(module []byte) string {
	h := sha256.New()
	_, _ = io.WriteString(h, salt)
	_, _ = h.Write(module)
	return filepath.Join(string(c), hex.EncodeToString(h.Sum(nil)))
}

// load hands the machine code to use, unless there is none that can be trusted.
// The file is not written again: it is replaced as a whole. The code is ten
// megabytes and more, so it stays outside of the heap: else the collector would
// begin to work, and calls of others to wait for it, at every load.
func (c cache) load(name string, use func(code []byte)) {
	if c == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !private(info) || info.Size() < int64(len(header)+sha256.Size) {
		return
	}
	b, err := syscall.Mmap(-1, 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return
	}
	defer func() { _ = syscall.Munmap(b) }()
	if _, err := io.ReadFull(f, b); err != nil || string(b[:len(header)]) != header {
		return
	}
	sum, code := b[len(header):len(header)+sha256.Size], b[len(header)+sha256.Size:]
	if sha256.Sum256(code) == [sha256.Size]byte(sum) {
		use(code)
	}
}

// store keeps the code if it can. A module that is not kept is compiled again.
func (c cache) store(name string, code []byte) {
	f, err := os.CreateTemp(string(c), ".new-*") // mode 0600
	if err != nil {
		return
	}
	defer os.Remove(f.Name())
	sum := sha256.Sum256(code)
	for _, part := range [][]byte{[]byte(header), sum[:], code} {
		if _, err = f.Write(part); err != nil {
			break
		}
	}
	if cerr := f.Close(); err == nil && cerr == nil {
		_ = os.Rename(f.Name(), name)
	}
}
