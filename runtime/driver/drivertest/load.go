package drivertest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

func (s *suite) loading(t *testing.T) {
	for _, behaviour := range []string{tck.ConstructError, tck.ConstructPanic, tck.ConstructNil} {
		if s.can(behaviour) {
			t.Run(behaviour, func(t *testing.T) { s.refuses(t, s.spec(t, 1, behaving(behaviour)), problem.ConstructorFailed) })
		}
	}
	t.Run("an artifact that changed after it was verified", s.changedArtifact)
	t.Run("a failed load leaves the driver usable", func(t *testing.T) { answers(t, s.load(t, behaving(tck.Choose))) })
	t.Run("the contract version and the method set are told", s.contract)
	t.Run("one release loads many times", s.loadsAgain)
}

func (s *suite) refuses(t *testing.T, spec driver.Spec, want problem.Code) {
	t.Helper()
	in, err := s.driver.Load(within(t), spec)
	if err == nil {
		t.Fatalf("loaded; close says %v", in.Close(context.Background()))
	}
	if got := problem.CodeOf(err); got != want {
		t.Fatalf("code %s (%v), want %s", got, err, want)
	}
}

func (s *suite) changedArtifact(t *testing.T) {
	spec := s.spec(t, 1, behaving(tck.Echo))
	content, err := os.ReadFile(spec.Path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1] ^= 1
	spec.Path = filepath.Join(t.TempDir(), "changed")
	if err := os.WriteFile(spec.Path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s.refuses(t, spec, problem.DigestMismatch)
}

func (s *suite) contract(t *testing.T) {
	for behaviour, want := range map[string][]string{
		tck.Echo:       {abi.MethodExecute},
		tck.ValidateOK: {abi.MethodExecute, abi.MethodValidate},
	} {
		in := s.load(t, behaving(behaviour))
		if in.ABIVersion() != abi.Version {
			t.Errorf("abi version %d, want %d", in.ABIVersion(), abi.Version)
		}
		if got := in.Methods(); !slices.Equal(got, want) {
			t.Errorf("%s has methods %v, want %v", behaviour, got, want)
		}
	}
}

func (s *suite) loadsAgain(t *testing.T) {
	for range 3 {
		in, err := s.driver.Load(within(t), s.spec(t, 1, behaving(tck.Choose)))
		if err != nil {
			t.Fatal(err)
		}
		answers(t, in)
		if err := in.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *suite) validation(t *testing.T) {
	if err := s.load(t, behaving(tck.Echo)).Validate(within(t)); err != nil {
		t.Errorf("a strategy without Validate: %v", err)
	}
	if err := s.load(t, behaving(tck.ValidateOK)).Validate(within(t)); err != nil {
		t.Errorf("a valid strategy: %v", err)
	}
	var b *abi.Error
	if err := s.load(t, behaving(tck.ValidateError)).Validate(within(t)); !errors.As(err, &b) || b.Code != "dependency_unreachable" {
		t.Errorf("an invalid strategy: %v", err)
	}
	t.Run("panic", func(t *testing.T) {
		wantFault(t, s.load(t, behaving(tck.ValidatePanic)).Validate(within(t)), problem.FaultPanic, problem.FaultTrap)
	})
	if s.can(tck.ValidateSpin) {
		t.Run("deadline", s.validateMissesDeadline)
	}
}

func (s *suite) validateMissesDeadline(t *testing.T) {
	in := s.load(t, behaving(tck.ValidateSpin))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	wantFault(t, in.Validate(ctx), problem.FaultDeadline)
	s.settled(t, in)
}

func (s *suite) host(t *testing.T) {
	t.Run("config arrives as it was signed", func(t *testing.T) {
		config := everything()
		config["behaviour"] = tck.Config
		out, err := s.load(t, config).Execute(within(t), map[string]any{})
		if want := map[string]any{"config": config}; err != nil || !wire.Equal(out, want) {
			t.Fatalf("got %v, %v, want %v", out, err, want)
		}
	})
	if s.can(tck.Counter) {
		t.Run("a strategy keeps what it counts", s.counts)
	}
	if s.can(tck.Now) {
		t.Run("the clock is the host's", s.clock)
	}
	if s.can(tck.Log) {
		t.Run("log lines reach the host", s.logs)
	}
}

// counts expects no more than that calls one after the other see numbers from
// one up: copies of an instance count for themselves.
func (s *suite) counts(t *testing.T) {
	in := s.load(t, behaving(tck.Counter))
	for n := int64(1); n <= 5; n++ {
		out, err := in.Execute(within(t), map[string]any{})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := out["count"].(int64); !ok || got < 1 || got > n {
			t.Fatalf("call %d counted %v", n, out["count"])
		}
	}
}

func (s *suite) clock(t *testing.T) {
	spec := s.spec(t, 1, behaving(tck.Now))
	spec.Now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	out, err := s.loadSpec(t, spec).Execute(within(t), map[string]any{})
	if err != nil || !wire.Equal(out, map[string]any{"unix": int64(1_700_000_000)}) {
		t.Fatalf("got %v, %v", out, err)
	}
}

func (s *suite) logs(t *testing.T) {
	var buffer lockedBuffer
	spec := s.spec(t, 1, behaving(tck.Log))
	spec.Log = slog.New(slog.NewTextHandler(&buffer, nil))
	if _, err := s.loadSpec(t, spec).Execute(within(t), map[string]any{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"level=WARN", tck.LogMessage, "amount=7"} {
		if !strings.Contains(buffer.String(), want) {
			t.Errorf("the log %q lacks %q", buffer.String(), want)
		}
	}
}

// lockedBuffer is a log's destination that two goroutines may use.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// versions keeps two versions open side by side and calls them in turn.
func (s *suite) versions(t *testing.T) {
	instances := map[int64]driver.Instance{}
	for _, v := range []int64{1, 2} {
		config := map[string]any{"behaviour": tck.Adder, "version": v}
		instances[v] = s.loadSpec(t, s.spec(t, int(v), config))
	}
	for n := range int64(4) {
		version := n%2 + 1
		out, err := instances[version].Execute(within(t), map[string]any{"a": n, "b": int64(10)})
		if want := map[string]any{"sum": n + 10, "version": version}; err != nil || !wire.Equal(out, want) {
			t.Fatalf("version %d answered %v, %v, want %v", version, out, err, want)
		}
	}
}
