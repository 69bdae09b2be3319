package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// brief is a context that has ended.
func brief(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestAGateRefusesChangesAndLetsExecutionsIn(t *testing.T) {
	var g Gate
	leave, err := g.enterChange()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Steady(brief(t)); err == nil {
		t.Error("steady while a change runs")
	}
	again, err := g.enterChange()
	if err != nil {
		t.Errorf("after an attempt that failed: %v", err)
	}
	again()
	steady := make(chan error, 1)
	go func() { steady <- g.Steady(t.Context()) }()
	until(t, func() bool { // what waits for the change refuses others
		other, err := g.enterChange()
		if err == nil {
			other()
		}
		return problem.CodeOf(err) == problem.HostRenewing
	})
	leave()
	if err := <-steady; err != nil {
		t.Fatal(err)
	}
	if err := g.enterExecution(t.Context()); err != nil {
		t.Error(err)
	}
	g.leaveExecution()
	g.Open()
	if leave, err = g.enterChange(); err != nil {
		t.Fatal(err)
	}
	leave()
}

func TestAGateHoldsExecutionsUntilItOpens(t *testing.T) {
	var g Gate
	if err := g.enterExecution(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Hold(brief(t)); err == nil {
		t.Error("held while an execution runs")
	}
	if err := g.enterExecution(t.Context()); err != nil {
		t.Errorf("after an attempt that failed: %v", err)
	}
	g.leaveExecution()
	g.leaveExecution()
	if err := g.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.enterExecution(brief(t)); problem.CodeOf(err) != problem.Canceled {
		t.Errorf("who does not want to wait: %v", err)
	}
	entered := make(chan error, 1)
	go func() { entered <- g.enterExecution(t.Context()) }()
	until(t, func() bool { g.mu.Lock(); defer g.mu.Unlock(); return g.changed != nil })
	select {
	case err := <-entered:
		t.Errorf("it did not wait: %v", err)
	default:
	}
	g.Open()
	if err := <-entered; err != nil {
		t.Error(err)
	}
}

// TestAGateThatMovesPassesOnWhatWaited: with its body, once.
func TestAGateThatMovesPassesOnWhatWaited(t *testing.T) {
	var g Gate
	if err := g.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	entered := make(chan error, 1)
	go func() { entered <- g.enterExecution(t.Context()) }()
	until(t, func() bool { g.mu.Lock(); defer g.mu.Unlock(); return g.changed != nil })
	successor := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	g.Move(successor)
	if err := <-entered; err != errMoved { //nolint:errorlint // the very value
		t.Errorf("%v", err)
	}
	if _, err := g.enterChange(); problem.CodeOf(err) != problem.HostRenewing {
		t.Errorf("a change: %v", err)
	}
	w := httptest.NewRecorder()
	g.guard(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/livez", strings.NewReader("")))
	if w.Code != http.StatusTeapot {
		t.Errorf("%d", w.Code)
	}
}

func TestNoGateIsAnOpenOne(t *testing.T) {
	var g *Gate
	leave, err := g.enterChange()
	if err != nil || g.enterExecution(brief(t)) != nil || g.moved() != nil {
		t.Error(err)
	}
	leave()
	g.leaveExecution()
}

// TestHammerAGateLetsNobodyInWhileItHolds is for the race detector.
func TestHammerAGateLetsNobodyInWhileItHolds(t *testing.T) {
	var g Gate
	var inside sync.Map
	end := time.Now().Add(200 * time.Millisecond)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for time.Now().Before(end) {
				if err := g.enterExecution(t.Context()); err != nil {
					t.Error(err)
					return
				}
				inside.Store(i, true)
				inside.Delete(i)
				g.leaveExecution()
			}
		})
	}
	for time.Now().Before(end) {
		if err := g.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
		inside.Range(func(any, any) bool { t.Error("somebody is inside"); return true })
		g.Open()
	}
	all.Wait()
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}
