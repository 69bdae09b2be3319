package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// newHost makes a Host that was granted what a test may want to use.
func newHost(log *slog.Logger, clock func() time.Time) *Host {
	return hostOf(driver.Spec{Log: log, Now: clock, Manifest: &manifest.Manifest{}},
		abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityLog, abi.CapabilityRandom, abi.CapabilityState)
}

// hostOf makes a Host of a release that was granted the words.
func hostOf(spec driver.Spec, words ...string) *Host {
	if spec.Log == nil {
		spec.Log = slog.New(slog.DiscardHandler)
	}
	if spec.Now == nil {
		spec.Now = time.Now
	}
	spec.Manifest.Capabilities = words
	g, err := capability.Services{State: new(capability.Memory), Log: spec.Log}.Open().Grant(spec.Manifest, capability.Rule{Allow: words})
	if err != nil {
		panic(err)
	}
	spec.Grant = g
	h := hostFor(spec)
	h.fuel.begin(context.Background(), 1<<40)
	return h
}

// importOf is what a guest calls.
func importOf(t *testing.T, module, name string) func(*Host, Memory, []uint64) error {
	t.Helper()
	for _, i := range hostImports() {
		if i.Module == module && i.Name == name {
			return i.Call
		}
	}
	t.Fatalf("no import %s %s", module, name)
	return nil
}

// encoded writes a request to the memory and returns its length.
func encoded(t *testing.T, m flatMemory, ptr int, v any) uint64 {
	t.Helper()
	b, err := wire.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return uint64(copy(m[ptr:], b))
}

func TestARequestFunctionTrustsNoGuest(t *testing.T) {
	get := map[string]any{abi.KeyGet: "k"}
	part := make([]byte, 1<<20)
	large, err := wire.Append(nil, map[string]any{abi.KeyPut: "k", abi.KeyValue: []any{part, part, part}}) // well formed
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ptr, size uint64 // size 0: that of the request
		bytes     []byte // instead of the request
	}{
		"outside":           {ptr: 4 << 20, size: 1},
		"over the end":      {ptr: 4<<20 - 2, size: 10},
		"sum over 32 bits":  {ptr: 1<<32 - 1, size: 2},
		"larger than most":  {bytes: large},
		"negative":          {size: 1<<32 - 1},
		"no value":          {bytes: []byte{}, size: 0},
		"cut":               {bytes: []byte{0xa1, 0x63}},
		"indefinite":        {bytes: []byte{0x5f, 0x41, 0x00, 0xff}},
		"bomb":              {bytes: []byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		"deep":              {bytes: bytes.Repeat([]byte{0x81}, 10_000)},
		"tag":               {bytes: []byte{0xc0, 0x60}},
		"bytes after it":    {bytes: []byte{0xf6, 0xf6}},
		"keys out of order": {bytes: []byte{0xa2, 0x61, 'b', 0x00, 0x61, 'a', 0x00}},
	} {
		t.Run(name, func(t *testing.T) {
			m, h := make(flatMemory, 4<<20), newHost(slog.New(slog.DiscardHandler), time.Now)
			h.begin()
			h.enter(t.Context())
			size := c.size
			if c.bytes != nil {
				size = uint64(copy(m, c.bytes))
			}
			stack := []uint64{c.ptr, size}
			if err := importOf(t, abi.ImportModule, abi.ImportState)(h, m, stack); err == nil || h.fault().Code != problem.FaultABI {
				t.Fatalf("err = %v, fault %v", err, h.violation)
			}
			if err := importOf(t, abi.ImportModule, abi.ImportReply)(h, m, []uint64{0}); err == nil {
				t.Error("there is a reply")
			}
		})
	}
	m, h := make(flatMemory, 4<<20), newHost(slog.New(slog.DiscardHandler), time.Now)
	h.begin()
	h.enter(t.Context())
	stack := []uint64{1<<40 | 100, 1<<50 | encoded(t, m, 100, get)} // the upper halves are noise
	if err := importOf(t, abi.ImportModule, abi.ImportState)(h, m, stack); err != nil || stack[0] == 0 {
		t.Fatalf("a good request: %v, %d", err, stack[0])
	}
}

