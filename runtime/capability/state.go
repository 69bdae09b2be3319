package capability

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// StateStore keeps the state of strategies, each in a space of its own name. It
// is safe for concurrent use. Its errors are problems: StateConflict, StateFull
// or those of a store.
type StateStore interface {
	// Get returns what a key holds; the zero Entry if it holds nothing.
	Get(ctx context.Context, space, key string) (Entry, error)
	// Commit stores a batch, all of it or nothing. When it returns nil the
	// batch is as durable as the store is.
	Commit(space string, b Batch) error
}

// Entry is what a key holds. The caller does not write to Value.
type Entry struct {
	Value   []byte // a value in the binary encoding of package wire
	Version uint64 // rises with every write of the space; 0: nothing is there
}

// Batch is what a call wants to store.
type Batch struct {
	// Reads are the versions that the call found. If one has changed the
	// batch is refused with StateConflict.
	Reads map[string]uint64
	// Writes are the new values; nil removes the key.
	Writes map[string][]byte
	// Keys and Bytes bound the space as it is afterwards; a batch that makes
	// it larger is refused with StateFull unless it makes the space smaller.
	Keys, Bytes int
}

// Conflict is the refusal of a batch that came too late.
func Conflict(space string) error {
	return problem.New(problem.StateConflict, "what the call of %s read was changed by another one", space).
		Cure("send the request again")
}

// Full is the refusal of a batch for which there is no room.
func Full(space string, keys, bytes int, b Batch) error {
	return problem.New(problem.StateFull, "the state of %s is full", space).
		Want("at most %d keys and %d bytes", b.Keys, b.Bytes).Got("%d keys and %d bytes", keys, bytes).
		Cure("let the strategy delete what it no longer needs")
}

// changes is what one call read and wrote.
type changes struct {
	reads               map[string]Entry
	writes              map[string][]byte
	readSize, wroteSize int
}

// Get implements abi.State for one call.
func (c *Call) Get(ctx context.Context, key string) (value any, found bool, err error) {
	if err := c.enter(abi.CapabilityState); err != nil {
		return nil, false, err
	}
	defer c.mu.Unlock()
	if err := c.checkKey(key); err != nil {
		return nil, false, err
	}
	b, ok := c.state.writes[key]
	if !ok {
		e, err := c.readLocked(ctx, key)
		if err != nil {
			return nil, false, err
		}
		b = e.Value
	}
	if b == nil {
		return nil, false, nil
	}
	v, err := wire.Decode(b)
	if err != nil {
		return nil, false, abi.Reject(abi.CodeUnavailable, "the stored value of the key is damaged")
	}
	return v, true, nil
}

// readLocked asks the store once for each key.
func (c *Call) readLocked(ctx context.Context, key string) (Entry, error) {
	if e, ok := c.state.reads[key]; ok || c.rehearsal {
		return e, nil
	}
	e, err := c.fetchLocked(ctx, key)
	if err != nil {
		return Entry{}, err
	}
	if c.state.readSize += len(key) + len(e.Value) + entryCost; c.state.readSize > c.grant.services.Limits.ReadBytes {
		return Entry{}, quota("the call reads more than %d bytes of state", c.grant.services.Limits.ReadBytes)
	}
	if c.state.reads == nil {
		c.state.reads = map[string]Entry{}
	}
	c.state.reads[key] = e
	return e, nil
}

// entryCost is what a key counts besides its bytes.
const entryCost = 32

// fetchLocked asks the store, or the recording.
func (c *Call) fetchLocked(ctx context.Context, key string) (e Entry, err error) {
	read := func() (b []byte, err error) {
		if e, err = c.grant.services.State.Get(ctx, c.grant.strategy, key); err != nil {
			return nil, abi.Reject(abi.CodeUnavailable, "the state cannot be read now")
		}
		return e.Value, nil
	}
	if c.tape == nil {
		_, err = read()
		return e, err
	}
	e.Value, err = c.tape.pass(tapeState, key, read)
	return e, err
}

// Put implements abi.State for one call.
func (c *Call) Put(_ context.Context, key string, value any) error {
	if err := c.enter(abi.CapabilityState); err != nil {
		return err
	}
	defer c.mu.Unlock()
	b, err := wire.Append(nil, value)
	if err != nil {
		return abi.Reject(abi.CodeBadRequest, "the value is outside of the value domain: "+err.Error())
	}
	if most := c.grant.services.Limits.ValueBytes; len(b) > most {
		return quota("a value has at most %d bytes", most)
	}
	return c.writeLocked(key, b)
}

// Delete implements abi.State for one call.
func (c *Call) Delete(_ context.Context, key string) error {
	if err := c.enter(abi.CapabilityState); err != nil {
		return err
	}
	defer c.mu.Unlock()
	return c.writeLocked(key, nil)
}

func (c *Call) writeLocked(key string, b []byte) error {
	if err := c.checkKey(key); err != nil {
		return err
	}
	if c.state.wroteSize += len(key) + len(b) + entryCost; c.state.wroteSize > c.grant.services.Limits.WriteBytes {
		return quota("the call writes more than %d bytes of state", c.grant.services.Limits.WriteBytes)
	}
	if c.state.writes == nil {
		c.state.writes = map[string][]byte{}
	}
	c.state.writes[key] = b
	return nil
}

func (c *Call) checkKey(key string) error {
	switch most := c.grant.services.Limits.KeyBytes; {
	case key == "":
		return abi.Reject(abi.CodeBadRequest, "a key of the state must not be empty")
	case len(key) > most:
		return quota("a key has at most %d bytes", most)
	}
	return nil
}

// commitLocked stores what was written. A call that only read is checked if it
// read more than one key: those must belong together.
func (c *Call) commitLocked() error {
	if len(c.state.writes) == 0 && len(c.state.reads) < 2 {
		return nil
	}
	l := c.grant.services.Limits
	b := Batch{Writes: c.state.writes, Reads: make(map[string]uint64, len(c.state.reads)), Keys: l.SpaceKeys, Bytes: l.SpaceBytes}
	for key, e := range c.state.reads {
		b.Reads[key] = e.Version
	}
	return c.grant.services.State.Commit(c.grant.strategy, b)
}
