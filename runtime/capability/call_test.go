package capability_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/problem"
)

func TestEventsAreDeliveredInOrderAfterSuccess(t *testing.T) {
	s, ring := services()
	s.Now = func() time.Time { return time.Unix(7, 0) }
	g, ctx := grantOf(t, s, everything(), "emit"), context.Background()
	call := g.Begin(ctx)
	data := map[string]any{"n": 1}
	for n := range 3 {
		data["n"] = n
		if err := call.Emit(ctx, "a.b-c_1", data); err != nil {
			t.Fatal(err)
		}
	}
	if _, total := ring.Last(); total != 0 {
		t.Fatalf("%d events before the end", total)
	}
	if err := errors.Join(call.End(nil), call.End(nil)); err != nil {
		t.Fatal(err)
	}
	list, total := ring.Last()
	if total != 3 {
		t.Fatalf("%d events, want 3", total)
	}
	for n, e := range list {
		want := capability.Event{Strategy: "risk", Release: "1.0.0", Type: "a.b-c_1", Data: map[string]any{"n": int64(n)}, Time: time.Unix(7, 0).UTC()}
		if fmt.Sprint(e) != fmt.Sprint(want) {
			t.Errorf("event %v, want %v", e, want)
		}
	}
}

func TestACallThatFailsLeavesNoTrace(t *testing.T) {
	s, ring := services()
	g, ctx := grantOf(t, s, everything(), "emit", "state"), context.Background()
	failed := errors.New("fault")
	for _, end := range []func(*capability.Call){
		func(c *capability.Call) {
			if err := c.End(failed); err != failed {
				t.Errorf("End = %v", err)
			}
		},
		(*capability.Call).Abort,
		func(c *capability.Call) { c.Abort(); _ = c.End(nil) },
	} {
		call := g.Begin(ctx)
		if err := errors.Join(call.Emit(ctx, "t", nil), call.Put(ctx, "k", 1)); err != nil {
			t.Fatal(err)
		}
		end(call)
		wantCode(t, call.Emit(ctx, "t", nil), abi.CodeNotInCall)
		wantCode(t, call.Put(ctx, "k", 1), abi.CodeNotInCall)
	}
	if _, total := ring.Last(); total != 0 {
		t.Errorf("%d events were delivered", total)
	}
	if e, _ := s.State.Get(ctx, "risk", "k"); e.Version != 0 {
		t.Errorf("stored %+v", e)
	}
}

func TestNoEventIsDeliveredWhenTheStateIsRefused(t *testing.T) {
	s, ring := services()
	g, ctx := grantOf(t, s, everything(), "emit", "state"), context.Background()
	call := g.Begin(ctx)
	if _, _, err := call.Get(ctx, "k"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(call.Emit(ctx, "t", nil), call.Put(ctx, "k", 1)); err != nil {
		t.Fatal(err)
	}
	other := g.Begin(ctx)
	if err := errors.Join(other.Put(ctx, "k", 2), other.End(nil)); err != nil {
		t.Fatal(err)
	}
	if err := call.End(nil); problem.CodeOf(err) != problem.StateConflict {
		t.Fatalf("End = %v, want %s", err, problem.StateConflict)
	}
	if _, total := ring.Last(); total != 0 {
		t.Errorf("%d events were delivered", total)
	}
}

func TestEventsAreBounded(t *testing.T) {
	s, ring := services()
	s.Limits = capability.Limits{Events: 3, EventBytes: 100}
	g, ctx := grantOf(t, s, everything(), "emit"), context.Background()
	for name, c := range map[string]struct {
		typ  string
		data any
		fit  int
		code string
	}{
		"many":         {"t", nil, 3, abi.CodeQuota},
		"large":        {"t", strings.Repeat("x", 200), 0, abi.CodeQuota},
		"two of three": {"t", strings.Repeat("x", 40), 2, abi.CodeQuota},
		"no type":      {"", nil, 0, abi.CodeBadRequest},
		"long type":    {strings.Repeat("t", 65), nil, 0, abi.CodeBadRequest},
		"line in type": {"a\nb", nil, 0, abi.CodeBadRequest},
		"no value":     {"t", make(chan int), 0, abi.CodeBadRequest},
	} {
		call := g.Begin(ctx)
		fit := 0
		var err error
		for err = call.Emit(ctx, c.typ, c.data); err == nil && fit < 10; err = call.Emit(ctx, c.typ, c.data) {
			fit++
		}
		if fit != c.fit {
			t.Errorf("%s: %d events fit, want %d", name, fit, c.fit)
		}
		wantCode(t, err, c.code)
		call.Abort()
	}
	if _, total := ring.Last(); total != 0 {
		t.Error("an aborted call delivered")
	}
}

func TestARingKeepsTheNewest(t *testing.T) {
	r := capability.NewRing(3)
	for n := range 8 {
		r.Deliver([]capability.Event{{Type: fmt.Sprint(n)}})
		list, total := r.Last()
		if total != int64(n+1) || list[len(list)-1].Type != fmt.Sprint(n) || list[0].Type != fmt.Sprint(max(0, n-2)) {
			t.Errorf("after %d: %v of %d", n, list, total)
		}
	}
}

func TestTheLogKeepsEventsApart(t *testing.T) {
	var b bytes.Buffer
	capability.Sinks{capability.LogSink{Log: slog.New(slog.NewTextHandler(&b, nil))}}.Deliver([]capability.Event{
		{Strategy: "risk", Release: "1.0.0", Type: "t", Data: map[string]any{"strategy": "other\nlevel=ERROR"}}})
	if text := b.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "strategy=risk release=1.0.0 type=t") {
		t.Errorf("logged %s", text)
	}
}