func TestAReplyIsTakenOnceAndFits(t *testing.T) {
	m, h := make(flatMemory, 1<<16), newHost(slog.New(slog.DiscardHandler), time.Now)
	state, reply := importOf(t, abi.ImportModule, abi.ImportState), importOf(t, abi.ImportModule, abi.ImportReply)
	ask := func() uint64 {
		h.begin()
		h.enter(t.Context())
		stack := []uint64{0, encoded(t, m, 0, map[string]any{abi.KeyGet: "k"})}
		if err := state(h, m, stack); err != nil {
			t.Fatal(err)
		}
		return stack[0]
	}
	n := ask()
	if err := reply(h, m, []uint64{1000}); err != nil {
		t.Fatal(err)
	}
	v, err := wire.Decode(m[1000 : 1000+n])
	if err != nil || !wire.Equal(v, []any{nil, map[string]any{abi.KeyValue: nil, abi.KeyFound: false}}) {
		t.Errorf("the reply is %v, %v", v, err)
	}
	if err := reply(h, m, []uint64{1000}); err == nil {
		t.Error("a reply was given twice")
	}
	ask()
	if err := reply(h, m, []uint64{1<<16 - 1}); err == nil {
		t.Error("a reply was written outside of the memory")
	}
	ask()
	h.begin()
	if err := reply(h, m, []uint64{0}); err == nil {
		t.Error("a reply outlived its call")
	}
}

func TestHostFunctionsAreCounted(t *testing.T) {
	m := make(flatMemory, 1<<16)
	spec := driver.Spec{Manifest: &manifest.Manifest{Limits: manifest.Limits{HostCalls: 7}}}
	for _, c := range []struct {
		module, name string
		stack        []uint64
		counted      bool
	}{
		{abi.ImportModule, abi.ImportState, []uint64{0, encoded(t, m, 0, map[string]any{abi.KeyGet: "k"})}, true},
		{abi.ImportModule, abi.ImportRandom, []uint64{100, 8}, true},
		{wasiModule, "fd_write", []uint64{1, 200, 0, 300}, true},
		{wasiModule, "random_get", []uint64{100, 8}, true},
		{wasiModule, "poll_oneoff", []uint64{1000, 2000, 1, 3000}, true},
		{wasiModule, "path_open", make([]uint64, 9), true},
		{wasiModule, "clock_time_get", []uint64{0, 0, 100}, false},
		{abi.ImportModule, abi.ImportNow, []uint64{0}, false},
	} {
		h := hostOf(spec, abi.CapabilityState, abi.CapabilityRandom)
		call := importOf(t, c.module, c.name)
		for round := range 2 {
			h.begin()
			h.enter(t.Context())
			n := 0
			for n < 20 && call(h, m, append([]uint64(nil), c.stack...)) == nil {
				n++
			}
			if want := map[bool]int{true: 7, false: 20}[c.counted]; n != want {
				t.Errorf("%s, round %d: %d calls, want %d", c.name, round, n, want)
			}
			if c.counted && h.fault().Code != problem.FaultHost {
				t.Errorf("%s: %v", c.name, h.violation)
			}
		}
	}
}

