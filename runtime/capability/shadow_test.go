package capability_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
)

// recorded runs a call under Record, ends it and returns its journal.
func recorded(t *testing.T, g *capability.Grant, run func(context.Context, *capability.Call) error) []byte {
	t.Helper()
	ctx, recorder := capability.Record(context.Background())
	call := g.Begin(ctx)
	if err := call.End(run(ctx, call)); err != nil {
		t.Fatal(err)
	}
	journal, err := recorder.Journal()
	if err != nil {
		t.Fatal(err)
	}
	return journal
}

func shadowOf(t *testing.T, journal []byte) context.Context {
	t.Helper()
	ctx, err := capability.Shadow(context.Background(), journal)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// count reads a number, adds one and says so in an event.
func count(ctx context.Context, c *capability.Call, key string) (int64, error) {
	v, _, err := c.Get(ctx, key)
	n, _ := v.(int64)
	return n + 1, errors.Join(err, c.Put(ctx, key, n+1), c.Emit(ctx, "counted", n+1))
}

func TestAShadowSeesWhatTheCallSawAndLeavesNoTrace(t *testing.T) {
	s, ring := services()
	g := grantOf(t, s, everything(), "state", "emit")
	counts := func(want int64) func(context.Context, *capability.Call) error {
		return func(ctx context.Context, c *capability.Call) error {
			got, err := count(ctx, c, "n")
			if got != want {
				t.Errorf("counted %d, want %d", got, want)
			}
			return err
		}
	}
	recorded(t, g, counts(1))
	journal := recorded(t, g, counts(2))
	recorded(t, g, counts(3))
	_, before := ring.Last()
	for range 2 {
		ctx := shadowOf(t, journal)
		c := g.Begin(ctx)
		if err := errors.Join(counts(2)(ctx, c), c.End(nil)); err != nil {
			t.Fatal(err)
		}
	}
	ctx := shadowOf(t, nil)
	c := g.Begin(ctx)
	if err := errors.Join(counts(4)(ctx, c), c.Delete(ctx, "n"), c.End(nil)); err != nil {
		t.Fatal(err)
	}
	if _, after := ring.Last(); after != before {
		t.Errorf("%d events were delivered", after-before)
	}
	recorded(t, g, counts(4))
}

func TestAShadowMayAskInAnyOrderAndForMore(t *testing.T) {
	s, _ := services()
	g := grantOf(t, s, everything(), "state", "clock", "random")
	set := func(a, b int64) {
		recorded(t, g, func(ctx context.Context, c *capability.Call) error {
			return errors.Join(c.Put(ctx, "a", a), c.Put(ctx, "b", b))
		})
	}
	set(1, 2)
	src := &sources{}
	var wall int64
	random := make([]byte, 4)
	journal := recorded(t, g, func(ctx context.Context, c *capability.Call) (err error) {
		_, _, err1 := c.Get(ctx, "a")
		_, _, err2 := c.Get(ctx, "none")
		wall, err = c.Wall(src.readWall)
		_, err3 := c.Monotonic(src.readMono)
		return errors.Join(err, err1, err2, err3, c.Random(random, func(b []byte) { copy(b, "seed") }))
	})
	set(3, 4)
	ctx := shadowOf(t, journal)
	c := g.Begin(ctx)
	again, more, odd := make([]byte, 4), make([]byte, 4), make([]byte, 3)
	fresh := func(b []byte) { copy(b, "more") }
	if err := errors.Join(c.Random(again, fresh), c.Random(more, fresh)); err != nil || string(again) != string(random) || string(more) != "more" {
		t.Errorf("random numbers %q, %q, %v", again, more, err)
	}
	if got, err := c.Wall(src.readWall); err != nil || got != wall {
		t.Errorf("the clock says %d, %v, want %d", got, err, wall)
	}
	if got, err := c.Monotonic(func() int64 { return 7 }); err != nil || got != 7 {
		t.Errorf("the clock for durations says %d, %v, want its own 7", got, err)
	}
	now := src.readWall()
	if got, err := c.Wall(func() int64 { return now }); err != nil || got != now {
		t.Errorf("the second reading says %d, %v, want %d", got, err, now)
	}
	b, _, err1 := c.Get(ctx, "b")
	_, found, err2 := c.Get(ctx, "none")
	a, _, err3 := c.Get(ctx, "a")
	if err := errors.Join(err1, err2, err3); err != nil || a != int64(1) || b != int64(4) || found {
		t.Errorf("a is %v, b is %v, none is there: %t, %v", a, b, found, err)
	}
	c = g.Begin(shadowOf(t, journal))
	if err := c.Random(odd, fresh); err != nil || string(odd) != "mor" {
		t.Errorf("another number of random bytes: %q, %v", odd, err)
	}
}

func TestAShadowSendsNothing(t *testing.T) {
	served := 0
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		served++
		w.WriteHeader(200 + served)
	})
	g := grantOf(t, capability.Services{AllowPrivateAddressesUnsafe: true},
		capability.Rule{Allow: []string{"http"}, HTTPHosts: []string{s.host()}, PlainHTTP: true}, "http")
	journal := recorded(t, g, func(ctx context.Context, c *capability.Call) error {
		_, err1 := c.Do(ctx, abi.HTTPRequest{URL: s.URL + "/a"})
		_, err2 := c.Do(ctx, abi.HTTPRequest{URL: s.URL + "/a"})
		_, err3 := c.Do(ctx, abi.HTTPRequest{Method: "POST", URL: s.URL + "/a", Body: []byte("x")})
		return errors.Join(err1, err2, err3)
	})
	ctx := shadowOf(t, journal)
	c := g.Begin(ctx)
	for _, x := range []struct {
		method, path string
		want         int
	}{{"POST", "/a", 203}, {"GET", "/a", 201}, {"", "/a", 202}, {"GET", "/a", 202}, {"POST", "/a", 203}} {
		if r, err := c.Do(ctx, abi.HTTPRequest{Method: x.method, URL: s.URL + x.path}); err != nil || r.Status != x.want {
			t.Errorf("%s %s: %+v, %v, want %d", x.method, x.path, r, err, x.want)
		}
	}
	for _, x := range []abi.HTTPRequest{{URL: s.URL + "/b"}, {Method: "PUT", URL: s.URL + "/a"}} {
		_, err := c.Do(ctx, x)
		wantCode(t, err, abi.CodeHTTPDenied)
	}
	aside, recorder := capability.Aside(context.Background())
	if recorder.Refused() {
		t.Error("a call was refused something before it began")
	}
	for _, ctx := range []context.Context{shadowOf(t, nil), aside} {
		_, err := g.Begin(ctx).Do(ctx, abi.HTTPRequest{URL: s.URL + "/a"})
		wantCode(t, err, abi.CodeHTTPDenied)
	}
	if !recorder.Refused() {
		t.Error("nobody says that a request was refused")
	}
	if n := s.hits.Load(); n != 3 {
		t.Errorf("the site was asked %d times, want 3", n)
	}
}

