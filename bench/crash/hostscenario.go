package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/trust"
)

// program is what is killed in the host scenario.
const program = "github.com/swapline/swapline/cmd/swapline"

// hostStart is about how long the host takes to listen.
const hostStart = 60 * time.Millisecond

// renewal is the number of kills after which the host gets an empty data
// folder, so that its very first start is killed, too.
const renewal = 10

// host is a server over a data folder and what is known about it.
type host struct {
	exe, folder string
	kills       int
	key         *trust.Key // read from the data folder once a start made it
	subjects    []*subject

	mu    sync.Mutex
	found []string // guarded by mu: what clients saw that must not be
}

// hostScenario builds the program and kills it while it serves.
func hostScenario() (scenario, error) {
	h, err := newHost()
	if err != nil {
		return scenario{}, err
	}
	return scenario{name: "host", command: h.command, attend: h.attend, start: hostStart, check: h.check, end: h.remove}, nil
}

func newHost() (*host, error) {
	folder, err := os.MkdirTemp("", "swapline-crash-")
	if err != nil {
		return nil, err
	}
	h := &host{exe: filepath.Join(folder, "swapline"), folder: folder, subjects: newSubjects()}
	build := exec.Command("go", "build", "-o", h.exe, program) //nolint:gosec // constant but for the folder
	if out, err := build.CombinedOutput(); err != nil {
		h.remove()
		return nil, fmt.Errorf("build %s: %w: %s", program, err, out)
	}
	return h, nil
}

func (h *host) remove() { _ = os.RemoveAll(h.folder) }

// data is the data folder in use.
func (h *host) data(parts ...string) string {
	folder := filepath.Join(h.folder, fmt.Sprint("data", h.kills/renewal))
	return filepath.Join(append([]string{folder}, parts...)...)
}

func (h *host) command() *exec.Cmd {
	cmd := exec.Command(h.exe, "serve", "--json", "--listen", "127.0.0.1:0", "--data", h.data()) //nolint:gosec // built above
	cmd.Env = append(os.Environ(), "SWAPLINE_TOKEN=")
	return cmd
}

// count notes one kill more and starts afresh when it is time.
func (h *host) count() {
	if h.kills++; h.kills%renewal == 0 {
		_ = os.RemoveAll(filepath.Join(h.folder, fmt.Sprint("data", h.kills/renewal-1)))
		h.key, h.subjects = nil, newSubjects()
	}
}

// contradict notes what a client saw; check passes it on.
func (h *host) contradict(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.found = append(h.found, fmt.Sprintf(format, args...))
}

// client waits until process pid announces its address and returns a client of
// it, and an error when ctx ends before.
func (h *host) client(ctx context.Context, pid int) (*client, error) {
	for tick := time.NewTicker(time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil, ctx.Err()
		case <-tick.C:
		}
		if address := h.address(pid); address != "" {
			tick.Stop()
			return h.clientOf(address)
		}
	}
}

// address is where process pid listens, "" if it does not yet. A file that an
// earlier process left names that one.
func (h *host) address(pid int) string {
	var announced struct {
		Address string
		PID     int
	}
	b, err := os.ReadFile(h.data("server.json"))
	if err != nil || json.Unmarshal(b, &announced) != nil || announced.PID != pid {
		return ""
	}
	return announced.Address
}

func (h *host) clientOf(address string) (*client, error) {
	token, err := os.ReadFile(h.data("token"))
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(h.data("keys", "development.pem"))
	if err != nil {
		return nil, err
	}
	key, err := trust.ParseKey(pem)
	if err != nil {
		return nil, err
	}
	if h.key != nil && h.key.Public().ID() != key.Public().ID() {
		return nil, errors.New("the host has made another key")
	}
	h.key = &key
	return newClient("http://"+address, strings.TrimSpace(string(token))), nil
}