func TestARequestEndsWithItsCall(t *testing.T) {
	m, h := make(flatMemory, 1<<16), newHost(slog.New(slog.DiscardHandler), time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.begin()
	h.enter(ctx)
	stack := []uint64{0, encoded(t, m, 0, map[string]any{abi.KeyGet: "k"})}
	if err := importOf(t, abi.ImportModule, abi.ImportState)(h, m, stack); !errors.Is(err, ErrInterrupted) {
		t.Errorf("err = %v, want %v", err, ErrInterrupted)
	}
}

func TestRequestsBeforeTheFirstCallAreAnswered(t *testing.T) {
	m, h := make(flatMemory, 1<<16), newHost(slog.New(slog.DiscardHandler), time.Now)
	h.begin()
	stack := []uint64{0, encoded(t, m, 0, map[string]any{abi.KeyPut: "k", abi.KeyValue: nil})}
	if err := importOf(t, abi.ImportModule, abi.ImportState)(h, m, stack); err != nil {
		t.Fatal(err)
	}
	v, err := wire.Decode(h.reply)
	if list, _ := v.([]any); err != nil || list[0] != abi.CodeNotInCall {
		t.Errorf("reply %v, %v", v, err)
	}
}

func TestRequestsAndLogLinesAreJSONWhereTheManifestSaysSo(t *testing.T) {
	var log bytes.Buffer
	m := make(flatMemory, 1<<16)
	h := hostOf(driver.Spec{Log: slog.New(slog.NewTextHandler(&log, nil)), Manifest: &manifest.Manifest{Encoding: manifest.EncodingJSON}},
		abi.CapabilityLog, abi.CapabilityState)
	h.begin()
	h.enter(t.Context())
	n := copy(m, `{"put":"k","value":{"$bytes":"AQI="}}`)
	if err := importOf(t, abi.ImportModule, abi.ImportState)(h, m, []uint64{0, uint64(n)}); err != nil || string(h.reply) != `[null,null]` {
		t.Errorf("put: %v, reply %s", err, h.reply)
	}
	n = copy(m, `{"get":"k"}`)
	if err := importOf(t, abi.ImportModule, abi.ImportState)(h, m, []uint64{0, uint64(n)}); err != nil || string(h.reply) != `[null,{"found":true,"value":{"$bytes":"AQI="}}]` {
		t.Errorf("get: %v, reply %s", err, h.reply)
	}
	n = copy(m, `["hello",{"a":1}]`)
	if err := importOf(t, abi.ImportModule, abi.ImportLog)(h, m, []uint64{0, 0, uint64(n)}); err != nil || !strings.Contains(log.String(), "msg=hello fields.a=1") {
		t.Errorf("log: %v, %s", err, log.String())
	}
	n = copy(m, "\xf6")
	if err := importOf(t, abi.ImportModule, abi.ImportState)(h, m, []uint64{0, uint64(n)}); err == nil {
		t.Error("CBOR was read")
	}
}

func TestTheManifestSaysHowMuchIsLogged(t *testing.T) {
	for limit, want := range map[int64]int{0: maxLogBytes, 1000: 1000, 200_000: 200_000} {
		var log bytes.Buffer
		h := hostOf(driver.Spec{Log: slog.New(slog.NewJSONHandler(&log, nil)), Manifest: &manifest.Manifest{Limits: manifest.Limits{LogBytes: limit}}}, abi.CapabilityLog)
		h.begin()
		for range 2000 {
			h.output([]byte(strings.Repeat("x", 499) + "\n"))
		}
		if got := strings.Count(log.String(), "x"); got > want || got < want*9/10 {
			t.Errorf("limit %d: %d bytes were logged, want about %d", limit, got, want)
		}
	}
}

func TestWithoutLogNothingIsLogged(t *testing.T) {
	var log bytes.Buffer
	h := hostOf(driver.Spec{Log: slog.New(slog.NewTextHandler(&log, nil)), Manifest: &manifest.Manifest{}})
	h.begin()
	for range 200 {
		h.output([]byte("runtime: out of memory\n"))
	}
	if log.Len() > 0 || !h.outOfMemory {
		t.Errorf("logged %q; out of memory: %t", log.String(), h.outOfMemory)
	}
}

func TestWithoutClockTheTimeStandsStill(t *testing.T) {
	issued := time.Date(2026, 11, 1, 9, 30, 0, 0, time.UTC)
	m, h := make(flatMemory, 1<<16), hostOf(driver.Spec{Manifest: &manifest.Manifest{Issued: issued}})
	read := func(clock uint64) int64 {
		if err := importOf(t, wasiModule, "clock_time_get")(h, m, []uint64{clock, 0, 64}); err != nil {
			t.Fatal(err)
		}
		return int64(binary.LittleEndian.Uint64(m[64:]))
	}
	if wall, mono := read(0), read(1); wall != issued.UnixNano() || mono != int64(firstInstant) {
		t.Errorf("wall %d, monotonic %d", wall, mono)
	}
	image := h.freeze()
	binary.LittleEndian.PutUint64(m[1000+subscriptionTime:], uint64(time.Minute))
	if err := importOf(t, wasiModule, "poll_oneoff")(h, m, []uint64{1000, 2000, 1, 3000}); err != nil {
		t.Fatal(err)
	}
	if mono := read(1); mono != int64(firstInstant+time.Minute) {
		t.Errorf("after a sleep of a minute: %d", mono)
	}
	h.thaw(image)
	if mono := read(1); mono != int64(firstInstant) {
		t.Errorf("after the restore: %d", mono)
	}
}

// TestWithoutRandomEveryStartIsTheSame: the seeds of hash maps decide how much
// work a call is, and that must not differ from machine to machine.
func TestWithoutRandomEveryStartIsTheSame(t *testing.T) {
	random := func(h *Host) (string, uint64) {
		m, stack := make(flatMemory, 64), []uint64{0, 32}
		if err := importOf(t, wasiModule, "random_get")(h, m, stack); err != nil {
			t.Fatal(err)
		}
		return string(m[:32]), stack[0]
	}
	release := func(digest string) *Host {
		h := hostOf(driver.Spec{Manifest: &manifest.Manifest{Artifact: manifest.Artifact{SHA256: manifest.Digest("sha256:" + digest)}}})
		h.begin()
		return h
	}
	one, again, other := release(strings.Repeat("1", 64)), release(strings.Repeat("1", 64)), release(strings.Repeat("2", 64))
	a, errno := random(one)
	b, _ := random(again)
	c, _ := random(other)
	if a != b || a == c || errno != wasiOK || a == strings.Repeat("\x00", 32) {
		t.Errorf("two starts got %x and %x, another artifact %x", a, b, c)
	}
	one.enter(t.Context())
	if got, errno := random(one); errno != wasiNoCap || got != strings.Repeat("\x00", 32) {
		t.Errorf("in a call: %x, errno %d, want %d", got, errno, wasiNoCap)
	}
	one.drop()
	if _, errno := random(one); errno != wasiOK {
		t.Errorf("after the call: errno %d", errno)
	}
	granted := newHost(slog.New(slog.DiscardHandler), time.Now)
	granted.enter(t.Context())
	d, _ := random(granted)
	e, _ := random(granted)
	if d == e || d == a {
		t.Error("granted random numbers repeat")
	}
	m := make(flatMemory, 64)
	fill := importOf(t, abi.ImportModule, abi.ImportRandom)
	if err := fill(granted, m, []uint64{0, 32}); err != nil || string(m[:32]) == strings.Repeat("\x00", 32) {
		t.Errorf("random: %v", err)
	}
	for _, stack := range [][]uint64{{0, maxRandom + 1}, {60, 8}, {1 << 31, 8}} {
		if err := fill(granted, m, stack); err == nil {
			t.Errorf("random at %d, %d bytes, was accepted", stack[0], stack[1])
		}
	}
}

func TestAReplayThatDivergesEndsTheGuest(t *testing.T) {
	m, h := make(flatMemory, 64), newHost(slog.New(slog.DiscardHandler), time.Now)
	ctx, _, err := capability.Replay(t.Context(), []byte("SWJ1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"wall clock": func() error { return importOf(t, wasiModule, "clock_time_get")(h, m, []uint64{0, 0, 0}) },
		"durations":  func() error { return importOf(t, wasiModule, "clock_time_get")(h, m, []uint64{1, 0, 0}) },
		"random_get": func() error { return importOf(t, wasiModule, "random_get")(h, m, []uint64{0, 8}) },
		"random":     func() error { return importOf(t, abi.ImportModule, abi.ImportRandom)(h, m, []uint64{0, 8}) },
		"now":        func() error { return importOf(t, abi.ImportModule, abi.ImportNow)(h, m, []uint64{0}) },
	} {
		h.begin()
		h.enter(ctx)
		if err := call(); !capability.IsDiverged(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// willing can be restored.
type willing struct{ Guest }

func (willing) Restore(*snapshot.Image) error { return nil }

func TestAGuestThatRestsTurnsItsClockBack(t *testing.T) {
	h := newHost(slog.New(slog.DiscardHandler), time.Now)
	g := &guest{engine: willing{}, host: h, between: &frozen{host: h.freeze()}}
	was := h.skipped
	h.skipped += time.Hour
	if err := g.rest(); err != nil || h.skipped != was {
		t.Errorf("%v; the clock is at %s, was at %s", err, h.skipped, was)
	}
}

// TestHostFunctionsLookAtTheContext: what they cost is not in the fuel.
func TestHostFunctionsLookAtTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := newHost(slog.New(slog.DiscardHandler), time.Now)
	h.fuel.begin(ctx, 1<<40)
	if err := importOf(t, abi.ImportModule, abi.ImportRandom)(h, make(flatMemory, 64), []uint64{0, 8}); !errors.Is(err, ErrInterrupted) {
		t.Errorf("random: %v", err)
	}
}
