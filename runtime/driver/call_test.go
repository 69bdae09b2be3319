package driver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// call is a strategy made of a function.
type call func(ctx context.Context) (map[string]any, error)

func (c call) Execute(ctx context.Context, _ map[string]any) (map[string]any, error) { return c(ctx) }
func (c call) Validate(ctx context.Context) error                                    { _, err := c(ctx); return err }

// evil is an error whose text cannot be had.
type evil struct{}

func (evil) Error() string { panic("even its text panics") }
func (evil) RuntimeError() {}

func TestWhatAStrategyDoesBecomesWhatTheContractSays(t *testing.T) {
	var none *abi.Error
	for _, c := range []struct {
		name string
		call call
		want string // prefix of the error's text, "" for an answer
	}{
		{"answer", func(context.Context) (map[string]any, error) { return map[string]any{"n": 1}, nil }, ""},
		{"nil answer", func(context.Context) (map[string]any, error) { return nil, nil }, ""},
		{"business error", func(context.Context) (map[string]any, error) { return nil, abi.Reject("no", "not today") }, "no: not today"},
		{"wrapped business error", func(context.Context) (map[string]any, error) {
			return nil, fmt.Errorf("outer: %w", abi.Reject("no", "not today"))
		}, "no: not today"},
		{"business error without a code", func(context.Context) (map[string]any, error) { return nil, abi.Reject("", "not today") }, "business_error: not today"},
		{"plain error", func(context.Context) (map[string]any, error) { return nil, errors.New("plain") }, "business_error: plain"},
		{"details outside of the domain", func(context.Context) (map[string]any, error) {
			return nil, &abi.Error{Code: "no", Details: map[string]any{"c": make(chan int)}}
		}, "fault_abi"},
		{"answer outside of the domain", func(context.Context) (map[string]any, error) { return map[string]any{"c": func() {}}, nil }, "fault_abi"},
		{"panic", func(context.Context) (map[string]any, error) { panic("boom") }, "fault_panic: panic: boom"},
		{"nil dereference", func(context.Context) (map[string]any, error) { return nil, errors.New(none.Code) }, "fault_panic: panic: runtime error"},
		{"typed nil error", func(context.Context) (map[string]any, error) { return nil, none }, "fault_panic"},
		{"panic with an evil value", func(context.Context) (map[string]any, error) { panic(evil{}) }, "fault_panic"},
		{"an evil error", func(context.Context) (map[string]any, error) { return nil, evil{} }, "fault_panic"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls driver.Calls
			defer calls.Close()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			for _, ctx := range []context.Context{ctx, context.Background()} {
				out, err := calls.Execute(ctx, c.call, nil)
				if c.want == "" {
					if err != nil || out == nil {
						t.Fatalf("%v, %v", out, err)
					}
				} else if err == nil || !strings.HasPrefix(err.Error(), c.want) {
					t.Fatalf("%v, want %s", err, c.want)
				}
			}
			if (calls.Validate(ctx, c.call) != nil) != (c.want != "" && c.want != "fault_abi" || strings.HasPrefix(c.name, "details")) {
				t.Fatal("Validate does not agree with Execute")
			}
		})
	}
}

func TestACallThatDoesNotEndIsGivenUpAndCountedUntilItDoes(t *testing.T) {
	var calls driver.Calls
	defer calls.Close()
	release := make(chan struct{})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := calls.Execute(ctx, call(func(context.Context) (map[string]any, error) { <-release; return nil, nil }), nil)
	var f *driver.Fault
	if !errors.As(err, &f) || f.Code != problem.FaultDeadline || calls.Abandoned() != 1 {
		t.Fatalf("%v, %d abandoned", err, calls.Abandoned())
	}
	close(release)
	for limit := time.Now().Add(time.Minute); calls.Abandoned() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("counted for ever")
		}
	}
}

func TestAbandonedCallsAreCountedExactlyOnceUnderRaces(t *testing.T) {
	var calls driver.Calls
	defer calls.Close()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				go cancel()
				calls.Execute(ctx, call(func(context.Context) (map[string]any, error) {
					time.Sleep(time.Duration(n%5) * time.Microsecond)
					return nil, nil
				}), nil)
				cancel()
			}
		})
	}
	wg.Wait()
	for limit := time.Now().Add(time.Minute); calls.Abandoned() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%d calls are counted as abandoned", calls.Abandoned())
		}
	}
}

func TestTheEndOfAContextTellsWhoseItWas(t *testing.T) {
	late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	var f *driver.Fault
	if err := driver.Interrupted(late); !errors.As(err, &f) || f.Code != problem.FaultDeadline {
		t.Errorf("deadline: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := driver.Interrupted(gone); problem.CodeOf(err) != problem.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("cancel: %v", err)
	}
}

func TestTheHostGivesEachCallerItsOwnConfig(t *testing.T) {
	var log strings.Builder
	spec := driver.Spec{
		Manifest: &manifest.Manifest{Name: "s", Config: map[string]any{"list": []any{int64(1)}},
			Capabilities: []string{"clock", "log"}},
		Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return time.Unix(7, 0) },
	}
	var err error
	spec.Grant, err = capability.Services{}.Open().Grant(spec.Manifest, capability.Rule{Allow: capability.Words()})
	if err != nil {
		t.Fatal(err)
	}
	h, err := spec.Host()
	if err != nil {
		t.Fatal(err)
	}
	h.Config()["list"].([]any)[0] = "changed"
	if got := h.Config()["list"].([]any)[0]; got != int64(1) {
		t.Fatalf("config changed to %v", got)
	}
	h.Log(abi.LevelInfo, "hello", map[string]any{"b": 2, "a": make(chan int)})
	if !strings.Contains(log.String(), `msg=hello fields.a="(chan int is outside of the value domain)" fields.b=2`) {
		t.Fatal(log.String())
	}
	if now := h.Now(); now.Unix() != 7 || now.Location() != time.UTC {
		t.Fatal(now)
	}
	spec.Manifest.Config["c"] = make(chan int)
	if _, err := spec.Host(); problem.CodeOf(err) != problem.ValueDomain {
		t.Fatal(err)
	}
}
