package worker_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// TestNoiseFromAWorkerHarmsNobodyElse: a worker writes noise over all that it
// shares with the host.
func TestNoiseFromAWorkerHarmsNobodyElse(t *testing.T) {
	other := load(t, config(), specOf(t, "wild", nil))
	for seed := range int64(4) {
		in := load(t, config(), specOf(t, "wild", nil))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 40 {
					_, err := in.Execute(within(t, 20*time.Millisecond), map[string]any{"n": int64(7)})
					var f *driver.Fault
					var b *abi.Error
					if err != nil && !errors.As(err, &f) && !errors.As(err, &b) && problem.CodeOf(err) == "" {
						t.Errorf("%T %v", err, err)
					}
				}
			})
		}
		_, _ = in.Execute(within(t, 200*time.Millisecond), map[string]any{"do": "garble", "seed": seed})
		wg.Wait()
		answers(t, other)
	}
}

// TestLongValuesCrossInParts in both directions and both forms.
func TestLongValuesCrossInParts(t *testing.T) {
	in := load(t, config(), specOf(t, "wild", nil))
	for _, parts := range []int64{0, 1, 3, 7} {
		part := strings.Repeat("x", 1<<20-16)
		list := make([]any, parts)
		for i := range list {
			list[i] = part
		}
		out, err := in.Execute(within(t, time.Minute), map[string]any{"list": list})
		if err != nil || !wire.Equal(out, map[string]any{"list": list}) {
			t.Fatalf("%d parts: %d members, %v", parts, len(out), err)
		}
		out, err = in.Execute(within(t, time.Minute), map[string]any{"do": "big", "parts": parts})
		if err != nil || !wire.Equal(out, map[string]any{"list": list}) {
			t.Fatalf("%d parts back: %d members, %v", parts, len(out), err)
		}
		text, err := wire.AppendJSON(nil, map[string]any{"list": list})
		if err != nil {
			t.Fatal(err)
		}
		got, err := in.(driver.Textual).ExecuteText(within(t, time.Minute), text, []byte("before"), new(driver.Usage))
		if err != nil || string(got) != "before"+string(text) {
			t.Fatalf("%d parts as text: %d bytes of %d, %v", parts, len(got), len(text), err)
		}
	}
	_, err := in.Execute(within(t, time.Minute), map[string]any{"do": "big", "parts": int64(9)})
	wantFault(t, err, problem.FaultABI, "too large")
	_, err = in.Execute(within(t, time.Minute), map[string]any{"x": strings.Repeat("x", 2<<20)})
	if problem.CodeOf(err) != problem.ValueTooLarge {
		t.Errorf("too long an input: %v", err)
	}
	if _, err = in.(driver.Textual).ExecuteText(within(t, time.Minute), []byte(`{"a":1,"a":2}`), nil, new(driver.Usage)); problem.CodeOf(err) != problem.DuplicateKey {
		t.Errorf("a bad text: %v", err)
	}
	answers(t, in)
}

func TestAWorkerInheritsItsChannelAlone(t *testing.T) {
	t.Setenv("SWAPLINE_TOKEN", "secret")
	in := load(t, config(), specOf(t, "wild", nil))
	out, err := in.Execute(within(t, time.Minute), do("look"))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, f := range out["files"].([]any) {
		kind, _, _ := strings.Cut(f.(string), ":")
		kinds = append(kinds, kind)
	}
	got := strings.Join(kinds, " ")
	if want := "/dev/null pipe pipe /memfd pipe"; !strings.HasPrefix(got, want) || strings.Contains(got, "socket") {
		t.Errorf("it has open: %s", got)
	}
	for _, v := range out["env"].([]any) {
		if name, _, _ := strings.Cut(v.(string), "="); name != "SWAPLINE_TEST" && name != "SWAPLINE_CHILD" && name != "GOTRACEBACK" {
			t.Errorf("it knows %s", v)
		}
	}
}

