package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// flipper makes what hands sockets over, or says why this process can never be
// renewed. Serving goes on without.
func (a *app) flipper(o serveOptions) (f flipper, never error) {
	if a.flip == nil {
		return nil, errors.New("it is part of another program")
	}
	f, err := a.flip(o.renewLimit + holdLimit + 2*switchLimit)
	switch {
	case err != nil:
		return nil, err
	case os.Getpid() == 1:
		return f, errors.New("it is process 1 of a container, which would end with it")
	case o.state == stateInMemory:
		return f, errors.New("the strategies' state is in memory and would be lost (--state memory)")
	}
	return f, nil
}

// renewThreshold is how many plugins of a limit renew the process; 0 is never.
func (o serveOptions) renewThreshold(limit int) int {
	if o.renewAt < 0 {
		return max(1, limit*4/5)
	}
	return o.renewAt
}

// watchSignal renews on SIGHUP, as daemons do. In a terminal that signal means
// that the terminal is gone, and a program that was started to ignore it goes on
// doing so.
func (r *renewer) watchSignal(ctx context.Context, terminal bool) {
	if r.never.Load() != nil || terminal || signal.Ignored(syscall.SIGHUP) {
		return
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-hangup:
				_, _ = r.renew(ctx, "SIGHUP") // it says in the log how it went
			case <-r.moved:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
}

// watcher deploys what comes into a folder, between start and stop.
type watcher struct {
	begin func() (end func(context.Context) error, err error)

	mu  sync.Mutex
	end func(context.Context) error // guarded by mu; nil while it is stopped
}

func (w *watcher) start() (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begin == nil || w.end != nil {
		return nil
	}
	w.end, err = w.begin()
	return err
}

// stop waits for a deployment under way, for a while.
func (w *watcher) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), changeLimit)
	defer cancel()
	_ = w.end(ctx)
	w.end = nil
}
