// Package scene is a runtime with releases of the strategy that the benchmarks
// run: one for each way to run it, deployed under a name of its own through the
// whole pipeline.
//
//	s, err := scene.Open(ctx, scene.Config{Root: ".", Kinds: kinds})
//	defer s.Close(ctx)
//	r, err := s.Runtime.Execute(ctx, kinds[0].Strategy(), s.Release.Input)
package scene

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
	"github.com/swapline/swapline/bench/limit"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// ProbeArgument makes a program that calls RunProbe the throw-away child of the
// native driver.
const ProbeArgument = "native-probe"

// workerArgument makes it a worker process of the same driver.
const workerArgument = "native-worker"

// RunProbe ends the process if it is such a child.
func RunProbe() {
	if len(os.Args) > 1 && os.Args[1] == ProbeArgument {
		os.Exit(nativeplugin.ProbeMain())
	}
	if len(os.Args) > 1 && os.Args[1] == workerArgument {
		os.Exit(nativeplugin.WorkerMain())
	}
}

// Config says what to open.
type Config struct {
	Root     string // of the module
	Kinds    []Kind
	Releases int // of each kind, with rising sequences; 0 means 1
}

// Kind is one way to run the strategy.
type Kind struct {
	Label     string // in figures, words with dots between them
	Kind      manifest.Kind
	Artifact  []byte
	Isolation string
	Deadline  string // of the manifest's limits

	limit bool // it is package limit
}

// Scene is a runtime with everything deployed. Its parts are safe for concurrent
// use, Deploy is not.
type Scene struct {
	Runtime *runtime.Runtime
	Direct  abi.Strategy // what the direct call calls
	Release *risk.Release

	native *nativeplugin.Driver
	folder string
	key    trust.Key
	store  *boltstore.Store
}

// Open starts a runtime and deploys the kinds. After an error nothing is left.
func Open(ctx context.Context, c Config) (_ *Scene, err error) {
	s := &Scene{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close(ctx))
		}
	}()
	if s.Release, err = risk.Read(c.Root); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp("", "swapline-bench-"); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	for _, k := range c.Kinds {
		for sequence := range max(1, c.Releases) {
			if err := s.Deploy(ctx, k, int64(sequence)+1); err != nil {
				return nil, fmt.Errorf("%s: %w", k.Label, err)
			}
		}
	}
	return s, nil
}

// open starts the runtime and constructs the strategy for direct calls.
func (s *Scene) open(ctx context.Context) error {
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
	s.Runtime, err = runtime.Open(ctx, runtime.Config{Store: s.store, Drivers: drivers, Policy: policy,
		HostVersion: "1.0.0", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	host, err := driver.Spec{Manifest: s.manifest(Kind{Label: "direct"}, 1), Now: time.Now}.Host()
	if err != nil {
		return err
	}
	s.Direct, err = risk.New(host)
	return err
}

// policy allows what a release can ask for of this process.
func (s *Scene) policy() (*trust.Policy, error) {
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

func (s *Scene) drivers() (map[manifest.Kind]driver.Driver, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	native, err := nativeplugin.New(nativeplugin.Config{Probe: []string{executable, ProbeArgument}, Worker: []string{executable, workerArgument}})
	if err != nil {
		return nil, err
	}
	s.native = native
	engine, err := wazeroengine.New(wazeroengine.Config{CacheDir: filepath.Join(s.folder, "cache")})
	if err != nil {
		return nil, err
	}
	module := wasm.New(wasm.Config{Engines: map[string]wasm.Engine{wazeroengine.Name: engine}, DefaultEngine: wazeroengine.Name})
	return map[manifest.Kind]driver.Driver{
		memdriver.Kind:    memdriver.New(map[string]abi.Constructor{"risk": risk.New, "limit": limit.New}),
		nativeplugin.Kind: native,
		wasm.Kind:         module,
	}, nil
}

// Strategy is the name under which the kind is deployed.
func (k Kind) Strategy() string { return strategyName(k.Label) }

// Version is that of the release of a sequence.
func Version(sequence int64) string { return fmt.Sprintf("2.0.%d", sequence) }

// Deploy releases the kind's artifact and switches to it.
func (s *Scene) Deploy(ctx context.Context, k Kind, sequence int64) error {
	payload, err := s.manifest(k, sequence).Encode()
	if err != nil {
		return err
	}
	envelope, err := trust.Sign(manifest.PayloadType, payload, s.key)
	if err != nil {
		return err
	}
	_, err = s.Runtime.Deploy(ctx, runtime.Upload{Envelope: envelope, Artifact: bytes.NewReader(k.Artifact)})
	return err
}

// Close ends the runtime and removes its files.
func (s *Scene) Close(ctx context.Context) error {
	var errs []error
	if s.Runtime != nil {
		errs = append(errs, s.Runtime.Close(ctx))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}
