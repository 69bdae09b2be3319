package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
)

// Limits of the quarantine in this host: a villain that hangs costs the whole
// time.
const (
	probeTimeout = 6 * time.Second
	quietPeriod  = 250 * time.Millisecond
	probeMemory  = 3 << 29
)

// order tells the host to deploy one artifact.
type order struct {
	Path    string   `json:"path"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Methods []string `json:"methods"`
}

// outcome is what the host says of it.
type outcome struct {
	Code      problem.Code  `json:"code"` // "" if it was activated
	Error     string        `json:"error,omitempty"`
	Answered  bool          `json:"answered"` // it was activated and its answer is right
	Noticed   []string      `json:"noticed,omitempty"`
	Took      time.Duration `json:"took_ns"`
	Detail    string        `json:"detail,omitempty"` // of the quarantine
	Responses int64         `json:"responses"`        // of the good strategy, since the start
}

// host is a runtime with a good strategy under light load.
type host struct {
	folder  string
	key     trust.Key
	store   *boltstore.Store
	runtime *runtime.Runtime
	witness *witness
	seq     int64
}

// hostMain reads orders, one a line, and answers each with an outcome.
func hostMain(in io.Reader, out io.Writer) int {
	orders, outcomes := json.NewDecoder(in), json.NewEncoder(out)
	h := &host{}
	if err := h.open(); err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		return 1
	}
	defer h.close()
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			return 0
		}
		if err := outcomes.Encode(h.obey(o)); err != nil {
			return 1
		}
	}
}

func (h *host) open() (err error) {
	if h.folder, err = os.MkdirTemp("", "swapline-quarantine-host-"); err != nil {
		return err
	}
	policy, err := h.policy()
	if err != nil {
		return err
	}
	if h.store, err = boltstore.Open(filepath.Join(h.folder, "store")); err != nil {
		return err
	}
	native, err := nativeplugin.New(nativeplugin.Config{Probe: []string{nativeplugin.Self(), roleProbe},
		MaxPlugins: 1000, ProbeTimeout: probeTimeout, QuietPeriod: quietPeriod, ProbeMemory: probeMemory})
	if err != nil {
		return err
	}
	h.runtime, err = runtime.Open(context.Background(), runtime.Config{Store: h.store, Policy: policy, HostVersion: "1.0.0",
		Drivers: map[manifest.Kind]driver.Driver{nativeplugin.Kind: native}, Log: slog.New(slog.DiscardHandler)})
	return err
}

// policy allows what this process signs.
func (h *host) policy() (_ *trust.Policy, err error) {
	if h.key, err = trust.GenerateKey("quarantine"); err != nil {
		return nil, err
	}
	now := time.Now()
	document := trust.DevelopmentPolicy(h.key, now)
	payload, err := document.Encode()
	if err != nil {
		return nil, err
	}
	envelope, err := trust.Sign(trust.PayloadType, payload, h.key)
	if err != nil {
		return nil, err
	}
	return trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(payload)), now)
}

// obey deploys the artifact and looks around. The first order is the good
// strategy that serves from then on.
func (h *host) obey(o order) outcome {
	start := time.Now()
	done, err := h.deploy(o)
	r := outcome{Code: problem.CodeOf(err), Took: time.Since(start)}
	if err != nil {
		r.Error = err.Error()
	}
	for _, c := range done.Checks {
		if c.Name == "quarantine" {
			r.Detail = c.Detail
		}
	}
	if err == nil {
		r.Answered = h.ask(o.Name) == nil
	}
	if h.witness == nil {
		h.witness = watch(func() error { return h.ask(o.Name) })
	}
	if err == nil {
		h.witness.accept() // a plugin that is loaded may keep what it started
	} else {
		r.Noticed = h.witness.noticed()
	}
	r.Responses = h.witness.answers.Load()
	return r
}

func (h *host) deploy(o order) (runtime.Outcome, error) {
	artifact, err := os.ReadFile(o.Path)
	if err != nil {
		return runtime.Outcome{}, err
	}
	h.seq++
	now := time.Now().UTC().Truncate(time.Second)
	m := &manifest.Manifest{
		Name: o.Name, Version: o.Version, Sequence: h.seq, Kind: nativeplugin.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(artifact)), Size: int64(len(artifact))},
		Methods:  o.Methods, Limits: manifest.Limits{Timeout: time.Second, Concurrency: 8},
		Golden:    []manifest.GoldenCase{{Name: "answer", Input: map[string]any{"question": int64(1)}, Output: map[string]any{"answer": int64(answer)}}},
		NotBefore: now.Add(-time.Minute), Issued: now, Expires: now.Add(time.Hour),
	}
	payload, err := m.Encode()
	if err != nil {
		return runtime.Outcome{}, err
	}
	envelope, err := trust.Sign(manifest.PayloadType, payload, h.key)
	if err != nil {
		return runtime.Outcome{}, err
	}
	return h.runtime.Deploy(context.Background(), runtime.Upload{Envelope: envelope, Artifact: bytes.NewReader(artifact)})
}

// ask calls a strategy and checks its answer.
func (h *host) ask(name string) error {
	r, err := h.runtime.Execute(context.Background(), name, map[string]any{"question": int64(2)})
	if err == nil && r.Output["answer"] != int64(answer) {
		err = fmt.Errorf("%s answers %v", name, r.Output)
	}
	return err
}

func (h *host) close() {
	if h.witness != nil {
		h.witness.end()
	}
	err := errors.Join(h.runtime.Close(context.Background()), h.store.Close(), os.RemoveAll(h.folder))
	if err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
	}
}
