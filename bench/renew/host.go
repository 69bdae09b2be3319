package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/swapline/swapline/server"
)

// host is a running `swapline serve`, whichever process that is.
type host struct {
	exe, folder, token, address string
	log                         *os.File
	http                        *http.Client
}

func startHost(exe string, args ...string) (*host, error) {
	folder, err := os.MkdirTemp("", "swapline-renew-")
	if err != nil {
		return nil, err
	}
	h := &host{exe: exe, folder: folder, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	if h.log, err = os.Create(filepath.Join(folder, "log")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	cmd := exec.Command(exe, append([]string{"serve", "--json", "--listen", "127.0.0.1:0", "--data", h.data()}, args...)...) //nolint:gosec // built by us
	cmd.Stdout, cmd.Stderr = h.log, h.log
	cmd.Env = append(os.Environ(), "SWAPLINE_TOKEN=")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = cmd.Wait() }()
	return h, h.await(func() bool {
		h.address = h.announced().Address
		return h.address != ""
	})
}

func (h *host) data() string { return filepath.Join(h.folder, "data") }

// announced is what the serving process says of itself.
func (h *host) announced() (a struct {
	Address string
	PID     int
}) {
	b, err := os.ReadFile(filepath.Join(h.data(), "server.json"))
	if err != nil || json.Unmarshal(b, &a) != nil {
		return a
	}
	if h.token == "" {
		token, _ := os.ReadFile(filepath.Join(h.data(), "token"))
		h.token = strings.TrimSpace(string(token))
	}
	return a
}

func (h *host) await(done func() bool) error {
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("waited in vain for the host; its log is " + h.log.Name())
		}
	}
	return nil
}

// stop ends the serving process and forgets its folder, unless something went
// wrong.
func (h *host) stop(failed bool) {
	if pid := h.announced().PID; pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGTERM)
		_ = h.await(func() bool { return syscall.Kill(pid, 0) != nil })
	}
	_ = h.log.Close()
	if !failed {
		_ = os.RemoveAll(h.folder)
	}
}

// command runs swapline on the host's folder.
func (h *host) command(args ...string) error {
	cmd := exec.Command(h.exe, append(args, "--data", h.data())...) //nolint:gosec // built by us
	cmd.Env = append(os.Environ(), "SWAPLINE_TOKEN=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("swapline %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// deploy signs copies of artifacts and uploads them, all but the first held.
func (h *host) deploy(artifacts ...string) error {
	for i, a := range artifacts {
		mine := filepath.Join(h.folder, filepath.Base(a))
		for _, suffix := range []string{"", ".strategy.json"} {
			b, err := os.ReadFile(a + suffix)
			if err != nil {
				return err
			}
			if err := os.WriteFile(mine+suffix, b, 0o600); err != nil {
				return err
			}
		}
		if err := h.command("sign", mine); err != nil {
			return err
		}
		args := []string{"push", mine}
		if i > 0 {
			args = append(args, "--hold")
		}
		if err := h.patiently(func() error { return h.command(args...) }); err != nil {
			return err
		}
	}
	return nil
}

// patiently repeats what is refused while the host is being renewed.
func (h *host) patiently(do func() error) error {
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := do()
		if err == nil || time.Now().After(end) {
			return err
		}
		if text := err.Error(); !strings.Contains(text, "host_renewing") && !strings.Contains(text, "renewal_busy") {
			return err
		}
	}
}

// ask sends a request and decodes the answer into out.
func (h *host) ask(method, path, body string, header http.Header, out any) error {
	b, err := h.fetch(method, path, body, header)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, out)
}

// collect makes the host collect its garbage.
func (h *host) collect() error {
	_, err := h.fetch(http.MethodGet, "/debug/pprof/heap?gc=1", "", nil)
	return err
}

// fetch sends a request; every answer but 200 is an error.
func (h *host) fetch(method, path, body string, header http.Header) ([]byte, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, "http://"+h.address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		r.Header = header
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	r.Header.Set("Content-Type", "application/json")
	res, err := h.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, bytes.TrimSpace(b))
	}
	return b, err
}

// serve makes version 1.0.n of the native strategy the one that answers.
func (h *host) serve(n int) error {
	return h.patiently(func() error {
		var now struct{ Generation uint64 }
		if err := h.ask(http.MethodGet, "/v1/strategies/"+nativeName, "", nil, &now); err != nil {
			return err
		}
		match := http.Header{"If-Match": {strconv.Quote(strconv.FormatUint(now.Generation, 10))}}
		return h.ask(http.MethodPost, "/v1/strategies/"+nativeName+"/rollback", fmt.Sprintf(`{"release": "1.0.%d"}`, n), match, &struct{}{})
	})
}

func (h *host) renew() (r server.Renewal, err error) {
	return r, h.patiently(func() error { return h.ask(http.MethodPost, "/v1/host/renew", "", nil, &r) })
}

// info is a part of GET /v1/host.
type info struct {
	PID      int
	Resident server.Residents
}

func (h *host) info() (i info, err error) {
	return i, h.ask(http.MethodGet, "/v1/host", "", nil, &i)
}

// memory is the proportional set size of a process in kB.
func memory(pid int) (int, error) {
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
			return strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(text, "kB")))
		}
	}
	return 0, errors.New("the kernel tells no proportional set size")
}
