// Package recorder keeps the newest inputs of a strategy in memory, masked, for
// the replay gate. Nothing is recorded unless a policy asks for it, and nothing
// that is recorded reaches a disk.
//
//	r, err := recorder.New(rollout.Record{Last: 1000, Bytes: 16 << 20, Share: rollout.Full, Mask: []string{"/card/number"}})
//	r.Text([]byte(`{"card":{"number":"4111111111111111"},"amount":12950}`))
//	...
//	r.Snapshot(1000) // {"amount":12950,"card":{"number":"xxxxxxxxxxxxxxxx"}}
//	r.Close()
//
// # Masks
//
// A mask is a JSON Pointer (RFC 6901) in which "*" stands for every element of a
// list and every member of a map. The values that it meets are replaced before
// they are kept, and keep their type, so that a strategy takes them as it takes
// real ones:
//
//	text          as many "x" as it has bytes
//	bytes         as many zeros
//	integer       0
//	float         0.0
//	boolean       false
//	null          null
//	list, map     the same length or keys, all values below masked
//
// The keys of a masked map stay: what is secret belongs into values.
//
// # What a call pays
//
// A call that is recorded pays for a copy of its text, or for the encoding of its
// map, and for one send on a channel; it never waits. Masking is done by the
// recorder's own goroutine. When that falls behind, inputs are dropped and
// counted. A copy that is not masked yet is wiped as soon as it was masked. (The
// input itself is the caller's, and stands in memory for as long as the caller has
// it.)
package recorder

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/rollout"
)

// Bounds of what waits to be masked.
const (
	maxWaiting      = 128     // inputs
	maxWaitingBytes = 4 << 20 // of all of them
	maxSpare        = 16      // wiped buffers for the next ones
	keptBuffer      = 64 << 10
)

// Recorder is safe for concurrent use. Make it with [New], end it with Close.
type Recorder struct {
	share rollout.Weight
	masks pointer.Patterns
	most  int64 // bytes of one input

	queue   chan input
	spare   chan []byte // wiped buffers
	waiting atomic.Int64
	stop    chan struct{}
	ended   chan struct{}
	closed  atomic.Bool

	dropped, unfit atomic.Int64

	mu   sync.Mutex
	ring ring // guarded by mu
}

// input is what waits to be masked: JSON text, or its binary encoding.
type input struct {
	raw     []byte
	encoded bool
}

// Stats are what a recorder holds and what it did not take.
type Stats struct {
	Inputs  int   // kept now
	Bytes   int64 // of their memory
	Kept    int64 // ever
	Dropped int64 // because its goroutine was behind
	Unfit   int64 // too large, or no map of the wire domain
}

// New starts a recorder. It fails for a mask that is no JSON Pointer.
func New(r rollout.Record) (*Recorder, error) {
	masks, err := pointer.Compile(r.Mask)
	if err != nil {
		return nil, err
	}
	rec := &Recorder{
		share: r.Share, masks: masks, most: min(r.Bytes, maxWaitingBytes),
		queue: make(chan input, maxWaiting), spare: make(chan []byte, maxSpare),
		stop: make(chan struct{}), ended: make(chan struct{}),
		ring: ring{last: max(r.Last, 0), bytes: r.Bytes},
	}
	go rec.work()
	return rec, nil
}

// Text records an input as JSON text, which it copies, if this call is of the
// share that is recorded. It does not wait.
func (r *Recorder) Text(text []byte) {
	if !r.wants() || !r.room(len(text)) {
		return
	}
	r.send(input{raw: append(r.buffer(), text...)})
}

// Map is Text for a map of the wire domain, which it encodes.
func (r *Recorder) Map(in map[string]any) {
	if !r.wants() || !r.room(0) {
		return
	}
	if in == nil {
		in = map[string]any{}
	}
	raw, err := wire.Append(r.buffer(), in)
	if err != nil {
		clear(raw[:cap(raw)])
		r.unfit.Add(1)
		return
	}
	r.send(input{raw: raw, encoded: true})
}

// wants draws whether a call is recorded.
func (r *Recorder) wants() bool {
	return !r.closed.Load() && (r.share >= rollout.Full || rand.N(rollout.Full) < r.share)
}

// room looks, before anything is copied, whether there is room for n bytes.
func (r *Recorder) room(n int) bool {
	switch {
	case int64(n) > r.most:
		r.unfit.Add(1)
		return false
	case len(r.queue) == cap(r.queue), r.waiting.Load()+int64(n) > maxWaitingBytes:
		r.dropped.Add(1)
		return false
	}
	return true
}

func (r *Recorder) buffer() []byte {
	select {
	case b := <-r.spare:
		return b
	default:
		return nil
	}
}

// send hands an input over. One that comes when Close is under way is wiped by
// whoever sees it: Close says that it closed and then looks into the queue, send
// does it the other way round.
func (r *Recorder) send(in input) {
	r.waiting.Add(int64(len(in.raw)))
	select {
	case r.queue <- in:
	default:
		r.wipe(in)
		r.dropped.Add(1)
	}
	if r.closed.Load() {
		r.discard()
	}
}

// wipe overwrites what was not masked and keeps the buffer for the next input.
func (r *Recorder) wipe(in input) {
	r.waiting.Add(-int64(len(in.raw)))
	clear(in.raw)
	if cap(in.raw) > keptBuffer {
		return
	}
	select {
	case r.spare <- in.raw[:0]:
	default:
	}
}

// discard wipes what waits.
func (r *Recorder) discard() {
	for {
		select {
		case in := <-r.queue:
			r.wipe(in)
		default:
			return
		}
	}
}

// work masks and keeps inputs until the recorder is closed.
func (r *Recorder) work() {
	defer close(r.ended)
	var room scratch
	for {
		select {
		case <-r.stop:
			return
		case in := <-r.queue:
			masked, err := room.mask(in, r.masks)
			r.wipe(in)
			r.keep(masked, err)
		}
	}
}

func (r *Recorder) keep(masked []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || !r.ring.add(masked) {
		r.unfit.Add(1)
	}
}

// Snapshot returns copies of the last n inputs as JSON text, the newest last.
// Inputs that were recorded a moment ago may still wait to be masked.
func (r *Recorder) Snapshot(n int) [][]byte {
	r.mu.Lock()
	kept := r.ring.newest(n)
	r.mu.Unlock()
	texts := make([][]byte, 0, len(kept))
	for _, entry := range kept { // entries are not changed any more
		if text, err := wire.CBORMapToJSON(nil, entry); err == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// Stats returns what the recorder holds.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{Inputs: r.ring.n, Bytes: r.ring.used, Kept: r.ring.kept, Dropped: r.dropped.Load(), Unfit: r.unfit.Load()}
}

// Close ends the recorder's goroutine and frees what it kept; what was not masked
// yet is wiped. It may be called again, and calls that come later record nothing.
func (r *Recorder) Close() {
	if r.closed.CompareAndSwap(false, true) {
		close(r.stop)
	}
	<-r.ended
	r.discard()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring.clear()
}
