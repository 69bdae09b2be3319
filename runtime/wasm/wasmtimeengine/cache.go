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

// load returns the machine code, or nil if there is none that can be trusted. The
// file is not written again: it is replaced as a whole.
func (c cache) load(name string) []byte {
	if c == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !private(info) {
		return nil
	}
	b, err := io.ReadAll(f)
	if err != nil || len(b) < len(header)+sha256.Size || string(b[:len(header)]) != header {
		return nil
	}
	sum, code := b[len(header):len(header)+sha256.Size], b[len(header)+sha256.Size:]
	if sha256.Sum256(code) != [sha256.Size]byte(sum) {
		return nil
	}
	return code
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
