package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
)

// dataFolder is where a server keeps what must survive it, and where the
// commands find the server:
//
//	token              the access token
//	server.json        {"address", "pid"} while a server runs
//	keys/*.pem         private signing keys; development.pem is the generated one
//	trust/policy.dsse  the trust policy
//	trust/pin          payload digest of the first policy
//	store/             artifacts, releases, routes
//	state/             what strategies keep (capability state)
//	cache/wazero/      compiled modules
//
// Folders have mode 0700 and files 0600.
type dataFolder string

func (d dataFolder) path(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

// prepare makes the folder, and closes it to others if it was open to them.
func (d dataFolder) prepare() error {
	for _, dir := range []string{d.path(), d.path("keys"), d.path("cache"), d.path("store")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return storeProblem(err)
		}
	}
	return storeProblem(os.Chmod(d.path(), 0o700))
}

func storeProblem(err error) error {
	if err == nil {
		return nil
	}
	return problem.New(problem.StoreFailed, "the data folder cannot be used: %w", err).
		Cure("check the folder's owner and free space, or choose another with --data")
}

// token reads the access token, or makes one of 32 random bytes.
func (d dataFolder) token() (string, error) {
	text, err := d.readOrCreate(d.path("token"), func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return []byte(base64.RawURLEncoding.EncodeToString(b) + "\n"), err
	})
	return strings.TrimSpace(string(text)), err
}

// developmentKey reads the generated key, or generates it. Its custodian is the
// user's name.
func (d dataFolder) developmentKey() (trust.Key, error) {
	text, err := d.readOrCreate(d.path("keys", "development.pem"), func() ([]byte, error) {
		k, err := trust.GenerateKey(custodian())
		if err != nil {
			return nil, err
		}
		return k.MarshalPEM()
	})
	if err != nil {
		return trust.Key{}, err
	}
	return trust.ParseKey(text)
}

// custodian makes a custodian's name of the user's.
func custodian() string {
	u, err := user.Current()
	if err == nil && trust.ValidCustodian(strings.ToLower(u.Username)) {
		return strings.ToLower(u.Username)
	}
	return "developer"
}

// readOrCreate reads a file. If there is none it makes it in one step, so that
// two processes that start at once agree on one content.
func (d dataFolder) readOrCreate(path string, content func() ([]byte, error)) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return b, storeProblem(err)
	}
	if b, err = content(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, storeProblem(err)
	}
	whole, err := writeBeside(path, b)
	if err != nil {
		return nil, storeProblem(err)
	}
	defer os.Remove(whole)
	if err := os.Link(whole, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, storeProblem(err)
	}
	b, err = os.ReadFile(path)
	return b, storeProblem(err)
}

// writeBeside writes a durable temporary file in path's folder.
func writeBeside(path string, b []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(b); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

// replace writes a file so that readers see the old or the new content.
func replace(path string, b []byte) error {
	whole, err := writeBeside(path, b)
	if err != nil {
		return err
	}
	return os.Rename(whole, path)
}

// running says where a server listens.
type running struct {
	Address string `json:"address"`
	PID     int    `json:"pid"`
}

// alive reports whether a process of this user has the number. After a crash
// another user's program may listen where the server did, and must not be sent
// the token.
func alive(pid int) bool {
	if runtime.GOOS == "windows" {
		return true
	}
	p, err := os.FindProcess(pid)
	return err == nil && pid > 0 && p.Signal(syscall.Signal(0)) == nil
}

func (d dataFolder) announce(r running) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return storeProblem(replace(d.path("server.json"), append(b, '\n')))
}

// withdraw removes the announcement if it is still this process's. The process
// that took over may have ended, and removed its own, before this one.
func (d dataFolder) withdraw() error {
	r, err := d.server()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || r.PID != os.Getpid() {
		return err
	}
	return os.Remove(d.path("server.json"))
}

// server reads where the folder's server listens.
func (d dataFolder) server() (running, error) {
	var r running
	b, err := os.ReadFile(d.path("server.json"))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// writePID writes this process's number into the file that a supervisor reads;
// "" is none.
func writePID(path string) error {
	if path == "" {
		return nil
	}
	return replace(path, []byte(strconv.Itoa(os.Getpid())+"\n"))
}

// removePID removes the file if it is still this process's.
func removePID(path string) error {
	if path == "" {
		return nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(os.Getpid()) {
		return err
	}
	return os.Remove(path)
}
