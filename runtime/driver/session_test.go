package driver_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

func wantDenied(t *testing.T, err error, code string) {
	t.Helper()
	var e *abi.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("err = %v, want %s", err, code)
	}
}

// abilities calls everything that a host can do beyond its own methods.
func abilities(ctx context.Context, h abi.Host) map[string]error {
	_, _, get := h.(abi.State).Get(ctx, "k")
	_, do := h.(abi.HTTP).Do(ctx, abi.HTTPRequest{URL: "https://example.com"})
	return map[string]error{"emit": h.(abi.Emitter).Emit(ctx, "t", nil), "get": get, "put": h.(abi.State).Put(ctx, "k", 1),
		"delete": h.(abi.State).Delete(ctx, "k"), "do": do}
}

func TestWithoutAGrantAGoStrategyReachesNothing(t *testing.T) {
	var log strings.Builder
	issued := time.Date(2026, 11, 1, 9, 30, 0, 0, time.UTC)
	h, err := driver.Spec{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now, Manifest: &manifest.Manifest{Issued: issued}}.Host()
	if err != nil {
		t.Fatal(err)
	}
	if h.Log(abi.LevelError, "hello", nil); log.Len() > 0 {
		t.Errorf("logged %s", log.String())
	}
	if now := h.Now(); !now.Equal(issued) {
		t.Errorf("the time is %s", now)
	}
	for _, err := range abilities(t.Context(), h) {
		wantDenied(t, err, abi.CodeCapabilityDenied)
	}
}

func TestAbilitiesWorkWithTheContextOfTheCallOnly(t *testing.T) {
	services := capability.Services{State: new(capability.Memory), Log: slog.New(slog.DiscardHandler)}.Open()
	specOf := func() (driver.Spec, abi.Host) {
		s := driver.Spec{Manifest: &manifest.Manifest{Name: "s", Capabilities: []string{"emit", "http", "state"}}}
		var err error
		s.Grant, err = services.Grant(s.Manifest, capability.Rule{Allow: capability.Words(), HTTPHosts: []string{"elsewhere.test"}})
		if err != nil {
			t.Fatal(err)
		}
		h, err := s.Host()
		if err != nil {
			t.Fatal(err)
		}
		return s, h
	}
	spec, h := specOf()
	_, other := specOf()
	var kept context.Context
	_, err := spec.Session(t.Context(), func(ctx context.Context) (map[string]any, error) {
		kept = ctx
		for name, err := range abilities(ctx, h) {
			if name == "do" {
				wantDenied(t, err, abi.CodeHTTPDenied)
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, err := range abilities(ctx, other) {
			wantDenied(t, err, abi.CodeNotInCall)
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, ctx := range []context.Context{t.Context(), kept} {
		for _, err := range abilities(ctx, h) {
			wantDenied(t, err, abi.CodeNotInCall)
		}
	}
	err = spec.Trial(t.Context(), func(ctx context.Context) error { return h.(abi.State).Put(ctx, "trial", 1) })
	if e, gerr := services.State.Get(t.Context(), "s", "trial"); err != nil || gerr != nil || e.Version != 0 {
		t.Errorf("a trial left %+v, %v, %v", e, err, gerr)
	}
}
