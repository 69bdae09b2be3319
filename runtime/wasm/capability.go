package wasm

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Bounds of one call of a host function.
const (
	maxRequest = 2 << 20 // encoded
	maxRandom  = 64 << 10
)

// defaultHostCalls bounds the calls of host functions of one call whose manifest
// states nothing.
const defaultHostCalls = 20_000

// wanted returns the capability that an import of the host's own module needs,
// "" for none.
func wanted(name string) string {
	switch name {
	case abi.ImportLog:
		return abi.CapabilityLog
	case abi.ImportNow:
		return abi.CapabilityClock
	case abi.ImportRandom:
		return abi.CapabilityRandom
	case abi.ImportEmit:
		return abi.CapabilityEmit
	case abi.ImportState:
		return abi.CapabilityState
	case abi.ImportHTTP:
		return abi.CapabilityHTTP
	}
	return ""
}

// checkGrants refuses a module that imports what its release was not granted.
// Imports of WASI are not looked at: toolchains add them unasked, so what they
// give depends on the grant instead.
func checkGrants(m *guard.Module, g *capability.Grant) error {
	for _, i := range m.Imports {
		word := wanted(i.Name)
		if i.Module != abi.ImportModule || word == "" || g.Has(word) {
			continue
		}
		return problem.New(problem.CapabilityDenied, "the module imports %q %q, and its release was not granted the capability %q",
			i.Module, i.Name, word).In("capabilities").At("/capabilities").
			Want("%q among the manifest's capabilities", word).Got("%s", orNone(g.Words())).
			Cure("add %q to capabilities in strategy.json and sign again; the operator's policy must allow it too", word)
	}
	return nil
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// hostFor makes the Host of one guest of a release.
func hostFor(spec driver.Spec) *Host {
	m := spec.Manifest
	h := &Host{log: spec.Log, clock: spec.Now, grant: spec.Grant, codec: codecOf(m.Encoding), start: spec.Loaded, skipped: firstInstant}
	if h.start.IsZero() {
		h.start = time.Now()
	}
	h.logs = spec.Grant.Has(abi.CapabilityLog)
	h.clocks = spec.Grant.Has(abi.CapabilityClock)
	h.randoms = spec.Grant.Has(abi.CapabilityRandom)
	h.issued = m.Issued
	h.limits = hostLimitsOf(m.Limits.LogBytes, m.Limits.HostCalls)
	h.seeds = seedsOf(string(m.Artifact.SHA256))
	return h
}

// firstInstant is where the clock for durations begins: some runtimes take 0 for
// a clock that does not work.
const firstInstant = time.Second

// seedsOf makes the random numbers of the start phase without the capability
// random: the same for every start of one artifact.
func seedsOf(digest string) *mathrand.ChaCha8 {
	var seed [32]byte
	copy(seed[:], strings.TrimPrefix(digest, "sha256:"))
	return mathrand.NewChaCha8(seed)
}

// enter opens the call that the guest is about to serve; ctx is the call's own.
func (h *Host) enter(ctx context.Context) {
	h.ctx, h.inCall = ctx, true
	h.call = h.grant.Begin(ctx)
}

// drop ends the call without a trace.
func (h *Host) drop() { h.detach().Abort() }

// detach lets go of the call, for whoever brings it to its end.
func (h *Host) detach() *capability.Call {
	call := h.call
	h.ctx, h.inCall, h.call, h.reply = nil, false, nil, nil
	return call
}

// hostImage is what of a Host belongs to the state of its guest.
type hostImage struct{ skipped time.Duration }

func (h *Host) freeze() hostImage { return hostImage{h.skipped} }

func (h *Host) thaw(i hostImage) { h.skipped = i.skipped }

// count takes one call of a host function.
func (h *Host) count() error {
	if h.calls++; h.calls > h.limits.calls {
		h.violation = driver.Faultf(problem.FaultHost, "the call used more than its %d calls of host functions", h.limits.calls)
		return h.violation
	}
	return nil
}

// fault describes how the guest broke the convention.
func (h *Host) fault() *driver.Fault {
	var f *driver.Fault
	if errors.As(h.violation, &f) {
		return f
	}
	return driver.Faultf(problem.FaultABI, "%v", h.violation)
}

// now is the guest's wall clock, in nanoseconds.
func (h *Host) now() (int64, error) {
	return h.answered(h.call.Wall(func() int64 {
		if !h.clocks {
			return h.issued.UnixNano()
		}
		return h.clock().UnixNano()
	}))
}

// monotonic is the guest's clock for durations, in nanoseconds. A sleep moves it
// forward instead of taking time; without the capability clock nothing else does.
func (h *Host) monotonic() (int64, error) {
	return h.answered(h.call.Monotonic(func() int64 {
		if !h.clocks {
			return int64(h.skipped)
		}
		return int64(time.Since(h.start) + h.skipped)
	}))
}

// answered ends a replayed call that asked for something else.
func (h *Host) answered(n int64, err error) (int64, error) {
	if err != nil {
		return 0, h.broke("%w", err)
	}
	return n, nil
}

// errNoRandom says that random numbers were not granted.
var errNoRandom = errors.New("the release has no capability random")

// random fills b. Without the capability there are only the seeds that every
// runtime asks for when it starts.
func (h *Host) random(b []byte) error {
	switch {
	case h.randoms:
		if err := h.call.Random(b, func(b []byte) { rand.Read(b) }); err != nil { //nolint:errcheck,gosec // Read never fails
			return h.broke("%w", err)
		}
	case h.inCall:
		return errNoRandom
	default:
		h.seeds.Read(b) //nolint:errcheck,gosec // never fails
	}
	return nil
}

// request serves a request function.
func (h *Host) request(name string, m Memory, stack []uint64) error {
	ptr, size := uint32(stack[0]), uint32(stack[1])
	if size > maxRequest {
		return h.broke("a request to %s has %d bytes, at most %d are allowed", name, size, maxRequest)
	}
	b, ok := m.Read(ptr, size)
	if !ok {
		return h.broke("a request to %s at %d, %d bytes long, is outside of the memory", name, ptr, size)
	}
	v, err := h.codec.decode(b)
	if err != nil {
		return h.broke("a request to %s is not %s: %w", name, h.codec.name, err)
	}
	ctx := h.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	reply := h.call.Serve(ctx, name, v)
	if ctx.Err() != nil {
		return ErrInterrupted // a request may have taken until then
	}
	if h.reply, err = h.codec.append(h.reply[:0], reply); err != nil {
		return h.broke("the reply to %s cannot be encoded: %w", name, err)
	}
	stack[0] = uint64(len(h.reply))
	return nil
}

func requestImport(name string) Import {
	return Import{abi.ImportModule, name, signature("ii", "I"), func(h *Host, m Memory, stack []uint64) error {
		return h.request(name, m, stack)
	}}
}

// replyImport hands out the reply of the last request, once.
func replyImport(h *Host, m Memory, stack []uint64) error {
	if len(h.reply) == 0 {
		return h.broke("reply was called without a request")
	}
	ptr := uint32(stack[0])
	if !m.Write(ptr, h.reply) {
		return h.broke("a reply at %d, %d bytes long, is outside of the memory", ptr, len(h.reply))
	}
	h.reply = h.reply[:0]
	return nil
}

func randomImport(h *Host, m Memory, stack []uint64) error {
	ptr, size := uint32(stack[0]), uint32(stack[1])
	if size > maxRandom {
		return h.broke("%d random bytes were asked for, at most %d are allowed", size, maxRandom)
	}
	b, ok := m.Read(ptr, size)
	if !ok {
		return h.broke("room for random numbers at %d, %d bytes long, is outside of the memory", ptr, size)
	}
	return h.random(b)
}

// free reports whether an import is not counted: reading a clock does no work
// that could add up, and who waits for a time reads it in a loop.
func (i Import) free() bool {
	return i.Name == abi.ImportNow || i.Name == "clock_time_get" || i.Name == "sched_yield"
}

// counted counts the calls of an import. It looks at the deadline too, and lets
// others run: what a call of the host costs is not in the fuel.
func counted(i Import) Import {
	call := i.Call
	if i.free() {
		return i
	}
	i.Call = func(h *Host, m Memory, stack []uint64) error {
		if h.fuel.ctx.Err() != nil {
			return ErrInterrupted
		}
		h.fuel.yield(time.Now())
		if err := h.count(); err != nil {
			return err
		}
		return call(h, m, stack)
	}
	return i
}

// hostLimits bound what one call does with host functions.
type hostLimits struct {
	logLines, logBytes int
	calls              int64
}

func hostLimitsOf(logBytes, calls int64) hostLimits {
	l := hostLimits{logLines: maxLogLines, logBytes: maxLogBytes, calls: positive(calls, defaultHostCalls)}
	if logBytes > 0 {
		l.logBytes = int(min(logBytes, mostLogBytes))
		l.logLines = max(maxLogLines, l.logBytes/bytesPerLine)
	}
	return l
}