// granted gives the release what a call collects, and a log.
func granted(t *testing.T, spec driver.Spec, url string, more ...string) (driver.Spec, *lines) {
	t.Helper()
	services := capability.Services{State: new(capability.Memory), AllowPrivateAddressesUnsafe: true}.Open()
	t.Cleanup(services.Close)
	spec.Manifest.Capabilities = append(more, abi.CapabilityHTTP, abi.CapabilityLog, abi.CapabilityState)
	var err error
	spec.Grant, err = services.Grant(spec.Manifest, capability.Rule{Allow: capability.Words(), PlainHTTP: true,
		HTTPHosts: []string{strings.TrimPrefix(url, "http://")}})
	if err != nil {
		t.Fatal(err)
	}
	log := new(lines)
	spec.Log = slog.New(slog.NewTextHandler(log, nil))
	return spec, log
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestRequestsOfOneCallAreSentAtATime(t *testing.T) {
	var together sync.WaitGroup
	together.Add(4)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		together.Done()
		arrived := make(chan struct{})
		go func() { together.Wait(); close(arrived) }()
		select {
		case <-arrived:
		case <-r.Context().Done():
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Answer", r.Header.Get("X-From"))
		_, _ = w.Write(append(body, ' '))
	}))
	defer server.Close()
	spec, _ := granted(t, specOf(t, "wild", nil), server.URL)
	in := load(t, config(), spec)
	out, err := in.Execute(within(t, time.Minute), map[string]any{"do": "http", "url": server.URL})
	if want := []any{"hello wild", "hello wild", "hello wild", "hello wild"}; err != nil || !wire.Equal(out["bodies"], want) {
		t.Errorf("got %v, %v", out, err)
	}
}

// TestTheClockFollowsTheHosts from call to call, and stands still for who may not
// know it.
func TestTheClockFollowsTheHosts(t *testing.T) {
	spec, _ := granted(t, specOf(t, "wild", nil), "http://127.0.0.1:1", abi.CapabilityClock)
	c := &clock{now: time.Unix(1_000_000, 0)}
	spec.Now = c.Now
	in := load(t, config(), spec)
	without := specOf(t, "wild", nil)
	without.Now, without.Manifest.Issued = c.Now, time.Unix(5, 0)
	blind := load(t, config(), without)
	for _, want := range []int64{1_000_000, 1_000_500, 7} {
		c.pass(time.Unix(want, 0).Sub(c.Now()))
		if out, err := in.Execute(within(t, time.Minute), do("now")); err != nil || out["unix"] != want {
			t.Errorf("it is %v, %v, want %d", out, err, want)
		}
		if out, err := blind.Execute(within(t, time.Minute), do("now")); err != nil || out["unix"] != int64(5) {
			t.Errorf("without the capability it is %v, %v", out, err)
		}
	}
}

func TestTheDeadlineReachesTheStrategy(t *testing.T) {
	in := load(t, config(), specOf(t, "wild", nil))
	out, err := in.Execute(within(t, time.Hour), do("left"))
	if ms, _ := out["ms"].(int64); err != nil || out["bounded"] != true || ms > 3_600_000 || ms < 3_000_000 {
		t.Errorf("with an hour left: %v, %v", out, err)
	}
	if out, err = in.Execute(context.Background(), do("left")); err != nil || out["bounded"] != false {
		t.Errorf("without a deadline: %v, %v", out, err)
	}
}

// TestNothingHappensOutsideOfACall: what a strategy asks for without a call's
// context, or when its call is over, is refused.
func TestNothingHappensOutsideOfACall(t *testing.T) {
	spec, log := granted(t, specOf(t, "wild", nil), "http://127.0.0.1:1")
	in := load(t, config(), spec)
	_, err := in.Execute(within(t, time.Minute), do("stray"))
	var b *abi.Error
	if !errors.As(err, &b) || b.Code != abi.CodeNotInCall {
		t.Errorf("without a call's context: %v", err)
	}
	poor := load(t, config(), specOf(t, "wild", nil))
	if _, err := poor.Execute(within(t, time.Minute), do("stray")); !errors.As(err, &b) || b.Code != abi.CodeCapabilityDenied {
		t.Errorf("without the capability: %v", err)
	}
	if _, err := in.Execute(context.Background(), do("late")); err != nil {
		t.Fatal(err)
	}
	await(t, "the late line", func() bool { return strings.Contains(log.String(), "msg=late") })
	if !strings.Contains(log.String(), abi.CodeNotInCall) {
		t.Errorf("after its end: %s", log)
	}
}
