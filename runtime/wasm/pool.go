package wasm

import (
	"context"
	"log/slog"
	"sync"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// pool is the bounded set of guests of one instance. A caller that gets one
// gives it back with put. Guests are made when none is idle; waiting for one
// ends with the caller's context.
type pool struct {
	start func(context.Context) (*guest, error)
	log   *slog.Logger

	idle   chan *guest   // guests that serve nobody
	vacant chan struct{} // permits to make a guest

	mu     sync.Mutex
	all    map[*guest]struct{} // guests that exist
	closed bool
}

func newPool(size int, start func(context.Context) (*guest, error), log *slog.Logger) *pool {
	p := &pool{
		start: start, log: log,
		idle: make(chan *guest, size), vacant: make(chan struct{}, size),
		all: make(map[*guest]struct{}),
	}
	for range size {
		p.vacant <- struct{}{}
	}
	return p
}

// get takes an idle guest or makes one.
func (p *pool) get(ctx context.Context) (g *guest, waited bool, err error) {
	select {
	case g := <-p.idle:
		return g, false, nil
	default:
	}
	select {
	case g := <-p.idle:
		return g, true, nil
	case <-p.vacant:
		g, err = p.make(ctx)
		return g, true, err
	case <-ctx.Done():
		return nil, true, problem.New(problem.Overloaded, "all %d guests of the release are busy: %w", cap(p.idle), ctx.Err()).
			Cure("raise limits.concurrency in the manifest, or send less")
	}
}

// make uses a permit of vacant.
func (p *pool) make(ctx context.Context) (*guest, error) {
	g, err := p.start(ctx)
	if err != nil {
		p.vacant <- struct{}{}
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[g] = struct{}{}
	g.size.Store(int64(g.engine.Size()))
	return g, nil
}

// adopt takes a guest that was made elsewhere.
func (p *pool) adopt(ctx context.Context, g *guest) {
	<-p.vacant
	p.mu.Lock()
	p.all[g] = struct{}{}
	p.mu.Unlock()
	p.put(ctx, g, true)
}

// put gives a guest back. One that is not fit, or that comes after Close, is
// closed.
func (p *pool) put(ctx context.Context, g *guest, fit bool) {
	p.mu.Lock()
	fit = fit && !p.closed
	if fit {
		g.size.Store(int64(g.engine.Size()))
		p.idle <- g // has room for every guest there is
	} else {
		delete(p.all, g)
	}
	p.mu.Unlock()
	if !fit {
		g.close(context.WithoutCancel(ctx), p.log)
		p.vacant <- struct{}{}
	}
}

// close closes the idle guests and returns how many still serve a call; those
// are closed when they are put back.
func (p *pool) close(ctx context.Context) (busy int) {
	p.mu.Lock()
	p.closed = true
	idle := p.drainLocked()
	busy = len(p.all)
	p.mu.Unlock()
	for _, g := range idle {
		g.close(ctx, p.log)
		p.vacant <- struct{}{}
	}
	return busy
}

// drainLocked takes the idle guests, of which a late call may take some meanwhile.
func (p *pool) drainLocked() (idle []*guest) {
	for {
		select {
		case g := <-p.idle:
			delete(p.all, g)
			idle = append(idle, g)
		default:
			return idle
		}
	}
}

// stats counts guests and their memory as of their last call.
func (p *pool) stats() driver.Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := driver.Stats{Instances: len(p.all), InUse: len(p.all) - len(p.idle)}
	for g := range p.all {
		s.MemoryBytes += g.size.Load()
	}
	return s
}
