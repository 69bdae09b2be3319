package wasm

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// keptInput is the largest input buffer that a guest keeps between calls.
const keptInput = 1 << 20

// guest is one instantiated strategy with its function handles. It is used by
// one goroutine at a time. Every method that returns a *driver.Fault or a
// problem leaves it unfit for further calls.
type guest struct {
	engine Guest
	host   *Host
	codec  codec
	bounds bounds

	alloc, execute, validate Func
	fuel, depth              Global
	globals                  []Global // the module's own
	between                  *frozen  // what it must be between calls; nil: whatever the last call left
	once                     bool     // it serves one request only

	// Of the call that it serves now.
	ctx    context.Context
	cancel context.CancelFunc
	fit    bool
	parts  *driver.Parts // nil: nobody asks

	size atomic.Int64 // of the memory, after the last call

	version int
	methods []string
	stack   [2]uint64
	input   []byte
}

// answer is what a guest returned: its status and the bytes behind it, which
// are valid until the guest runs again.
type answer struct {
	codec  codec
	status byte
	body   []byte
}

// begin opens the accounts of one request.
func (g *guest) begin(ctx context.Context) {
	g.host.begin()
	g.fuel.Set(uint64(g.host.fuel.begin(ctx, g.bounds.instructions)))
}

// settle closes the accounts, lets go of the request's context and returns the
// instructions that it used: none if it never reached the guest.
func (g *guest) settle() int64 {
	if g.host.fuel.ctx == nil {
		return 0
	}
	g.host.fuel.ctx = nil
	return g.host.fuel.account.Used(int64(g.fuel.Get()))
}

// call runs one exported function and turns what ends it early into a fault.
func (g *guest) call(ctx context.Context, f Func) error {
	g.depth.Set(uint64(g.bounds.depth))
	err := f(ctx, g.stack[:])
	g.host.flush()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrInterrupted):
		return driver.Interrupted(ctx)
	case errors.Is(err, meter.ErrSpent):
		return driver.Faultf(problem.FaultFuel, "the call used up its %d instructions", g.bounds.instructions)
	case errors.Is(err, meter.ErrDepth):
		return driver.Faultf(problem.FaultDepth, "functions call each other too deeply: the stack of %d units is used up", g.bounds.depth)
	case g.host.violation != nil:
		return g.host.fault()
	}
	return g.trap(err)
}

// trap says why the guest ended. A guest whose memory is full, or whose runtime
// complained, is taken to have died of that.
func (g *guest) trap(err error) error {
	text, stack, _ := strings.Cut(err.Error(), "\n")
	if g.host.exit != nil {
		text = g.host.exit.Error()
	}
	f := driver.Faultf(problem.FaultTrap, "%s", text)
	f.Stack = strings.TrimSpace(stack)
	if g.host.outOfMemory || g.engine.Size() > g.bounds.memory-guard.PageSize {
		f.Code = problem.FaultMemory
		f.Message += "; the guest's memory is full"
	}
	return f
}

// send writes the input into room that the guest gives.
func (g *guest) send(ctx context.Context, b []byte) error {
	g.stack[0] = uint64(len(b))
	if err := g.call(ctx, g.alloc); err != nil {
		return err
	}
	ptr := uint32(g.stack[0])
	if ptr == 0 {
		return driver.Faultf(problem.FaultMemory, "the guest has no room for an input of %d bytes", len(b))
	}
	if !g.engine.Write(ptr, b) {
		return driver.Faultf(problem.FaultABI, "the guest gave room for %d bytes at %d, outside of its memory of %d bytes",
			len(b), ptr, g.engine.Size())
	}
	g.stack[0], g.stack[1] = uint64(ptr), uint64(len(b))
	return nil
}

// receive reads the answer that the last call returned.
func (g *guest) receive() (answer, error) {
	ptr, size := uint32(g.stack[0]>>32), uint32(g.stack[0])
	if size == 0 {
		return answer{}, driver.Faultf(problem.FaultABI, "the guest's answer has no status byte")
	}
	if end := uint64(ptr) + uint64(size); end > uint64(g.engine.Size()) {
		return answer{}, outside(ptr, size, g.engine.Size())
	}
	if most := g.bounds.output + 1; size > most {
		return answer{}, driver.Faultf(problem.FaultOutput, "the guest's answer has %d bytes, at most %d are allowed", size-1, g.bounds.output)
	}
	b, ok := g.engine.Read(ptr, size)
	if !ok || len(b) != int(size) {
		return answer{}, outside(ptr, size, g.engine.Size())
	}
	return answer{codec: g.codec, status: b[0], body: b[1:]}, nil
}

func outside(ptr, size, memory uint32) error {
	return driver.Faultf(problem.FaultABI, "the guest's answer at %d, %d bytes long, is outside of its memory of %d bytes",
		ptr, size, memory)
}

