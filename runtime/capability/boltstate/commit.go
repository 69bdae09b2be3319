package boltstate

import (
	"encoding/binary"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/capability"
)

// Commit implements capability.StateStore. It waits for the disk.
func (s *Store) Commit(space string, b capability.Batch) error {
	c := &commit{space: space, batch: b, done: make(chan error, 1)}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return closed()
	}
	s.queue <- c
	s.mu.RUnlock()
	return <-c.done
}

// run stores batches until the queue is closed.
func (s *Store) run() {
	defer close(s.ended)
	for c := range s.queue {
		group := s.waiting([]*commit{c})
		err := s.guard(func() error { return s.store(group) })
		for _, c := range group {
			if err != nil {
				c.err = err
			}
			c.done <- c.err
		}
	}
}

// waiting adds what has arrived meanwhile.
func (s *Store) waiting(group []*commit) []*commit {
	for len(group) < most {
		select {
		case c, ok := <-s.queue:
			if !ok {
				return group
			}
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// store writes a group in one transaction. An error is the whole group's; what
// only concerns one batch is in the batch.
func (s *Store) store(group []*commit) error {
	writes := false
	for _, c := range group {
		writes = writes || len(c.batch.Writes) > 0
	}
	run := func(tx *bolt.Tx) error {
		for _, c := range group {
			if err := c.apply(tx); err != nil {
				return err
			}
		}
		return nil
	}
	if !writes {
		return s.db.View(run)
	}
	return s.db.Update(run)
}

// apply judges one batch and writes it. Nothing is written before the judgement.
func (c *commit) apply(tx *bolt.Tx) error {
	space := tx.Bucket(spaceBucket()).Bucket([]byte(c.space))
	before, err := usageOf(tx.Bucket(usageBucket()).Get([]byte(c.space)))
	if err != nil {
		return err
	}
	get := func(key string) (capability.Entry, error) {
		if space == nil {
			return capability.Entry{}, nil
		}
		return entryOf(space.Get([]byte(key)))
	}
	after, err := c.batch.Apply(c.space, before, get)
	if err != nil {
		c.err = err
		return nil
	}
	if len(c.batch.Writes) == 0 {
		return nil
	}
	return c.write(tx, after)
}

func (c *commit) write(tx *bolt.Tx, after capability.Usage) error {
	space, err := tx.Bucket(spaceBucket()).CreateBucketIfNotExists([]byte(c.space))
	if err != nil {
		return err
	}
	for key, value := range c.batch.Writes {
		if value == nil {
			err = space.Delete([]byte(key))
		} else {
			err = space.Put([]byte(key), append(binary.BigEndian.AppendUint64(nil, after.Version), value...))
		}
		if err != nil {
			return err
		}
	}
	return tx.Bucket(usageBucket()).Put([]byte(c.space), usageBytes(after))
}

func usageOf(b []byte) (capability.Usage, error) {
	if b == nil {
		return capability.Usage{}, nil
	}
	if len(b) != 24 {
		return capability.Usage{}, damaged("the usage of a space has %d bytes", len(b))
	}
	n := binary.BigEndian.Uint64
	return capability.Usage{Keys: int(n(b)), Bytes: int(n(b[8:])), Version: n(b[16:])}, nil
}

func usageBytes(u capability.Usage) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(u.Keys))
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(u.Bytes)), u.Version)
}
