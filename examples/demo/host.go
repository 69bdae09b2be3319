package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// strategy is the name that the demo's releases carry.
const strategy = "riskscore"

// host is a running `swapline serve` with a temporary data folder.
type host struct {
	binary, data string
	base, token  string
	process      *exec.Cmd
	log          bytes.Buffer
}

// outcome is what push and rollback print with --json.
type outcome struct {
	Release struct {
		Version string `json:"version"`
		Kind    string `json:"kind"`
		Digest  string `json:"digest"`
	} `json:"release"`
	Generation uint64 `json:"generation"`
	SwitchNS   int64  `json:"switch_ns"`
}

// releases are the artifacts of the demo in the order in which they serve.
func releases() []string {
	return []string{strategy + "-1.0.0.wasm", strategy + "-2.0.0.wasm", strategy + "-2.0.0.so"}
}

// startHost starts a server on a free port and waits until it is ready.
func startHost(ctx context.Context, binary string) (*host, error) {
	data, err := os.MkdirTemp("", "swapline-demo-")
	if err != nil {
		return nil, err
	}
	h := &host{binary: binary, data: data}
	h.process = exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0")
	h.process.Stderr = &h.log
	if err := h.process.Start(); err != nil {
		return nil, err
	}
	if err := h.awaitReady(ctx); err != nil {
		h.stop()
		return nil, fmt.Errorf("%w\n%s", err, h.log.String())
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
		if err != nil {
			return err
		}
		h.base, h.token = "http://"+strings.TrimPrefix(s.Address, "http://"), strings.TrimSpace(string(token))
		return nil
	}
	return fmt.Errorf("the server did not become ready within 15 s")
}

// stop ends the server politely and removes its folder.
func (h *host) stop() {
	_ = h.process.Process.Signal(os.Interrupt)
	_ = h.process.Wait()
	_ = os.RemoveAll(h.data)
}

// sign copies the artifacts and signs the copies with the key that the server
// generated. Sequences follow the order of the demo.
func (h *host) sign(ctx context.Context, dist string) error {
	if err := os.Mkdir(h.release(""), 0o700); err != nil {
		return err
	}
	for i, name := range releases() {
		for _, file := range []string{name, name + ".strategy.json"} {
			raw, err := os.ReadFile(filepath.Join(dist, file))
			if err != nil {
				return fmt.Errorf("%w (make guests builds it)", err)
			}
			if err := os.WriteFile(h.release(file), raw, 0o600); err != nil {
				return err
			}
		}
		if _, err := h.cli(ctx, "sign", h.release(name), "--sequence", fmt.Sprint(i+1)); err != nil {
			return err
		}
	}
	return nil
}

// release is the path of the demo's copy of an artifact.
func (h *host) release(name string) string { return filepath.Join(h.data, "releases", name) }

func (h *host) push(ctx context.Context, name string) (outcome, error) {
	return h.change(ctx, "push", h.release(name))
}

func (h *host) rollback(ctx context.Context) (outcome, error) {
	return h.change(ctx, "rollback", strategy, "--reason", "demo")
}

func (h *host) change(ctx context.Context, args ...string) (outcome, error) {
	raw, err := h.cli(ctx, append(args, "--json")...)
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	return o, json.Unmarshal(raw, &o)
}

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