func TestAnEventFileHasOneLineForEachEventAndTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	var complaints bytes.Buffer
	f, err := capability.OpenEventFile(path, 300, slog.New(slog.NewTextHandler(&complaints, nil)))
	if err != nil {
		t.Fatal(err)
	}
	e := capability.Event{Strategy: "risk", Release: "1.0.0", Type: "t", Time: time.Unix(7, 0).UTC()}
	for n := range 4 {
		e.Data = map[string]any{"n": int64(n), "text": "line\nbreak"}
		f.Deliver([]capability.Event{e})
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	f.Deliver([]capability.Event{e}) // after Close: opened again
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var types []any
	for _, name := range []string{path + ".1", path} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			v, err := wire.ParseJSONMap([]byte(strings.TrimSuffix(line, "\n")))
			if err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			types = append(types, v["data"].(map[string]any)["n"])
		}
	}
	if len(types) < 3 || types[len(types)-1] != int64(3) {
		t.Errorf("the files hold %v", types)
	}
	if complaints.Len() > 0 {
		t.Error(complaints.String())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() > 300 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

func TestEventsThatCannotBeWrittenAreReported(t *testing.T) {
	var complaints bytes.Buffer
	dir := t.TempDir()
	f, err := capability.OpenEventFile(filepath.Join(dir, "sub.jsonl"), 1, slog.New(slog.NewTextHandler(&complaints, nil)))
	if err != nil {
		t.Fatal(err)
	}
	f.Deliver([]capability.Event{{Type: "a"}})
	if err := os.Mkdir(filepath.Join(dir, "sub.jsonl.1"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.Deliver([]capability.Event{{Type: "b"}}) // the old file cannot be moved
	if !strings.Contains(complaints.String(), "events=1") {
		t.Errorf("reported %q", complaints.String())
	}
	_ = f.Close()
}

func TestMalformedRequestsAreAnswered(t *testing.T) {
	s, _ := services()
	g, ctx := grantOf(t, s, everything(), "emit", "http", "state"), context.Background()
	call := g.Begin(ctx)
	type m = map[string]any
	for _, c := range []struct {
		name    string
		request any
		code    any
	}{
		{"emit", m{"type": "t", "data": 1}, nil},
		{"emit", m{"type": "t"}, nil},
		{"emit", "t", abi.CodeBadRequest},
		{"emit", nil, abi.CodeBadRequest},
		{"emit", m{"data": 1}, abi.CodeBadRequest},
		{"emit", m{"type": 1}, abi.CodeBadRequest},
		{"emit", m{"type": "t", "extra": 1}, abi.CodeBadRequest},
		{"state", m{"put": "k", "value": nil}, nil},
		{"state", m{"get": "k"}, nil},
		{"state", m{"delete": "k"}, nil},
		{"state", m{}, abi.CodeBadRequest},
		{"state", m{"put": "k"}, abi.CodeBadRequest},
		{"state", m{"get": "k", "delete": "k"}, abi.CodeBadRequest},
		{"state", m{"get": "k", "value": 1}, abi.CodeBadRequest},
		{"state", m{"get": ""}, abi.CodeBadRequest},
		{"state", m{"put": "", "value": 1}, abi.CodeBadRequest},
		{"state", m{"get": 1}, abi.CodeBadRequest},
		{"state", m{"get": strings.Repeat("k", 300)}, abi.CodeQuota},
		{"state", m{"put": "k", "value": strings.Repeat("v", 70<<10)}, abi.CodeQuota},
		{"http", m{}, abi.CodeBadRequest},
		{"http", m{"url": 1}, abi.CodeBadRequest},
		{"http", m{"url": "https://api.example.com", "method": 1}, abi.CodeBadRequest},
		{"http", m{"url": "https://api.example.com", "headers": m{"a": 1}}, abi.CodeBadRequest},
		{"http", m{"url": "https://api.example.com", "headers": []any{}}, abi.CodeBadRequest},
		{"http", m{"url": "https://api.example.com", "body": 1}, abi.CodeBadRequest},
		{"http", m{"url": "https://api.example.com", "proxy": "x"}, abi.CodeBadRequest},
		{"http", m{"url": "https://other.example.com"}, abi.CodeHTTPDenied},
		{"shell", m{}, abi.CodeBadRequest},
	} {
		reply := call.Serve(ctx, c.name, c.request)
		if len(reply) != 2 || reply[0] != c.code {
			t.Errorf("%s %v: reply %v, want code %v", c.name, c.request, reply, c.code)
		}
		if _, err := wire.Append(nil, reply); err != nil {
			t.Errorf("%s: the reply cannot be encoded: %v", c.name, err)
		}
	}
	var none *capability.Call
	if reply := none.Serve(ctx, "emit", m{"type": "t"}); reply[0] != abi.CodeNotInCall {
		t.Errorf("without a call: %v", reply)
	}
}
