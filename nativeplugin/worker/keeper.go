package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// keeper keeps one worker process running: it starts another one when it ended,
// later and later, and gives up at last.
type keeper struct {
	config Config
	log    *slog.Logger
	// launch starts a process and lets it make the strategy.
	launch func(ctx context.Context) (*process, error)

	live     atomic.Pointer[process] // nil while there is none
	restarts atomic.Int64

	mu struct {
		sync.Mutex
		series  series
		since   time.Time     // when the live process began to serve
		changed chan struct{} // closed when live or down changes
		due     time.Time     // when the next start is, zero if none is planned
		down    error         // why there is no process and will be none
		last    string        // how the last one ended
		closed  bool
		// replacing says that another process is being started beside live.
		replacing bool
		stop      func() bool // calls the next start off
	}
	starts sync.WaitGroup
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
}

func newKeeper(c Config, log *slog.Logger, launch func(context.Context) (*process, error)) *keeper {
	k := &keeper{config: c, log: log, launch: launch}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	k.mu.changed = make(chan struct{})
	return k
}

// open starts the first process.
func (k *keeper) open(ctx context.Context) error {
	p, err := k.launch(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.serveLocked(p)
	return nil
}

// serveLocked makes p the live process.
func (k *keeper) serveLocked(p *process) {
	k.mu.since, k.mu.due = k.config.Clock.Now(), time.Time{}
	k.live.Store(p)
	k.tellLocked()
	k.starts.Add(1)
	go func() {
		defer k.starts.Done()
		<-p.died
		k.crashed(p)
	}()
}

func (k *keeper) tellLocked() {
	close(k.mu.changed)
	k.mu.changed = make(chan struct{})
}

// process returns the live process. While there is none it waits if the next
// start is before ctx's deadline.
func (k *keeper) process(ctx context.Context) (*process, error) {
	for {
		if p := k.live.Load(); p != nil {
			return p, nil
		}
		changed, err := k.wait(ctx)
		if err != nil {
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, k.interrupted(ctx)
		}
	}
}

// wait tells what to wait for, or why not to.
func (k *keeper) wait(ctx context.Context) (<-chan struct{}, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	deadline, bounded := ctx.Deadline()
	switch {
	case k.live.Load() != nil:
		now := make(chan struct{})
		close(now)
		return now, nil
	case k.mu.closed:
		return nil, problem.New(problem.ShuttingDown, "the release has been closed")
	case k.mu.down != nil:
		return nil, driver.Faultf(problem.FaultWorker, "%v", k.mu.down)
	case bounded && time.Until(deadline) < k.mu.due.Sub(k.config.Clock.Now()):
		return nil, driver.Faultf(problem.FaultWorker, "the worker process is started again in %s: %s",
			k.mu.due.Sub(k.config.Clock.Now()).Round(time.Millisecond), k.mu.last)
	}
	return k.mu.changed, nil
}

// trouble says why there is no process.
func (k *keeper) trouble() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.mu.closed:
		return ""
	case k.mu.down != nil:
		return k.mu.down.Error()
	}
	return "the worker process is started again after its end: " + k.mu.last
}

// interrupted is the end of a call that waited for a process in vain.
func (k *keeper) interrupted(ctx context.Context) error {
	if err := driver.Interrupted(ctx); problem.CodeOf(err) == problem.Canceled {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return driver.Faultf(problem.FaultWorker, "the worker process was not started again in time: %s", k.mu.last)
}

// crashed plans what comes after the end of p.
func (k *keeper) crashed(p *process) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.live.CompareAndSwap(p, nil) || k.mu.closed {
		return
	}
	k.log.Error("worker process ended", "how", p.how, "lived", k.config.Clock.Now().Sub(k.mu.since).String())
	k.planLocked(p.how, k.config.Clock.Now().Sub(k.mu.since))
}

// planLocked plans the next start after an end, or gives up.
func (k *keeper) planLocked(how string, lived time.Duration) {
	k.mu.last = how
	delay, again := k.mu.series.next(lived, k.config.Random())
	if !again {
		k.mu.down = fmt.Errorf("the worker process ended %d times in a row and stays down, the last time with %s; "+
			"switch to another release, or deploy this one again", maxSeries, how)
		k.log.Error("worker process stays down", "how", how)
		k.tellLocked()
		return
	}
	k.mu.due = k.config.Clock.Now().Add(delay)
	k.starts.Add(1)
	k.mu.stop = k.config.Clock.AfterFunc(delay, func() {
		defer k.starts.Done()
		k.restart()
	})
}

// restart starts a process again.
func (k *keeper) restart() {
	p, err := k.launch(k.ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.mu.closed:
		if p != nil {
			go p.stop(k.ctx)
		}
	case err != nil:
		k.log.Error("worker process did not start", "error", err)
		k.planLocked(err.Error(), 0)
	default:
		n := k.restarts.Add(1)
		k.log.Warn("worker process started again", "restarts", n)
		k.serveLocked(p)
	}
}

// expel ends a process that does not keep to the protocol.
func (k *keeper) expel(p *process, why string) {
	p.fate.Store(&why)
	p.kill()
}

// replace starts another process in the place of p, and ends p when the calls that
// somebody waits for are through.
func (k *keeper) replace(p *process, why string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live.Load() != p || k.mu.closed || k.mu.replacing {
		return
	}
	k.log.Error("worker process is replaced", "why", why)
	p.fate.Store(&why)
	if _, again := k.mu.series.next(k.config.Clock.Now().Sub(k.mu.since), 0); !again {
		p.kill()
		return
	}
	k.mu.replacing = true
	k.starts.Add(1)
	go func() {
		defer k.starts.Done()
		k.swap(p)
	}()
}

func (k *keeper) swap(p *process) {
	fresh, err := k.launch(k.ctx)
	k.mu.Lock()
	k.mu.replacing = false
	mine := err == nil && !k.mu.closed && k.live.Load() == p
	if mine {
		k.restarts.Add(1)
		k.serveLocked(fresh)
	}
	k.mu.Unlock()
	if !mine && fresh != nil {
		fresh.stop(k.ctx)
	}
	if mine {
		p.drain(k.ctx, k.config.Patience)
	}
	p.kill()
	<-p.ended
}

// close ends the process; nothing is started any more.
func (k *keeper) close(ctx context.Context) {
	k.mu.Lock()
	k.mu.closed = true
	p := k.live.Swap(nil)
	if k.mu.stop != nil && k.mu.stop() {
		k.starts.Done()
	}
	k.tellLocked()
	k.mu.Unlock()
	k.cancel()
	if p != nil {
		p.stop(ctx)
	}
	k.starts.Wait()
}