// ask sends in and calls f.
func (g *guest) ask(ctx context.Context, f Func, in map[string]any) (answer, error) {
	defer g.shrink()
	var err error
	began := g.clock()
	if g.input, err = g.codec.append(g.input[:0], in); err != nil {
		return answer{}, driver.BadInput(err)
	}
	g.encoded(began)
	return g.submit(ctx, f, g.input)
}

// shrink gives a large input buffer back.
func (g *guest) shrink() {
	if cap(g.input) > keptInput {
		g.input = nil
	}
}

// submit sends what is encoded and calls f.
func (g *guest) submit(ctx context.Context, f Func, input []byte) (answer, error) {
	g.begin(ctx)
	if err := g.send(ctx, input); err != nil {
		return answer{}, err
	}
	began := g.clock()
	if err := g.call(ctx, f); err != nil {
		return answer{}, err
	}
	g.ran(began)
	a, err := g.receive()
	g.copied(input, a)
	return a, err
}

// Execute is one call of the strategy.
func (g *guest) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	a, err := g.ask(ctx, g.execute, in)
	if err != nil {
		return nil, err
	}
	if a.status != abi.StatusOK {
		return nil, a.refusal()
	}
	began := g.clock()
	out, err := g.codec.decodeMap(a.body)
	if err != nil {
		return nil, g.notAMap(err)
	}
	g.encoded(began)
	return out, nil
}

func (g *guest) notAMap(err error) error {
	return driver.Faultf(problem.FaultABI, "the guest's result is not a map in %s: %v", g.codec.name, err)
}

// ExecuteText is Execute for JSON text; it appends the answer to dst.
func (g *guest) ExecuteText(ctx context.Context, text, dst []byte) ([]byte, error) {
	defer g.shrink()
	var err error
	began := g.clock()
	if g.input, err = g.codec.fromText(g.input[:0], text); err != nil {
		return dst, driver.BadInput(err)
	}
	g.encoded(began)
	a, err := g.submit(ctx, g.execute, g.input)
	if err != nil {
		return dst, err
	}
	if a.status != abi.StatusOK {
		return dst, a.refusal()
	}
	began = g.clock()
	out, err := g.codec.toText(dst, a.body)
	if err != nil {
		return dst, g.notAMap(err)
	}
	g.encoded(began)
	return out, nil
}

// Validate is the strategy's own Validate.
func (g *guest) Validate(ctx context.Context) error {
	if g.validate == nil {
		return nil
	}
	g.begin(ctx)
	if err := g.call(ctx, g.validate); err != nil {
		return err
	}
	a, err := g.receive()
	if err != nil {
		return err
	}
	if a.status == abi.StatusOK {
		return nil
	}
	return a.refusal()
}

// refusal reads an answer whose status is not StatusOK.
func (a answer) refusal() error {
	switch a.status {
	case abi.StatusRejected:
		return a.rejection()
	case abi.StatusFault:
		return a.fault(problem.FaultPanic)
	case abi.StatusInvalid:
		return a.fault(problem.FaultABI)
	}
	return driver.Faultf(problem.FaultABI, "the guest answered with status %d, known are 0 to 3", a.status)
}

// maxFault bounds the text of a fault.
const maxFault = 8 << 10

func (a answer) fault(code problem.Code) error {
	v, err := a.codec.decode(a.body)
	text, ok := v.(string)
	if err != nil || !ok {
		return driver.Faultf(problem.FaultABI, "the guest reported a fault without a text")
	}
	return driver.Faultf(code, "%.*s", maxFault, text)
}

// Bounds of a business error.
const (
	maxCode    = 128
	maxMessage = 8 << 10
)

func (a answer) rejection() error {
	m, err := a.codec.decodeMap(a.body)
	if err != nil {
		return driver.Faultf(problem.FaultABI, "the guest's business error is not a map in %s: %v", a.codec.name, err)
	}
	code, isCode := m[abi.KeyCode].(string)
	message, isMessage := m[abi.KeyMessage].(string)
	details, isMap := m[abi.KeyDetails].(map[string]any)
	switch {
	case !isCode || code == "" || len(code) > maxCode:
		return driver.Faultf(problem.FaultABI, "the guest's business error has no code of 1 to %d bytes", maxCode)
	case !isMessage || len(message) > maxMessage:
		return driver.Faultf(problem.FaultABI, "the guest's business error has no message of at most %d bytes", maxMessage)
	case !isMap && m[abi.KeyDetails] != nil:
		return driver.Faultf(problem.FaultABI, "the details of the guest's business error are not a map")
	}
	return &abi.Error{Code: code, Message: message, Details: details}
}

// close frees the guest.
func (g *guest) close(ctx context.Context, log *slog.Logger) {
	if err := shut(ctx, g.engine); err != nil {
		log.Warn("a guest did not close", slog.Any("error", err))
	}
}
