package runtime_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/trust"
)

// actor counts its calls in the state, emits an event and asks a site, and answers
// with what came of it and a decision. The test may watch what it does.
type actor struct {
	state   abi.State
	emitter abi.Emitter
	http    abi.HTTP
	site    string
	version int64
	limit   int64
	stage   *stage
}

// stage is where the actors of a test act.
type stage struct {
	site    *httptest.Server
	hits    atomic.Int64
	events  *capability.Ring
	store   *capability.Memory
	entered atomic.Int64                // calls of release 2
	in      func(in map[string]any)     // sees the inputs of release 2; nil for nobody
	wait    atomic.Pointer[chan string] // holds up release 2 while it is there
}

func (s *stage) construct(h abi.Host) (abi.Strategy, error) {
	a := &actor{stage: s, site: s.site.URL}
	a.state, a.emitter, a.http = h.(abi.State), h.(abi.Emitter), h.(abi.HTTP)
	a.version, _ = h.Config()["version"].(int64)
	a.limit, _ = h.Config()["limit"].(int64)
	return a, nil
}

func (a *actor) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	if a.version == 2 && in["golden"] == nil {
		if err := a.stage.pass(ctx, in); err != nil {
			return nil, err
		}
	}
	if a.version == 1 && in["break"] == true {
		panic("as the input says")
	}
	if in["linger"] == true { // until the caller is gone
		<-ctx.Done()
		return nil, ctx.Err()
	}
	amount, _ := in["amount"].(int64)
	out := map[string]any{"decision": "approve", "limits": []any{map[string]any{"max": a.limit}}}
	if amount > a.limit {
		out["decision"] = "decline"
	}
	if in["reject"] == true {
		return nil, abi.Reject("rejected", fmt.Sprint("by ", a.version))
	}
	if in["golden"] != nil || in["plain"] == true {
		return out, nil
	}
	return out, a.act(ctx, out, in["offline"] == true)
}

// act does all that leaves a trace.
func (a *actor) act(ctx context.Context, out map[string]any, offline bool) error {
	v, _, err := a.state.Get(ctx, "calls")
	if err != nil {
		return err
	}
	n, _ := v.(int64)
	if err := a.state.Put(ctx, "calls", n+1); err != nil {
		return err
	}
	if err := a.emitter.Emit(ctx, "called", a.version); err != nil {
		return err
	}
	out["calls"] = n + 1
	if offline {
		return nil
	}
	for _, r := range []abi.HTTPRequest{{URL: a.site + "/rate"}, {Method: http.MethodPost, URL: a.site + "/book", Body: []byte("1")}} {
		got, err := a.http.Do(ctx, r)
		if err != nil {
			return err
		}
		out[r.URL[len(a.site):]] = string(got.Body)
	}
	return nil
}

// pass is where the test watches release 2.
func (s *stage) pass(ctx context.Context, in map[string]any) error {
	s.entered.Add(1)
	if s.in != nil {
		s.in(in)
	}
	if wait := s.wait.Load(); wait != nil {
		select {
		case <-*wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// actors is a world that serves release 1 of an actor, which approves up to 100,
// and knows release 2, which does so up to a limit.
func actors(t testing.TB, limit int64) (*world, *stage) {
	w, s := newWorld(t), &stage{events: capability.NewRing(100_000), store: new(capability.Memory)}
	s.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, s.hits.Add(1))
	}))
	t.Cleanup(s.site.Close)
	w.mem = memdriver.New(map[string]abi.Constructor{"actor": s.construct})
	w.cfg = w.config()
	services := capability.Services{State: s.store, Events: s.events, AllowPrivateAddressesUnsafe: true}.Open()
	t.Cleanup(services.Close)
	w.cfg.Capabilities = services
	doc := trust.DevelopmentPolicy(w.key, time.Now())
	doc.Capabilities = []trust.CapabilityRule{{Patterns: []string{"*"}, Allow: capability.Words(),
		HTTPHosts: []string{strings.TrimPrefix(s.site.URL, "http://")}, PlainHTTP: true}}
	w.policy = policyOf(t, w.key, doc)
	w.cfg.Policy = w.policy
	w.open()
	w.deploy(actorRelease(1, 100))
	w.hold(actorRelease(2, limit))
	return w, s
}

func actorRelease(version int, limit int64) build {
	b := release(version)
	b.artifact = fmt.Appendf(nil, "actor\nversion %d\n", version)
	b.Artifact = artifactOf(b.artifact)
	b.Config = map[string]any{"version": int64(version), "limit": limit}
	b.Capabilities = []string{"emit", "http", "state"}
	b.Golden = []manifest.GoldenCase{{Name: "large", Input: map[string]any{"golden": true, "amount": int64(1_000_000)},
		Output: map[string]any{"decision": "decline", "limits": []any{map[string]any{"max": limit}}}}}
	return b
}

// trace is what actors left behind.
func (s *stage) trace(t testing.TB) (calls, events, hits int64) {
	t.Helper()
	e, err := s.store.Get(context.Background(), name, "calls")
	must(t, err)
	_, events = s.events.Last()
	list, _ := s.events.Last()
	for _, one := range list {
		if one.Release != "1.0.0" {
			t.Errorf("release %s delivered %v", one.Release, one)
		}
	}
	return int64(e.Version), events, s.hits.Load()
}

// ask makes live calls, every other one as text, and returns how long they took.
func (w *world) ask(n int, amount func(i int) int64, more map[string]any) (took time.Duration) {
	w.t.Helper()
	for i := range n {
		in := map[string]any{"amount": amount(i), "customer": fmt.Sprint("c", i), "card": map[string]any{"number": "4111222233334444"}}
		for k, v := range more {
			in[k] = v
		}
		var resp runtime.Response
		var err error
		if i%2 == 0 {
			resp, err = w.rt.Execute(context.Background(), name, in)
		} else {
			text := fmt.Sprintf(`{"amount":%d,"customer":"c%d","card":{"number":"4111222233334444"},"plain":%t,"offline":%t}`,
				amount(i), i, more["plain"] == true, more["offline"] == true)
			resp, err = w.rt.ExecuteText(context.Background(), name, []byte(text), []byte("before "))
		}
		must(w.t, err)
		if resp.Release.Version != "1.0.0" {
			w.t.Fatalf("release %s answered", resp.Release.Version)
		}
		took += resp.Executed
	}
	return took
}

func plain(amount func(i int) int64) (func(i int) int64, map[string]any) {
	return amount, map[string]any{"plain": true}
}

func small(int) int64    { return 1 }
func rising(i int) int64 { return int64(i) }

// shadowed is a policy of a test that begins in the shadow of all calls.
func shadowed(more map[string]any) map[string]any {
	shadow := map[string]any{"share": int64(100), "budget": int64(10), "for_s": int64(3600), "calls": int64(50), "max_different": 0.01}
	for k, v := range more {
		shadow[k] = v
	}
	return half(map[string]any{"shadow": shadow, "guards": []any{}})
}

// shadowCalls is how many calls the candidate has had in the shadow.
func (w *world) shadowCalls() (n int64) {
	for _, a := range w.rollout().Arms {
		if a.Arm == rollout.ArmShadow {
			n = a.Calls
		}
	}
	return n
}

// seen collects what release 2 is asked.
type seen struct {
	mu   sync.Mutex
	list []map[string]any
}

func (s *seen) add(in map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, in)
}

func (s *seen) all() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]map[string]any(nil), s.list...)
}
