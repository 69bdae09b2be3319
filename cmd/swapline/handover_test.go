package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

func pair(t *testing.T) (a, b *link) {
	t.Helper()
	a, there, err := newLinkPair()
	if err != nil {
		t.Fatal(err)
	}
	if b, err = newLink(there); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.conn.Close(); _ = b.conn.Close() })
	return a, b
}

func TestAMessageOfAnyLengthArrivesWhole(t *testing.T) {
	a, b := pair(t)
	many := map[string]served{}
	for i := range 5000 {
		many[strings.Repeat("s", 1+i%60)+string(rune('a'+i%26))] = served{Digest: "sha256:00", Generation: uint64(i)}
	}
	sent := make(chan error, 1)
	go func() { sent <- a.send(message{Step: stepBegin, Token: "t", Serving: many}) }()
	m, err := b.expect(stepBegin)
	if err := errors.Join(err, <-sent); err != nil || m.Token != "t" || len(m.Serving) != len(many) {
		t.Errorf("%v: %d of %d", err, len(m.Serving), len(many))
	}
}

func TestAnUnexpectedMessageAndAnEndAreErrors(t *testing.T) {
	a, b := pair(t)
	if err := a.send(message{Step: stepReady}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.expect(stepGo); err == nil || !strings.Contains(err.Error(), stepReady) {
		t.Errorf("%v", err)
	}
	_ = a.conn.Close()
	if _, err := b.expect(stepGo); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{`{"step":"begin","token":"t","serving":{"a":{"digest":"sha256:00","generation":1}}}`, `{"step":"failed","why":"x"}`, `{}`, `[`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMessage(b)
		if (err == nil) == (m.Step == "") {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

// TestWhenAProcessIsRenewedByItself: near the limit if that would help, and
// when it is degraded.
func TestWhenAProcessIsRenewedByItself(t *testing.T) {
	for _, c := range []struct {
		resident, threshold, inUse int
		degraded                   bool
		want                       string
	}{
		{resident: 50, threshold: 51, inUse: 1},
		{resident: 51, threshold: 51, inUse: 1, want: "plugin limit"},
		{resident: 51, threshold: 51, inUse: 50, want: "plugin limit"},
		{resident: 51, threshold: 51, inUse: 51},
		{resident: 51, threshold: 0, inUse: 1},
		{resident: 1, threshold: 51, inUse: 1, degraded: true, want: "degraded"},
		{resident: 1, threshold: 0, inUse: 1, degraded: true, want: "degraded"},
	} {
		p := pressure{resident: c.resident, threshold: c.threshold, degraded: c.degraded, inUse: func() int { return c.inUse }}
		if got := p.due(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for _, c := range []struct{ flag, limit, want int }{{-1, 64, 51}, {-1, 1, 1}, {-1, 10, 8}, {0, 64, 0}, {5, 64, 5}} {
		if got := (serveOptions{renewAt: c.flag}).renewThreshold(c.limit); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestAProcessThatCannotBeRenewedSaysWhy(t *testing.T) {
	r := newRenewer(&host{}, nil, errors.New("it is part of another program"), nil)
	if _, err := r.renew(t.Context(), "test"); problem.CodeOf(err) != problem.RenewalFailed || !strings.Contains(err.Error(), "another program") {
		t.Errorf("%v", err)
	}
	if err := r.stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestARenewalWaitsForTheStart: it would find nothing to hand over before.
func TestARenewalWaitsForTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRenewer(&host{}, nil, nil, nil)
		refused := make(chan error, 1)
		go func() { _, err := r.renew(t.Context(), "test"); refused <- err }()
		synctest.Wait()
		failed := errors.New("the folder is full")
		if err := r.begin(failed); !errors.Is(err, failed) {
			t.Errorf("%v", err)
		}
		if err := <-refused; problem.CodeOf(err) != problem.RenewalFailed || !errors.Is(err, failed) {
			t.Errorf("%v", err)
		}
	})
}

func TestTheOldProcessFindsTheNewOneOnThisMachine(t *testing.T) {
	for address, want := range map[string]string{"127.0.0.1:7070": "127.0.0.1:7070", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80",
		"[::1]:80": "[::1]:80", "192.0.2.7:80": "192.0.2.7:80"} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(a); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestConnectionsAreCountedToTheLast(t *testing.T) {
	var c connections
	c.note(nil, http.StateNew)
	c.note(nil, http.StateActive)
	c.note(nil, http.StateNew)
	empty := c.leave()
	c.note(nil, http.StateIdle)
	c.note(nil, http.StateClosed)
	select {
	case <-empty:
		t.Error("one is open")
	default:
	}
	c.note(nil, http.StateClosed)
	select {
	case <-empty:
	case <-time.After(time.Minute):
		t.Error("all are closed")
	}
	select {
	case <-new(connections).leave():
	case <-time.After(time.Minute):
		t.Error("there were none")
	}
}
