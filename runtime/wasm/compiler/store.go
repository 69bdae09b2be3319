package compiler

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// store is the cache of one engine on disk; the package comment says what is in
// it. It is safe for concurrent use, one caller for each key.
type store struct {
	code, seals, work string
	most              int64 // bytes of all files
	files             files
	log               *slog.Logger
	nonce             [9]byte // of this process

	mu   sync.Mutex
	uses map[string]int // guarded by mu, as are changes of code and seals: by name of the seal
}

// openStore makes the folders and removes what a host that was killed has left.
func openStore(dir string, most int64, f files, log *slog.Logger) (*store, error) {
	s := &store{
		code: filepath.Join(dir, "code"), seals: filepath.Join(dir, "seals"), work: filepath.Join(dir, "work"),
		most: most, files: f, log: log, uses: map[string]int{},
	}
	rand.Read(s.nonce[:])
	if err := os.RemoveAll(s.work); err != nil {
		return nil, err
	}
	for _, folder := range []string{s.code, s.seals, s.work} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	return s, s.sweep()
}

// sweep removes files that no seal names.
func (s *store) sweep() error {
	sealed := map[string]bool{}
	for _, e := range s.list() {
		for _, f := range e.seal.Files {
			sealed[s.file(f)] = true
		}
	}
	return filepath.WalkDir(s.code, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || sealed[path] {
			return err
		}
		return os.Remove(path)
	})
}

// file is where an engine finds a file.
func (s *store) file(f file) string { return filepath.Join(s.code, filepath.FromSlash(f.Name)) }

func (s *store) seal(k key) string { return filepath.Join(s.seals, k.String()) }

// entry is a sealed module.
type entry struct {
	name string
	seal seal
	used time.Time
}

// list returns what is sealed, least recently used first. It removes what is no
// seal.
func (s *store) list() []entry {
	found, _ := os.ReadDir(s.seals)
	var list []entry
	for _, d := range found {
		path := filepath.Join(s.seals, d.Name())
		sealed, err := readSeal(path)
		if errors.Is(err, errDamaged) {
			_ = os.Remove(path)
		}
		info, gone := d.Info()
		if err == nil && gone == nil {
			list = append(list, entry{d.Name(), sealed, info.ModTime()})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return a.used.Compare(b.used) })
	return list
}

// hold keeps the files of a module from being evicted until release is called,
// any number of times.
func (s *store) hold(k key) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uses[k.String()]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.uses[k.String()]--; s.uses[k.String()] == 0 {
			delete(s.uses, k.String())
		}
	})
}

// intact reports whether the module is sealed and its files are the sealed
// ones. What is damaged is removed.
func (s *store) intact(k key) bool {
	sealed, err := readSeal(s.seal(k))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err == nil {
		err = sealed.verify(s.code)
	}
	if err != nil {
		s.log.Warn("machine code in the cache is damaged and made again", "error", err)
		s.drop(k)
		return false
	}
	now := time.Now()
	_ = os.Chtimes(s.seal(k), now, now) // the order of eviction is not worth a failure
	return true
}

// drop removes a seal and, if it can be read, its files. What remains is
// harmless: without a seal no file is used.
func (s *store) drop(k key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sealed, _ := readSeal(s.seal(k))
	s.removeLocked(k.String(), sealed)
}

func (s *store) removeLocked(name string, sealed seal) {
	_ = s.files.Remove(filepath.Join(s.seals, name))
	if sealed.check() != nil {
		return
	}
	for _, f := range sealed.Files {
		_ = s.files.Remove(s.file(f))
	}
}

// install moves the files that a child made from dir into the cache and seals
// them. They must be the ones that the child named. After an error nothing is
// sealed. Nothing is synced: what a power failure leaves half is found damaged.
func (s *store) install(k key, dir string, named []file) error {
	sealed := seal{Files: named}
	if err := sealed.check(); err != nil {
		return err
	}
	found, err := collect(dir, sealed.size())
	if err != nil {
		return err
	}
	if !slices.Equal(found, named) {
		return errors.New("the child named other files than it made")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.moveLocked(dir, found)
	if err == nil {
		err = s.sealLocked(k, sealed)
	}
	if err != nil {
		s.removeLocked(k.String(), sealed)
		return err
	}
	s.evictLocked()
	return nil
}

// moveLocked moves files to where the engine finds them.
func (s *store) moveLocked(dir string, list []file) error {
	for _, f := range list {
		from, to := filepath.Join(dir, filepath.FromSlash(f.Name)), s.file(f)
		if err := s.files.MkdirAll(filepath.Dir(to)); err != nil {
			return err
		}
		if err := s.files.Rename(from, to); err != nil {
			return err
		}
	}
	return nil
}

// sealLocked writes a seal.
func (s *store) sealLocked(k key, sealed seal) error {
	text, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	aside := filepath.Join(s.work, k.String()+".seal")
	if err := s.write(aside, text); err != nil {
		return err
	}
	return s.files.Rename(aside, s.seal(k))
}

func (s *store) write(path string, text []byte) error {
	f, err := s.files.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// evictLocked removes what was not used for longest until the rest fits.
func (s *store) evictLocked() {
	list := s.list()
	total := int64(0)
	for _, e := range list {
		total += e.seal.size()
	}
	for _, e := range list {
		if total <= s.most {
			return
		}
		if s.uses[e.name] == 0 {
			total -= e.seal.size()
			s.removeLocked(e.name, e.seal)
		}
	}
	if total > s.most {
		s.log.Warn("the compilation cache is larger than its limit: all of it is in use",
			"bytes", total, "limit", s.most)
	}
}