// TestAPairOfCallsSeesOneWorld is what the replay gate does.
func TestAPairOfCallsSeesOneWorld(t *testing.T) {
	s, ring := services()
	g := grantOf(t, s, everything(), "state", "emit")
	step := func(ctx context.Context) int64 {
		c := g.Begin(ctx)
		n, err := count(ctx, c, "n")
		if err := c.End(err); err != nil {
			t.Fatal(err)
		}
		return n
	}
	step(context.Background())
	ctx, recorder := capability.Aside(context.Background())
	if n := step(ctx); n != 2 {
		t.Fatalf("aside it counts %d", n)
	}
	journal, err := recorder.Journal()
	if err != nil {
		t.Fatal(err)
	}
	if n := step(context.Background()); n != 2 { // others go on meanwhile
		t.Fatalf("what ran aside was stored: %d", n)
	}
	if n := step(shadowOf(t, journal)); n != 2 {
		t.Errorf("the second of the pair counts %d", n)
	}
	if _, total := ring.Last(); total != 2 {
		t.Errorf("%d events, want those of the two real calls", total)
	}
}

func TestADamagedJournalMakesNoShadow(t *testing.T) {
	for _, journal := range []string{"SWJ2", "x", "SWJ1s", "SWJ1s\x05k", "SWJ1s\x01k\x09x"} {
		if _, err := capability.Shadow(context.Background(), []byte(journal)); err == nil {
			t.Errorf("%q was taken", journal)
		}
	}
}

// FuzzShadow gives any bytes as a journal: no panic, and no request.
func FuzzShadow(f *testing.F) {
	f.Add([]byte("SWJ1s\x01k\x02\x01r\x00\x05abcd"))
	f.Add([]byte("SWJ1w\x00\x02\x01"))
	f.Add([]byte("SWJ1h\x1dGET https://api.example.com/a\x02\x80"))
	s, _ := services()
	g := grantOf(f, s, everything(), "clock", "random", "state", "http")
	f.Fuzz(func(t *testing.T, journal []byte) {
		ctx, err := capability.Shadow(context.Background(), journal)
		if err != nil {
			return
		}
		c := g.Begin(ctx)
		_, _, _ = c.Get(ctx, "k")
		_, _ = c.Wall(func() int64 { return 1 })
		_ = c.Random(make([]byte, 4), func([]byte) {})
		_, _ = c.Do(ctx, abi.HTTPRequest{URL: "https://api.example.com/a"})
		if err := errors.Join(c.Put(ctx, "k", 1), c.End(nil)); err != nil {
			t.Error(err)
		}
		if e, _ := s.State.Get(ctx, "risk", "k"); e.Version != 0 {
			t.Fatal("a shadow wrote")
		}
	})
}
