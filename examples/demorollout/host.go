package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/swapline/swapline/examples/demorollout/model"
)

// strategy is the name that the demo's releases carry.
const strategy = "authorise"

// host is a running `swapline serve` with a temporary data folder.
type host struct {
	binary, data   string
	address, token string
	process        *exec.Cmd
	log            *os.File
}

// startHost starts a server on a free port and waits until it is ready.
func startHost(ctx context.Context, c config) (*host, error) {
	data, err := os.MkdirTemp("", "swapline-demorollout-")
	if err != nil {
		return nil, err
	}
	h := &host{binary: c.binary, data: data}
	if h.log, err = os.Create(filepath.Join(data, "server.log")); err != nil {
		return nil, err
	}
	h.process = exec.Command(h.binary, "serve", "--data", data, "--listen", "127.0.0.1:0")
	h.process.Stderr = h.log
	if err := h.process.Start(); err != nil {
		_ = os.RemoveAll(data)
		return nil, err
	}
	if err := h.awaitReady(ctx); err != nil {
		log, _ := os.ReadFile(h.log.Name())
		h.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return h, nil
}

func (h *host) awaitReady(ctx context.Context) error {
	for range 300 {
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(h.data, "server.json"))
		if err != nil {
			continue
		}
		var s struct {
			Address string `json:"address"`
		}
		if json.Unmarshal(raw, &s) != nil || s.Address == "" {
			continue
		}
		token, err := os.ReadFile(filepath.Join(h.data, "token"))
		h.address, h.token = s.Address, strings.TrimSpace(string(token))
		return err
	}
	return errors.New("the server did not become ready within 15 s")
}

// stop ends the server politely and removes its folder.
func (h *host) stop() {
	_ = h.process.Process.Signal(os.Interrupt)
	_ = h.process.Wait()
	_ = h.log.Close()
	_ = os.RemoveAll(h.data)
}

// prepare signs all releases, serves the first one and sets the policy.
func (h *host) prepare(ctx context.Context, artifact string) error {
	bytes, err := os.ReadFile(artifact)
	if err != nil {
		return fmt.Errorf("%w (make demo-rollout builds it)", err)
	}
	beside, err := os.ReadFile(artifact + ".strategy.json")
	if err != nil {
		return err
	}
	for i, r := range releases() {
		if err := h.sign(ctx, i, r, bytes, beside); err != nil {
			return err
		}
	}
	if _, err := h.cli(ctx, "push", h.file(releases()[0].version)); err != nil {
		return err
	}
	file, err := h.write("policy.json", policy())
	if err != nil {
		return err
	}
	_, err = h.cli(ctx, "rollout", "policy", strategy, "--set", file)
	return err
}

// sign makes a release of the artifact with a config of its own.
func (h *host) sign(ctx context.Context, i int, r release, artifact, beside []byte) error {
	var source map[string]any
	if err := json.Unmarshal(beside, &source); err != nil {
		return err
	}
	source["version"], source["config"] = r.version, r.config.Map()
	file := h.file(r.version)
	if err := os.WriteFile(file, artifact, 0o600); err != nil {
		return err
	}
	if _, err := h.write(filepath.Base(file)+".strategy.json", source); err != nil {
		return err
	}
	_, err := h.cli(ctx, "sign", file, "--sequence", fmt.Sprint(i+1))
	return err
}

func (h *host) file(version string) string {
	return filepath.Join(h.data, strategy+"-"+version+".wasm")
}

// write puts a document into the host's folder.
func (h *host) write(name string, v any) (string, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "", err
	}
	file := filepath.Join(h.data, name)
	return file, os.WriteFile(file, b, 0o600)
}

// cli runs a command of an operator.
func (h *host) cli(ctx context.Context, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, h.binary, append(args, "--data", h.data)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("swapline %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// release is one build of the strategy.
type release struct {
	version string
	config  model.Config
}

// releases are those of the demo in the order in which they are signed.
func releases() []release {
	sane := model.Config{ReviewAbove: 50_000, DeclineAbove: 200_000, Rounds: rounds}
	broken, slow, strict := sane, sane, sane
	broken.Broken = 400
	slow.Slow = 500
	strict.ReviewAbove = 45_000
	return []release{{"1.0.0", sane}, {"1.1.0", sane}, {"1.2.0", broken}, {"1.3.0", slow}, {"1.4.0", strict}}
}

// rounds is work for a fifth of a millisecond or so.
const rounds = 30_000

// configOf finds a release's config.
func configOf(version string) (model.Config, bool) {
	for _, r := range releases() {
		if r.version == version {
			return r.config, true
		}
	}
	return model.Config{}, false
}
