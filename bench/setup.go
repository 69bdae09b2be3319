package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/nativeplugin/pluginbuild"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// pluginFolder holds the strategy as a main package.
const pluginFolder = "bench/risk/plugin"

// kind is one way to run the strategy: its artifact, deployed twice under a
// strategy of its own, so that there is something to switch between.
type kind struct {
	label    string // in figures
	strategy string
	kind     manifest.Kind
	artifact string
}

// setup is a runtime with all kinds deployed.
type setup struct {
	folder  string
	key     trust.Key
	store   *boltstore.Store
	runtime *runtime.Runtime
	direct  abi.Strategy
	kinds   []kind
}

func setUp(ctx context.Context) (*setup, error) {
	folder, err := os.MkdirTemp("", "swapline-bench-")
	if err != nil {
		return nil, err
	}
	s := &setup{folder: folder}
	for _, step := range []func(context.Context) error{s.build, s.open, s.deploy} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.close(ctx))
		}
	}
	return s, nil
}

// build makes the artifacts of all kinds.
func (s *setup) build(ctx context.Context) error {
	name := func(ext string) string { return filepath.Join(s.folder, "risk."+ext) }
	s.kinds = []kind{
		{"memory", "risk-memory", memdriver.Kind, name("txt")},
		{"native", "risk-native", nativeplugin.Kind, name("so")},
		{"wazero", "risk-wazero", wasm.Kind, name("wasm")},
	}
	if err := os.WriteFile(name("txt"), []byte("risk\n"), 0o600); err != nil {
		return err
	}
	if _, err := pluginbuild.Build(ctx, pluginbuild.Config{
		Dir: pluginFolder, Output: name("so"), Strategy: "risk-native", Version: "1.0.0"}); err != nil {
		return err
	}
	_, err := guestbuild.Build(ctx, guestbuild.Config{Dir: pluginFolder, Output: name("wasm")})
	return err
}

// open starts the runtime and constructs the strategy for direct calls.
func (s *setup) open(ctx context.Context) error {
	policy, err := s.policy()
	if err != nil {
		return err
	}
	if s.store, err = boltstore.Open(filepath.Join(s.folder, "store")); err != nil {
		return err
	}
	drivers, err := s.drivers()
	if err != nil {
		return err
	}
	s.runtime, err = runtime.Open(ctx, runtime.Config{Store: s.store, Drivers: drivers, Policy: policy,
		HostVersion: "1.0.0", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	host, err := driver.Spec{Manifest: s.manifest(s.kinds[0], 1, nil), Now: time.Now}.Host()
	if err != nil {
		return err
	}
	s.direct, err = risk.New(host)
	return err
}

func (s *setup) policy() (*trust.Policy, error) {
	var err error
	if s.key, err = trust.GenerateKey("bench"); err != nil {
		return nil, err
	}
	now := time.Now()
	document := trust.DevelopmentPolicy(s.key, now)
	payload, err := document.Encode()
	if err != nil {
		return nil, err
	}
	envelope, err := trust.Sign(trust.PayloadType, payload, s.key)
	if err != nil {
		return nil, err
	}
	return trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(payload)), now)
}

func (s *setup) drivers() (map[manifest.Kind]driver.Driver, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	native, err := nativeplugin.New(nativeplugin.Config{Probe: []string{executable, probeArgument}})
	if err != nil {
		return nil, err
	}
	engine, err := wazeroengine.New(wazeroengine.Config{CacheDir: filepath.Join(s.folder, "cache")})
	if err != nil {
		return nil, err
	}
	module := wasm.New(wasm.Config{Engines: map[string]wasm.Engine{wazeroengine.Name: engine}, DefaultEngine: wazeroengine.Name})
	return map[manifest.Kind]driver.Driver{
		memdriver.Kind:    memdriver.New(map[string]abi.Constructor{"risk": risk.New}),
		nativeplugin.Kind: native,
		wasm.Kind:         module,
	}, nil
}

// deploy releases every kind twice: sequence 1, then 2.
func (s *setup) deploy(ctx context.Context) error {
	for _, k := range s.kinds {
		artifact, err := os.ReadFile(k.artifact)
		if err != nil {
			return err
		}
		for sequence := int64(1); sequence <= 2; sequence++ {
			payload, err := s.manifest(k, sequence, artifact).Encode()
			if err != nil {
				return err
			}
			envelope, err := trust.Sign(manifest.PayloadType, payload, s.key)
			if err != nil {
				return err
			}
			if _, err := s.runtime.Deploy(ctx, runtime.Upload{Envelope: envelope, Artifact: bytes.NewReader(artifact)}); err != nil {
				return fmt.Errorf("%s: %w", k.label, err)
			}
		}
	}
	return nil
}

func (s *setup) manifest(k kind, sequence int64, artifact []byte) *manifest.Manifest {
	now := time.Now().UTC().Truncate(time.Second)
	in := input()
	return &manifest.Manifest{
		Name: k.strategy, Version: fmt.Sprintf("1.0.%d", sequence), Sequence: sequence, Kind: k.kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(artifact)), Size: int64(len(artifact))},
		Methods:  []string{abi.MethodExecute},
		Limits:   manifest.Limits{Timeout: time.Second, Concurrency: 16, MemoryBytes: 64 << 20},
		Config: map[string]any{
			"review_at": int64(40), "decline_at": int64(70), "high_amount": map[string]any{"EUR": int64(50_000)},
			"high_amount_default": int64(500), "high_risk_countries": []any{"KP"}, "night_from": int64(1), "night_to": int64(5),
		},
		Golden:    []manifest.GoldenCase{{Name: "no currency", Input: without(in, "currency"), Rejected: "missing_field"}},
		NotBefore: now.Add(-time.Minute), Issued: now, Expires: now.Add(time.Hour),
	}
}

func without(in map[string]any, key string) map[string]any {
	delete(in, key)
	return in
}

func (s *setup) close(ctx context.Context) error {
	var errs []error
	if s.runtime != nil {
		errs = append(errs, s.runtime.Close(ctx))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}
