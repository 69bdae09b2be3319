package capability

import (
	"context"
	"sync"
)

// Memory is a StateStore that forgets everything with the process. Its zero
// value is ready.
type Memory struct {
	mu     sync.Mutex
	spaces map[string]*space // guarded by mu
}

type space struct {
	entries map[string]Entry
	usage   Usage
}

// Usage is how full a space is.
type Usage struct {
	Keys, Bytes int
	Version     uint64 // of the newest write
}

// Get implements StateStore.
func (m *Memory) Get(_ context.Context, name, key string) (Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.spaces[name]; s != nil {
		return s.entries[key], nil
	}
	return Entry{}, nil
}

// Commit implements StateStore.
func (m *Memory) Commit(name string, b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spaces[name]
	if s == nil {
		s = &space{entries: map[string]Entry{}}
	}
	usage, err := b.Apply(name, s.usage, func(key string) (Entry, error) { return s.entries[key], nil })
	if err != nil {
		return err
	}
	if len(b.Writes) == 0 {
		return nil
	}
	s.usage = usage
	for key, value := range b.Writes {
		if value == nil {
			delete(s.entries, key)
		} else {
			s.entries[key] = Entry{Value: value, Version: usage.Version}
		}
	}
	if m.spaces == nil {
		m.spaces = map[string]*space{}
	}
	m.spaces[name] = s
	return nil
}

// Apply judges a batch against a space and returns how full it will be. It is
// what every StateStore asks before it writes; get reads the present entries.
func (b Batch) Apply(name string, u Usage, get func(key string) (Entry, error)) (Usage, error) {
	for key, version := range b.Reads {
		e, err := get(key)
		if err != nil {
			return u, err
		}
		if e.Version != version {
			return u, Conflict(name)
		}
	}
	if len(b.Writes) == 0 {
		return u, nil
	}
	after := u
	after.Version++
	for key, value := range b.Writes {
		e, err := get(key)
		if err != nil {
			return u, err
		}
		if e.Version != 0 {
			after.Keys--
			after.Bytes -= len(key) + len(e.Value)
		}
		if value != nil {
			after.Keys++
			after.Bytes += len(key) + len(value)
		}
	}
	grows := after.Keys > u.Keys && after.Keys > b.Keys || after.Bytes > u.Bytes && after.Bytes > b.Bytes
	if grows {
		return u, Full(name, after.Keys, after.Bytes, b)
	}
	return after, nil
}

var _ StateStore = (*Memory)(nil)
