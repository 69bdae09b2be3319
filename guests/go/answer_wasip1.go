package guest

import (
	"errors"
	"strconv"
	"unsafe"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// errNotOurs is a host's mistake.
var errNotOurs = errors.New("the host did not write to the room that it was given")

// keptAnswer is the largest answer buffer kept between calls.
const keptAnswer = 1 << 20

// ok answers with a result; nil stands for null.
func (p *program) ok(out map[string]any) int64 {
	if out == nil {
		return p.send(abi.StatusOK, nil)
	}
	return p.send(abi.StatusOK, out)
}

// reject answers with a business error.
func (p *program) reject(err error) int64 {
	var b *abi.Error
	if !errors.As(err, &b) {
		b = abi.Reject(abi.CodeBusinessError, err.Error())
	}
	m := map[string]any{abi.KeyCode: b.Code, abi.KeyMessage: b.Message, abi.KeyDetails: nil}
	if b.Details != nil {
		m[abi.KeyDetails] = b.Details
	}
	return p.send(abi.StatusRejected, m)
}

// fault answers that something went wrong inside of the guest.
func (p *program) fault(text string) int64 { return p.send(abi.StatusFault, text) }

// send encodes an answer and returns where it is. The encoder takes what a
// strategy may return (Go integers, typed slices) and refuses what is outside of
// the value domain.
func (p *program) send(status byte, v any) int64 {
	p.begin(status)
	p.out.Value(v)
	return p.finish()
}

// begin opens an answer, which p.out writes.
func (p *program) begin(status byte) {
	if cap(p.answer) > keptAnswer {
		p.answer = nil
	}
	p.out.Reset(append(p.answer[:0], status))
}

// finish returns where the answer is.
func (p *program) finish() int64 {
	b, err := p.out.Finish()
	if err != nil {
		b = append(b[:0], abi.StatusInvalid)
		b, _ = wire.Append(b, "the answer is outside of the value domain: "+err.Error())
	}
	p.answer = b
	return int64(uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))<<32 | uint64(uint32(len(b))))
}

// recovered turns a panic into a fault; it is deferred.
func (p *program) recovered(answer *int64) {
	if r := recover(); r != nil {
		*answer = p.fault("panic: " + panicText(r))
	}
}

// panicText describes the usual values without the weight of fmt.
func panicText(r any) string {
	switch v := r.(type) {
	case error:
		return v.Error()
	case string:
		return v
	case interface{ String() string }:
		return v.String()
	case int:
		return strconv.Itoa(v)
	}
	return "a value that is neither error nor text"
}
