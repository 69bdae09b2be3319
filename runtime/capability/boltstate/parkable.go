package boltstate

import (
	"context"
	"sync"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/problem"
)

// Parkable is a Store whose file can be given to another process and taken
// back. It is safe for concurrent use. Make it with OpenParkable, or with
// ParkedAt in the process that takes over.
//
//	p := boltstate.ParkedAt(path) // as long as the other process has the file
//	err := p.Unpark()             // this one has it
//	err = p.Park()                // the file is free again, everything is stored
//
// While it is parked every call fails with HostRenewing. If Unpark fails, each
// call tries to open the file again.
type Parkable struct {
	path string

	mu     sync.RWMutex // held for reading by every call
	store  *Store       // nil while the file is not open
	parked bool         // on purpose
	closed bool
}

// OpenParkable opens the file like Open.
func OpenParkable(path string) (*Parkable, error) {
	p := ParkedAt(path)
	return p, p.Unpark()
}

// ParkedAt is a store whose file another process has open.
func ParkedAt(path string) *Parkable { return &Parkable{path: path, parked: true} }

// Park waits for the commits under way and closes the file. Parking twice is
// harmless.
func (p *Parkable) Park() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parked = true
	return p.closeLocked()
}

func (p *Parkable) closeLocked() error {
	if p.store == nil {
		return nil
	}
	err := p.store.Close()
	p.store = nil
	return err
}

// Unpark opens the file. Unparking what is open is harmless.
func (p *Parkable) Unpark() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parked = false
	return p.openLocked()
}

func (p *Parkable) openLocked() (err error) {
	if p.store != nil || p.closed || p.parked {
		return nil
	}
	p.store, err = Open(p.path)
	return err
}

// Close closes the store for good.
func (p *Parkable) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return p.closeLocked()
}

// Get implements capability.StateStore.
func (p *Parkable) Get(ctx context.Context, space, key string) (e capability.Entry, err error) {
	err = p.use(func(s *Store) error {
		e, err = s.Get(ctx, space, key)
		return err
	})
	return e, err
}

// Commit implements capability.StateStore.
func (p *Parkable) Commit(space string, b capability.Batch) error {
	return p.use(func(s *Store) error { return s.Commit(space, b) })
}

// use calls do with the open store.
func (p *Parkable) use(do func(*Store) error) error {
	if err := p.heal(); err != nil {
		return err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	switch {
	case p.store != nil:
		return do(p.store)
	case p.closed:
		return closed()
	}
	return problem.New(problem.HostRenewing, "the strategies' state is on its way to another process").Cure("send the request again")
}

// heal opens a file that could not be opened when it was taken back.
func (p *Parkable) heal() error {
	p.mu.RLock()
	lost := p.store == nil && !p.parked && !p.closed
	p.mu.RUnlock()
	if !lost {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.openLocked()
}

var _ capability.StateStore = (*Parkable)(nil)
