package breaker

import (
	"bytes"
	"hash/maphash"
	"sync"
	"time"
)

// Form says what the bytes of an answer are; it is the caller's.
type Form uint8

// Cache keeps the last good answer of each key: a bounded number of keys and of
// bytes, the oldest answer goes first. Answers are copied in and out. Times are
// on a clock of the caller's that does not go back. It is safe for concurrent use;
// make it with [NewCache].
//
// Keys are spread over shards by a hash of the process's own, so that nobody can
// choose keys which meet in one. Each shard has its part of both bounds; keys that
// meet in a full one go although another has room.
type Cache struct {
	seed   maphash.Seed
	maxAge time.Duration
	shards []shard // a power of two of them
}

// shard is a map and a ring of its entries by age.
type shard struct {
	mu      sync.Mutex
	entries map[string]*entry // guarded by mu, as are the rest
	ring    entry             // ring.next is the oldest answer, ring.prev the newest
	bytes   int64
	keep    int   // never changed
	limit   int64 // never changed
	_       [40]byte
}

type entry struct {
	prev, next *entry
	key        string
	value      []byte
	form       Form
	at         time.Duration
}

const (
	mostShards   = 64
	keysPerShard = 256 // at least, before there is another
	entryBytes   = 160 // of an entry and its place in the map, about
)

// NewCache makes a cache of at most keep keys and about as many bytes, with what it
// needs for itself. Answers older than maxAge are not given; 0 gives all.
func NewCache(keep int, bytes int64, maxAge time.Duration) *Cache {
	n := 1
	for n < mostShards && keep >= 2*n*keysPerShard {
		n *= 2
	}
	c := &Cache{seed: maphash.MakeSeed(), maxAge: maxAge, shards: make([]shard, n)}
	for i := range c.shards {
		s := &c.shards[i]
		s.entries, s.limit = map[string]*entry{}, bytes/int64(n)
		s.keep = keep / n
		if i < keep%n {
			s.keep++
		}
		s.ring.prev, s.ring.next = &s.ring, &s.ring
	}
	return c
}

func (c *Cache) shard(key []byte) *shard {
	return &c.shards[maphash.Bytes(c.seed, key)&uint64(len(c.shards)-1)]
}

// Put keeps a copy of an answer that was good at a moment. One that is larger than
// a quarter of its shard's bytes is not kept, nor is what the key had before.
func (c *Cache) Put(key, value []byte, form Form, at time.Duration) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[string(key)]
	if sizeOf(len(key), len(value)) > s.limit/4 {
		s.drop(e)
		return
	}
	if e == nil {
		e = &entry{key: string(key)}
		s.entries[e.key] = e
		s.bytes += sizeOf(len(key), 0)
	} else {
		e.unlink()
	}
	s.fill(e, value)
	e.form, e.at = form, at
	e.link(&s.ring)
	s.shrink(c.oldest(at))
}

// oldest is when an answer that is still given was good.
func (c *Cache) oldest(now time.Duration) time.Duration {
	if c.maxAge <= 0 {
		return -1 << 63
	}
	return now - c.maxAge
}

// Get appends a copy of a key's last good answer to dst, if there is one that is
// not too old.
func (c *Cache) Get(key []byte, now time.Duration, dst []byte) (value []byte, form Form, ok bool) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[string(key)]
	if e == nil || e.at < c.oldest(now) {
		s.drop(e)
		return dst, 0, false
	}
	return append(dst, e.value...), e.form, true
}

// Expire forgets what is too old to be given.
func (c *Cache) Expire(now time.Duration) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.shrink(c.oldest(now))
		s.mu.Unlock()
	}
}

// Size is how many keys there are and how many bytes they use.
func (c *Cache) Size() (keys int, bytes int64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		keys, bytes = keys+len(s.entries), bytes+s.bytes
		s.mu.Unlock()
	}
	return keys, bytes
}

func sizeOf(key, value int) int64 { return int64(key) + int64(value) + entryBytes }

// fill gives an entry its value; memory that suits is used again.
func (s *shard) fill(e *entry, value []byte) {
	s.bytes -= int64(cap(e.value))
	if n := len(value); cap(e.value) < n || cap(e.value) > 2*n+64 {
		e.value = bytes.Clone(value)
	} else {
		e.value = append(e.value[:0], value...)
	}
	s.bytes += int64(cap(e.value))
}

// shrink drops the oldest answers: those from before a moment, and what is too much.
func (s *shard) shrink(before time.Duration) {
	for e := s.ring.next; e != &s.ring; e = s.ring.next {
		if e.at >= before && len(s.entries) <= s.keep && s.bytes <= s.limit {
			return
		}
		s.drop(e)
	}
}

// drop forgets an entry; nil is none.
func (s *shard) drop(e *entry) {
	if e == nil {
		return
	}
	e.unlink()
	delete(s.entries, e.key)
	s.bytes -= sizeOf(len(e.key), cap(e.value))
}

// link makes an entry the newest of a ring.
func (e *entry) link(ring *entry) {
	e.prev, e.next = ring.prev, ring
	ring.prev.next, ring.prev = e, e
}

func (e *entry) unlink() { e.prev.next, e.next.prev = e.next, e.prev }
