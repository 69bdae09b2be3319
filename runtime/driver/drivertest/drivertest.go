// Package drivertest is the conformance suite for drivers: what it runs is what
// "implements driver.Driver" means. A driver's own test is a [Harness] and one
// call of [Run].
//
// All cases use the conformance strategy (guests/tck/tck) built as an artifact
// of the driver's kind. Which behaviour it shows is chosen by the manifest's
// config, so a harness supplies one artifact, or one for each version where
// versions must differ in their bytes.
//
//	type harness struct{ dir string }
//
//	func (h harness) Kind() manifest.Kind                       { return "memory" }
//	func (h harness) Open(testing.TB) driver.Driver             { return memdriver.New(...) }
//	func (h harness) Artifact(tb testing.TB, version int) string { return pathOfVersion(version) }
//	func (h harness) Lacks() []string                           { return nil }
//
//	func TestConformance(t *testing.T) { drivertest.Run(t, harness{t.TempDir()}) }
package drivertest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// Harness gives the suite a driver and its artifacts.
type Harness interface {
	// Kind is the kind that the driver loads.
	Kind() manifest.Kind
	// Open makes the driver; it is called once per suite, and the suite
	// closes it after all instances.
	Open(tb testing.TB) driver.Driver
	// Artifact returns the path of the conformance strategy's artifact,
	// version 1 or 2. Kinds whose artifacts take their version from the
	// config may return one path for both.
	Artifact(tb testing.TB, version int) string
	// Lacks names the behaviours of package tck that the kind cannot express.
	// Their cases are left out.
	Lacks() []string
}

// suite is what the cases share.
type suite struct {
	harness  Harness
	driver   driver.Driver
	services *capability.Services
	events   *capability.Ring
}

// Run runs every case against one driver.
func Run(t *testing.T, h Harness) {
	s := open(t, h)
	t.Run("answers", s.answers)
	t.Run("business errors", s.businessErrors)
	t.Run("faults", s.faults)
	t.Run("deadlines", s.deadlines)
	t.Run("loading", s.loading)
	t.Run("validation", s.validation)
	t.Run("host", s.host)
	t.Run("capabilities", s.capabilities)
	t.Run("concurrency", s.concurrency)
	t.Run("versions", s.versions)
	t.Run("measurements", s.measurements)
}

func open(tb testing.TB, h Harness) *suite {
	s := &suite{harness: h, driver: h.Open(tb), events: capability.NewRing(100)}
	s.services = capability.Services{State: new(capability.Memory), Events: s.events}.Open()
	tb.Cleanup(func() {
		if err := s.driver.Close(context.Background()); err != nil {
			tb.Errorf("close of the driver: %v", err)
		}
	})
	return s
}

// can reports whether the kind can express a behaviour.
func (s *suite) can(behaviour string) bool { return !slices.Contains(s.harness.Lacks(), behaviour) }

// spec makes what the runtime would make of a verified release.
func (s *suite) spec(tb testing.TB, version int, config map[string]any) driver.Spec {
	tb.Helper()
	path := s.harness.Artifact(tb, version)
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	sum := sha256.Sum256(content)
	m := &manifest.Manifest{
		Name: "tck", Version: fmt.Sprintf("%d.0.0", version), Sequence: int64(version),
		Kind: s.harness.Kind(), ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sum), Size: int64(len(content))},
		Methods:  []string{abi.MethodExecute},
		Config:   config,
		// Sorted, as in a signed manifest.
		Capabilities: []string{abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityLog, abi.CapabilityState},
	}
	name := sha256.Sum256(fmt.Appendf(nil, "%s %v", path, config))
	return driver.Spec{
		Digest: manifest.DigestOf(name), Manifest: m, Path: path,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now: time.Now, Grant: s.grant(tb, m),
	}
}

// grant grants what the manifest asks for.
func (s *suite) grant(tb testing.TB, m *manifest.Manifest) *capability.Grant {
	tb.Helper()
	g, err := s.services.Grant(m, capability.Rule{Allow: capability.Words()})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// behaving is the config that chooses a behaviour.
func behaving(behaviour string) map[string]any { return map[string]any{"behaviour": behaviour} }

// load loads the strategy and closes it at the end of the test.
func (s *suite) load(tb testing.TB, config map[string]any) driver.Instance {
	tb.Helper()
	return s.loadSpec(tb, s.spec(tb, 1, config))
}

func (s *suite) loadSpec(tb testing.TB, spec driver.Spec) driver.Instance {
	tb.Helper()
	in, err := s.driver.Load(context.Background(), spec)
	if err != nil {
		tb.Fatalf("load: %v", err)
	}
	tb.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return in
}

// within is a context for one call, with room for a slow machine.
func within(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	tb.Cleanup(cancel)
	return ctx
}
