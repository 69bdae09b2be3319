package worker_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/nativeplugin/worker"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// TestMain makes the test binary its own worker, and the host that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "worker":
			syscall.Exit(worker.Main(open))
		case "silent":
			syscall.Exit(0)
		case "host":
			syscall.Exit(beHost(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

// open takes a file's first line for the name of a strategy.
func open(a worker.Artifact) (abi.Constructor, error) {
	content, err := os.ReadFile(a.Path)
	if err != nil {
		return nil, problem.New(problem.StoreFailed, "%w", err)
	}
	if manifest.DigestOf(sha256.Sum256(content)) != a.SHA256 {
		return nil, problem.New(problem.DigestMismatch, "changed")
	}
	switch name := strings.TrimSpace(string(content)); name {
	case "tck":
		return tck.New, nil
	case "wild":
		return newWild, nil
	default:
		return nil, errors.New("no strategy " + name)
	}
}

// config is how tests start workers.
func config(role ...string) worker.Config {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if len(role) == 0 {
		role = []string{"worker"}
	}
	return worker.Config{Argv: append([]string{self}, role...), Env: []string{"SWAPLINE_TEST=1"}}
}

// loader is a driver of nothing but worker processes.
type loader struct{ config worker.Config }

func (l loader) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	in, err := worker.Load(ctx, l.config, spec)
	if err != nil {
		return nil, err
	}
	return in, nil
}

func (loader) Close(context.Context) error { return nil }

type harness struct{ folder string }

func (harness) Kind() manifest.Kind           { return "native" }
func (harness) Open(testing.TB) driver.Driver { return loader{config()} }
func (h harness) Artifact(tb testing.TB, _ int) string {
	return artifact(tb, h.folder, "tck")
}
func (harness) Lacks() []string { return nil }

func artifact(tb testing.TB, folder, name string) string {
	tb.Helper()
	path := folder + "/" + name
	if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestConformance(t *testing.T) { drivertest.Run(t, harness{t.TempDir()}) }
func BenchmarkDriver(b *testing.B) { drivertest.Bench(b, harness{b.TempDir()}) }
