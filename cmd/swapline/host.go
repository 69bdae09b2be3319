package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/capability/boltstate"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/parkstore"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
	"github.com/swapline/swapline/server"
)

// host is everything that one serving process holds.
type host struct {
	options  serveOptions
	folder   dataFolder
	token    string
	log      *slog.Logger
	tel      *telemetry
	store    *parkstore.Store
	services *capability.Services
	drivers  map[manifest.Kind]driver.Driver
	rt       *runtime.Runtime
	gate     server.Gate
	watcher  watcher
	draining atomic.Bool

	listener    net.Listener
	web         *http.Server
	stopped     chan error    // holds the reason if the HTTP server stops by itself
	takenOver   chan struct{} // closed when this process is the one that serves
	connections connections
}

// openHost opens store, policy, drivers and runtime, each closed by undo. The
// state of a successor stays with the process before until it is handed over.
func openHost(ctx context.Context, folder dataFolder, o serveOptions, log *slog.Logger, tel *telemetry, undo *cleanup) (*host, error) {
	h := &host{options: o, folder: folder, log: log, tel: tel, stopped: make(chan error, 1), takenOver: make(chan struct{})}
	var err error
	if h.store, err = parkstore.Open(func() (store.Store, error) { return boltstore.Open(folder.path("store")) }); err != nil {
		return nil, err
	}
	undo.add(func(context.Context) error { return h.store.Close() })
	policy, err := folder.openPolicy(ctx, h.store, time.Now(), log)
	if err != nil {
		return nil, explain(err)
	}
	if h.services, err = openServices(folder, o, log, undo); err != nil {
		return nil, err
	}
	if h.drivers, err = openDrivers(ctx, folder, o, policy.Engines(), log); err != nil {
		return nil, err
	}
	withdraw, err := o.withdraw.policy()
	if err != nil {
		return nil, err
	}
	h.rt, err = runtime.Open(ctx, runtime.Config{Withdraw: withdraw, TakenOver: h.takenOver, Store: h.store, Drivers: h.drivers, Policy: policy, Audience: o.audience,
		HostVersion: hostVersion, Capabilities: h.services, Engines: append([]string{wazeroengine.Name}, o.engines...), Log: log, Tracer: tel.tracer(), Meter: tel.meter()})
	if err != nil {
		return nil, errors.Join(err, closeDrivers(ctx, h.drivers))
	}
	undo.add(h.rt.Close)
	return h, nil
}

// native is the driver of plugins, nil in a build without.
func (h *host) native() *nativeplugin.Driver {
	d, _ := h.drivers[nativeplugin.Kind].(*nativeplugin.Driver)
	return d
}

// parkState gives the files of state and events away.
func (h *host) parkState() error {
	var err error
	if s, ok := h.services.State.(*boltstate.Parkable); ok {
		err = s.Park()
	}
	if e, ok := h.services.Events.(*capability.EventFile); ok {
		err = errors.Join(err, e.Close()) // the next event opens it again
	}
	return err
}

// unparkState takes them over or back.
func (h *host) unparkState() error {
	if s, ok := h.services.State.(*boltstate.Parkable); ok {
		return s.Unpark()
	}
	return nil
}

// bind makes the listening socket, or takes that of the process before.
func (h *host) bind(ctx context.Context, f flipper) (err error) {
	if f != nil && f.HasParent() {
		if h.listener, err = f.Listener("tcp", listenerName); err == nil && h.listener == nil {
			err = errors.New("the old process gave no listening socket")
		}
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.options.listen)
	if err != nil {
		return usageError{fmt.Errorf("%w; choose another address with --listen", err)}
	}
	h.listener = l
	if f == nil {
		return nil
	}
	return f.AddListener("tcp", listenerName, l.(*net.TCPListener))
}

// accept starts the HTTP server.
func (h *host) accept(handler http.Handler, undo *cleanup) {
	h.web = server.HTTP(handler, server.Timeouts{}, h.log)
	h.web.ConnState = h.connections.note
	go func() {
		if err := h.web.Serve(h.listener); !errors.Is(err, http.ErrServerClosed) && !h.connections.left() {
			h.stopped <- err
		}
	}()
	undo.add(h.web.Shutdown)
}

// announce tells the commands, and who else wants to know, where the host is.
func (h *host) announce(undo *cleanup) error {
	if err := h.folder.announce(running{Address: h.listener.Addr().String(), PID: os.Getpid()}); err != nil {
		return err
	}
	undo.add(func(context.Context) error { return h.folder.withdraw() })
	if err := writePID(h.options.pidFile); err != nil {
		return err
	}
	undo.add(func(context.Context) error { return removePID(h.options.pidFile) })
	return nil
}

// connections counts those that are open.
type connections struct {
	mu    sync.Mutex
	open  int
	gone  bool          // no new ones are accepted here
	empty chan struct{} // closed when gone and none is open
}

// note is an http.Server's ConnState.
func (c *connections) note(_ net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s {
	case http.StateNew:
		c.open++
	case http.StateClosed, http.StateHijacked:
		c.open--
	default:
		return
	}
	c.lookLocked()
}

func (c *connections) lookLocked() {
	if c.gone && c.open == 0 && c.empty != nil {
		close(c.empty)
		c.empty = nil
	}
}

// leave says that no new ones come; the result closes when the last one ends.
func (c *connections) leave() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	empty := make(chan struct{})
	c.gone, c.empty = true, empty
	c.lookLocked()
	return empty
}

func (c *connections) left() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}
