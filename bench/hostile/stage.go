package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// startLimit is how long a guest may take to start.
const startLimit = 3 * time.Second

// Names of the Go guests in the folder of guests.
const (
	riskFile      = "risk.wasm"
	misbehaveFile = "misbehave.wasm"
	earlyFile     = "early.wasm"
)

// stage is one engine with its neighbourhood.
type stage struct {
	engine string
	guests string // folder of the Go guests
	work   string // folder of this stage
	driver driver.Driver
	host   *capability.Services
	neighbourhood
	controls controls
}

func openStage(engineName, guests string) (_ *stage, err error) {
	s := &stage{engine: engineName, guests: guests, host: capability.Services{
		State: new(capability.Memory), Log: slog.New(slog.DiscardHandler)}.Open()}
	if s.work, err = os.MkdirTemp(guests, engineName+"-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	e, err := engineOf(engineName)
	if err != nil {
		return nil, err
	}
	opened, err := e.open(filepath.Join(s.work, "cache"))
	if err != nil {
		return nil, err
	}
	s.driver = wasm.New(wasm.Config{Engines: map[string]wasm.Engine{engineName: opened}, DefaultEngine: engineName, StartTimeout: startLimit})
	if err := s.moveIn(); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, s.openControls()
}

// moveIn loads the neighbours.
func (s *stage) moveIn() error {
	scored, err := payments()
	if err != nil {
		return err
	}
	tiny := w.Guest{Execute: w.Tell(w.Op(0x20, 0, 0x2d, 0, 6))}
	for _, n := range []struct {
		name      string
		module    func() ([]byte, error)
		questions []question
	}{
		{"riskscore", func() ([]byte, error) { return os.ReadFile(filepath.Join(s.guests, riskFile)) }, scored},
		{"tiny", func() ([]byte, error) { return tiny.Module(), nil }, []question{counts(1, 1), counts(2, 2), counts(7, 7)}},
	} {
		module, err := n.module()
		if err != nil {
			return err
		}
		spec, err := s.release(n.name, module, func(m *manifest.Manifest) {
			m.Config = riskConfig()
			m.Limits.Timeout, m.Limits.MemoryBytes = 10*time.Second, 64<<20
		})
		if err != nil {
			return err
		}
		in, err := s.driver.Load(context.Background(), spec)
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		s.list = append(s.list, &neighbour{name: n.name, instance: in, questions: func(i int) question { return n.questions[i%len(n.questions)] }})
	}
	return nil
}

// release stores a module as a release of that name: two guests, default limits but
// for a memory of 4 MiB, and whatever capabilities there are. Then change edits its
// manifest, if it is not nil.
func (s *stage) release(name string, module []byte, change func(*manifest.Manifest)) (driver.Spec, error) {
	path := filepath.Join(s.work, name+".wasm")
	_ = os.Remove(path)
	if err := os.WriteFile(path, module, 0o400); err != nil {
		return driver.Spec{}, err
	}
	sum := manifest.DigestOf(sha256.Sum256(module))
	m := &manifest.Manifest{
		Name: name, Version: "1.0.0", Kind: wasm.Kind, ABIVersion: abi.Version, Capabilities: capability.Words(),
		Artifact: manifest.Artifact{SHA256: sum, Size: int64(len(module))},
		Limits:   manifest.Limits{Timeout: 5 * time.Second, MemoryBytes: 4 << 20, Concurrency: callers},
		Config:   map[string]any{},
	}
	if change != nil {
		change(m)
	}
	grant, err := s.host.Grant(m, capability.Rule{Allow: capability.Words(), HTTPHosts: []string{"127.0.0.1", "localhost", "*.example.com"}, PlainHTTP: true})
	return driver.Spec{Digest: sum, Path: path, Log: slog.New(slog.DiscardHandler), Now: time.Now, Manifest: m, Grant: grant}, err
}

func (s *stage) close() error {
	err := s.neighbourhood.close(context.Background())
	err = errors.Join(err, s.controls.close())
	if s.driver != nil {
		err = errors.Join(err, s.driver.Close(context.Background()))
	}
	s.host.Close()
	return errors.Join(err, os.RemoveAll(s.work))
}

func riskConfig() map[string]any {
	return map[string]any{
		"review_at": int64(40), "decline_at": int64(70), "high_amount": map[string]any{"EUR": int64(50_000)},
		"high_amount_default": int64(500), "high_risk_countries": []any{"KP"}, "night_from": int64(1), "night_to": int64(5),
	}
}

// payments are questions with the answers of a direct call.
func payments() ([]question, error) {
	host, err := driver.Spec{Manifest: &manifest.Manifest{Config: riskConfig()}, Now: time.Now}.Host()
	if err != nil {
		return nil, err
	}
	direct, err := risk.New(host)
	if err != nil {
		return nil, err
	}
	var list []question
	for i, country := range []string{"TR", "DE", "KP", "FR"} {
		q := question{in: map[string]any{
			"amount": int64(20_000 * (i + 1)), "currency": "EUR", "mcc": "5732", "merchant_country": country, "card_country": "DE",
			"time": "2026-03-01T22:15:00Z", "card_utc_offset_minutes": int64(60), "card_present": false,
			"velocity": map[string]any{"count_1h": int64(5), "count_24h": int64(7), "amount_24h": int64(54_000)},
		}}
		if q.out, err = direct.Execute(context.Background(), q.in); err != nil {
			return nil, err
		}
		list = append(list, q)
	}
	return list, nil
}
