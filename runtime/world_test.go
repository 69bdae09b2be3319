package runtime_test

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
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const name = "adder"

// world is a host with everything real but the code that it runs.
type world struct {
	t      testing.TB
	dir    string
	key    trust.Key
	policy *trust.Policy
	store  store.Store
	mem    *memdriver.Driver
	cfg    runtime.Config
	rt     *runtime.Runtime
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.key, w.policy = authority(t)
	w.openStore()
	t.Cleanup(func() { w.close() })
	w.mem = newDriver()
	w.cfg = w.config()
	return w
}

// started is a world with an open runtime.
func started(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.open()
	return w
}

func newDriver() *memdriver.Driver {
	return memdriver.New(map[string]abi.Constructor{"tck": tck.New})
}

func authority(t testing.TB) (trust.Key, *trust.Policy) {
	t.Helper()
	key, err := trust.GenerateKey("developer")
	must(t, err)
	return key, policyOf(t, key, trust.DevelopmentPolicy(key, time.Now()))
}

func policyOf(t testing.TB, key trust.Key, doc trust.PolicyDocument) *trust.Policy {
	t.Helper()
	payload, err := doc.Encode()
	must(t, err)
	envelope, err := trust.Sign(trust.PayloadType, payload, key)
	must(t, err)
	policy, err := trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(payload)), time.Now())
	must(t, err)
	return policy
}

func (w *world) config() runtime.Config {
	return runtime.Config{Rollout: rollout.Bare(),
		Store: w.store, Drivers: map[manifest.Kind]driver.Driver{memdriver.Kind: w.mem}, Policy: w.policy,
		HostVersion: "1.0.0", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Timeout: time.Hour, MaxTimeout: time.Hour,
	}
}

func (w *world) openStore() {
	w.t.Helper()
	s, err := boltstore.OpenUnsynced(filepath.Join(w.dir, "store"))
	must(w.t, err)
	w.store = s
}

func (w *world) open() {
	w.t.Helper()
	rt, err := runtime.Open(context.Background(), w.cfg)
	must(w.t, err)
	w.rt = rt
}

// close ends the runtime and the store, and looks for what leaked.
func (w *world) close() {
	w.t.Helper()
	if w.rt != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := w.rt.Close(ctx); err != nil {
			w.t.Errorf("close: %v", err)
		}
		w.rt = nil
	}
	if w.mem != nil && w.mem.Open() != 0 {
		w.t.Errorf("%d instances were not closed", w.mem.Open())
	}
	if w.store != nil {
		if err := w.store.Close(); err != nil {
			w.t.Errorf("close of the store: %v", err)
		}
		w.store = nil
	}
}

// restart closes everything and opens it on the same folder.
func (w *world) restart() {
	w.t.Helper()
	w.close()
	w.openStore()
	w.cfg.Store, w.cfg.Policy = w.store, w.policy
	w.open()
}

// build is a release before it is signed. Its artifact names the constructor
// and the version, so that each version has its own bytes.
type build struct {
	manifest.Manifest
	artifact []byte
}

func release(version int) build {
	artifact := fmt.Appendf(nil, "tck\nversion %d\n", version)
	now := time.Now().UTC().Truncate(time.Second)
	return build{artifact: artifact, Manifest: manifest.Manifest{
		Name: name, Version: fmt.Sprintf("%d.0.0", version), Sequence: int64(version), Kind: memdriver.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(artifact)), Size: int64(len(artifact))},
		Methods:  []string{abi.MethodExecute}, Capabilities: []string{},
		Config: map[string]any{"behaviour": tck.Adder, "version": int64(version)},
		Golden: []manifest.GoldenCase{{Name: "one and two", Input: sum(1, 2), Output: total(3, version)}},
		Issued: now, NotBefore: now.Add(-time.Hour), Expires: now.Add(24 * time.Hour),
	}}
}

// behaving is a release that shows one behaviour of the conformance strategy;
// tck.Choose leaves it to the input.
func behaving(version int, behaviour string) build {
	b := release(version)
	b.Config = map[string]any{"behaviour": behaviour, "version": int64(version)}
	echo := map[string]any{}
	if behaviour == tck.Choose {
		echo = do(tck.Echo)
	}
	b.Golden = []manifest.GoldenCase{{Name: "echo", Input: echo, Output: echo}}
	return b
}

// do is an input that asks tck.Choose for a behaviour.
func do(behaviour string) map[string]any { return map[string]any{"behaviour": behaviour} }

func sum(a, b int64) map[string]any { return map[string]any{"a": a, "b": b} }

func total(sum int64, version int) map[string]any {
	return map[string]any{"sum": sum, "version": int64(version)}
}

// upload signs a build with the world's key.
func (w *world) upload(b build) runtime.Upload { return signedBy(w.t, b, w.key) }

func signedBy(t testing.TB, b build, keys ...trust.Key) runtime.Upload {
	t.Helper()
	payload, err := b.Encode()
	must(t, err)
	envelope, err := trust.Sign(manifest.PayloadType, payload, keys...)
	must(t, err)
	return runtime.Upload{Strategy: b.Name, Envelope: envelope, Artifact: bytes.NewReader(b.artifact)}
}

func (w *world) deploy(b build) runtime.Outcome {
	w.t.Helper()
	out, err := w.rt.Deploy(context.Background(), w.upload(b))
	if err != nil {
		w.t.Fatalf("deploy %s: %v", b.Version, err)
	}
	return out
}

func (w *world) hold(b build) runtime.Outcome {
	w.t.Helper()
	up := w.upload(b)
	up.Hold = true
	out, err := w.rt.Deploy(context.Background(), up)
	must(w.t, err)
	return out
}

// answers fails the test unless the strategy answers as the version does.
func (w *world) answers(version int) runtime.Response {
	w.t.Helper()
	resp, err := w.rt.Execute(context.Background(), name, sum(2, 3))
	if err != nil {
		w.t.Fatalf("execute: %v", err)
	}
	if resp.Output["sum"] != int64(5) || resp.Output["version"] != int64(version) || resp.Release.Version != fmt.Sprintf("%d.0.0", version) {
		w.t.Fatalf("version %s answered %v, want version %d", resp.Release.Version, resp.Output, version)
	}
	return resp
}

func (w *world) status() runtime.Status {
	w.t.Helper()
	st, err := w.rt.Status(context.Background(), name)
	must(w.t, err)
	return st
}

// artifacts counts the files that the store keeps.
func (w *world) files() int {
	w.t.Helper()
	n := 0
	must(w.t, filepath.WalkDir(filepath.Join(w.dir, "store"), func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	}))
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code problem.Code) *problem.Error {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
	if p.Message == "" {
		t.Fatalf("%s says nothing", code)
	}
	return p
}

// eventually waits for a condition that others bring about.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func back(release string) runtime.Change { return runtime.Change{Strategy: name, Release: release} }

func artifactOf(content []byte) manifest.Artifact {
	return manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(content)), Size: int64(len(content))}
}
