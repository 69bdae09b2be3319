package compiler

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// key identifies what an engine makes of a module.
type key [sha256.Size]byte

func (k key) String() string { return hex.EncodeToString(k[:]) }

func keyOf(s Source, module []byte) (k key) {
	h := sha256.New()
	fmt.Fprintf(h, "swapline compiler 1\n%s\n%s\n%s/%s\n", s.Name, s.Version, runtime.GOOS, runtime.GOARCH)
	h.Write(module)
	h.Sum(k[:0])
	return k
}

// seal says what the files of a module are.
type seal struct {
	Files []file `json:"files"`
}

// file is one file of an engine's cache.
type file struct {
	Name   string `json:"name"` // relative to the cache, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Bounds of what one module has in a cache.
const (
	maxFiles  = 8
	maxName   = 200
	maxFolder = 3 // folders in a name
	maxSeal   = 16 << 10
)

var (
	errTooLarge = errors.New("the files are larger than the limit")
	errDamaged  = errors.New("the files are not the sealed ones")
)

// readSeal reads a seal strictly.
func readSeal(path string) (s seal, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSeal+1))
	if err != nil {
		return s, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil || d.More() {
		return s, errors.Join(errDamaged, err)
	}
	return s, s.check()
}

func (s seal) check() error {
	if n := len(s.Files); n == 0 || n > maxFiles {
		return fmt.Errorf("%w: there are %d", errDamaged, n)
	}
	for _, f := range s.Files {
		if err := checkName(f.Name); err != nil {
			return err
		}
	}
	return nil
}

// checkName wants a plain name inside of the cache.
func checkName(name string) error {
	plain := func(r rune) bool {
		return r == '/' || r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	odd := strings.ContainsFunc(name, func(r rune) bool { return !plain(r) })
	if odd || len(name) > maxName || strings.Count(name, "/") > maxFolder || !fs.ValidPath(name) || name == "." {
		return fmt.Errorf("%w: the name %.60q", errDamaged, name)
	}
	return nil
}

// size is the sum of the files.
func (s seal) size() (n int64) {
	for _, f := range s.Files {
		n += f.Size
	}
	return n
}

// verify reads every file in dir.
func (s seal) verify(dir string) error {
	for _, want := range s.Files {
		got, err := digest(dir, want.Name, want.Size)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: %s", errDamaged, want.Name)
		}
	}
	return nil
}

// digest describes one file, which must be a plain one of at most that size.
func digest(dir, name string, most int64) (file, error) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	info, err := os.Lstat(path)
	if err != nil {
		return file{}, err
	}
	if !info.Mode().IsRegular() {
		return file{}, fmt.Errorf("%w: %s is a %v", errDamaged, name, info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return file{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, most+1))
	if err == nil && n > most {
		err = errTooLarge
	}
	return file{Name: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// collect describes all files below dir, sorted by name. Together they have at
// most that many bytes.
func collect(dir string, most int64) (list []file, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if len(list) == maxFiles {
			return fmt.Errorf("%w: there are more than %d", errDamaged, maxFiles)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f, err := digest(dir, filepath.ToSlash(name), most)
		most -= f.Size
		list = append(list, f)
		return errors.Join(err, checkName(f.Name))
	})
	slices.SortFunc(list, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}
