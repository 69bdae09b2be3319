package worker

import (
	"sync"

	"github.com/swapline/swapline/abi"
)

// kind says what a message asks or answers.
type kind uint32

// Kinds of messages. What the body of each is stands in the package comment.
const (
	kindConstruct kind = iota + 1
	kindExecute
	kindValidate
	kindCancel

	kindLog
	kindEmit
	kindState
	kindHTTP

	kindOK       // an answer
	kindRejected // a business error
	kindFault    // the strategy broke
	kindNext     // the next part, please
	kindAbort    // there will be no next part

	kindTimed // kindExecute, and the answer says how long it took
	kindUsed

	kindMore kind = 1 << 16 // flag: another part follows
)

// maxMessage bounds a whole message: a value of package wire and what is around
// it.
const maxMessage = 8<<20 + 64<<10

// message is what crosses in a slot, in as many parts as it takes.
type message struct {
	kind kind
	id   uint64 // of the question
	arg  int64  // of a call: nanoseconds that are left, 0 for no deadline; of the answer to a timed one: those that the strategy took; of the answer to used: allocations; of others: the call that they are about
	now  int64  // the host's clock, nanoseconds since 1970, 0 if the strategy may not know it; of the answer to a timed call: the nanoseconds that values took; of the answer to used: allocated bytes
	body []byte // package wire
}

// imports are the names of host functions in the calling convention.
func (k kind) imported() (name, word string) {
	switch k {
	case kindEmit:
		return abi.ImportEmit, abi.CapabilityEmit
	case kindState:
		return abi.ImportState, abi.CapabilityState
	case kindHTTP:
		return abi.ImportHTTP, abi.CapabilityHTTP
	}
	return "", ""
}

// write puts the message with the beginning of its body into the slot and returns
// the rest of the body.
func (s *slot) write(m message) (rest []byte) {
	n := len(m.body)
	if k := m.kind; n > len(s.room) {
		n = len(s.room)
		s.kind.Store(uint32(k | kindMore))
	} else {
		s.kind.Store(uint32(k))
	}
	if n > 0 && &m.body[0] != &s.room[0] {
		copy(s.room, m.body[:n])
	}
	s.length.Store(uint32(n))
	s.id.Store(m.id)
	s.arg.Store(m.arg)
	s.now.Store(m.now)
	return m.body[n:]
}

// read returns what is in the slot; its body is appended to body. It fails if the
// other process does not keep to the format.
func (s *slot) read(body []byte) (m message, more bool, err error) {
	k, n := kind(s.kind.Load()), int(s.length.Load())
	if n > len(s.room) || len(body)+n > maxMessage {
		return message{}, false, errGarbled
	}
	m = message{kind: k &^ kindMore, id: s.id.Load(), arg: s.arg.Load(), now: s.now.Load()}
	m.body = append(body, s.room[:n]...)
	return m, k&kindMore != 0, nil
}

// buffers are kept for the next message.
type buffers struct{ pool sync.Pool }

// keptBuffer is the largest buffer that is kept.
const keptBuffer = 1 << 20

func (p *buffers) get() *[]byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

// keep takes a buffer back that became used meanwhile.
func (p *buffers) keep(b *[]byte, used []byte) {
	if cap(used) <= keptBuffer {
		*b = used[:0]
		p.pool.Put(b)
	}
}
