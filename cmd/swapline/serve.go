package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
	"github.com/swapline/swapline/server"
)

// shutdownLimit bounds how long running requests and releases may take to end.
const shutdownLimit = 30 * time.Second

type serveOptions struct {
	listen, dir, audience, tokenFile string
	state, events                    string
	engines                          []string // beside the default one
	verbose                          bool
}

func (a *app) serveCommand() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve strategies over HTTP",
		Example: `  swapline serve                              on 127.0.0.1:7070, nothing to configure
  swapline serve --dir releases               deploy what is in a folder, and what comes later
  swapline serve --listen 0.0.0.0:7070 --token-file /etc/swapline/token --audience production`,
		Long: `The first start makes, in the data folder, an access token, a signing key and a
trust policy that accepts releases signed by it. Other commands find them there.

What strategies may use besides computing (log, clock, random numbers, events,
state, HTTP to listed hosts) is in the trust policy: see swapline policy.

The server speaks plain HTTP. To be reached from other machines it needs a token
that you chose (--token-file or SWAPLINE_TOKEN) and a proxy in front for TLS.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.serve(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:7070", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.dir, "dir", "", "`folder` of signed releases (*.dsse beside their artifacts) to deploy and watch")
	f.StringVar(&o.audience, "audience", "", "`name` of this environment, for releases signed for certain ones")
	f.StringVar(&o.tokenFile, "token-file", "", "`file` with the access token")
	f.StringSliceVar(&o.engines, "allow-engine", nil, "`engine` that releases may name, beside the default one: "+wasmtimeengine.Name)
	f.StringVar(&o.state, "state", stateOnDisk, "`where` strategies keep their state: disk, or memory (lost at the end)")
	f.StringVar(&o.events, "events", "", "`file` to append strategies' events to, one JSON object a line; default: the log")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log every request")
	return c
}

// cleanup runs what was put in, last first.
type cleanup []func(context.Context) error

func (c *cleanup) add(f func(context.Context) error) { *c = append(*c, f) }

func (c cleanup) run(ctx context.Context) error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i](ctx))
	}
	return errors.Join(errs...)
}

// serve runs until ctx ends, then stops in the reverse order of the start.
func (a *app) serve(ctx context.Context, o serveOptions) (err error) {
	log := newLog(a.stderr, o.level())
	folder := dataFolder(a.data)
	var undo cleanup
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
		defer cancel()
		err = errors.Join(err, undo.run(end))
	}()
	if err := checkFolder(o.dir); err != nil {
		return err
	}
	token, err := a.serverToken(folder, o)
	if err != nil {
		return err
	}
	tel, err := startTelemetry(ctx)
	if err != nil {
		return err
	}
	undo.add(tel.stop)
	rt, err := openRuntime(ctx, folder, o, log, tel, &undo)
	if err != nil {
		return err
	}
	var draining atomic.Bool
	handler, err := server.New(server.Config{Runtime: rt, Token: token, Audience: o.audience, Version: hostVersion,
		Draining: draining.Load, Metrics: tel.metrics, Log: log, Tracer: tel.tracer(), Meter: tel.meter()})
	if err != nil {
		return err
	}
	if o.dir != "" {
		stop, err := watchFolder(ctx, o.dir, rt, log)
		if err != nil {
			return err
		}
		undo.add(stop)
	}
	stopped, err := a.listen(ctx, folder, o, handler, log, &undo)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		log.Info("stopping: running requests are finished first")
	case err = <-stopped:
	}
	draining.Store(true)
	return err
}

func (o serveOptions) level() slog.Level {
	if o.verbose {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// serverToken prepares the data folder and chooses the token. Beyond this
// machine only a token will do that an operator chose.
func (a *app) serverToken(folder dataFolder, o serveOptions) (string, error) {
	token := a.token
	if err := os.Unsetenv("SWAPLINE_TOKEN"); err != nil { // strategies run in this process
		return "", err
	}
	if o.tokenFile != "" {
		b, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return "", usageError{err}
		}
		token = strings.TrimSpace(string(b))
	}
	if token == "" && !loopback(o.listen) {
		return "", usageError{problem.New(problem.Unauthenticated, "%s can be reached from other machines and no token was set", o.listen).
			Cure("set one with --token-file or SWAPLINE_TOKEN, and put a proxy in front for TLS; or listen on 127.0.0.1")}
	}
	if token != "" && len(token) < 16 {
		return "", usageError{problem.New(problem.Unauthenticated, "the token is too short").Want("16 characters or more").Got("%d", len(token))}
	}
	if err := folder.prepare(); err != nil {
		return "", err
	}
	if token != "" {
		return token, nil
	}
	return folder.token()
}

// loopback reports whether only this machine can reach an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// openRuntime opens store, policy, drivers and runtime, each closed by undo.
func openRuntime(ctx context.Context, folder dataFolder, o serveOptions, log *slog.Logger, tel *telemetry, undo *cleanup) (*runtime.Runtime, error) {
	s, err := boltstore.Open(folder.path("store"))
	if err != nil {
		return nil, err
	}
	undo.add(func(context.Context) error { return s.Close() })
	policy, err := folder.openPolicy(ctx, store.Store(s), time.Now(), log)
	if err != nil {
		return nil, explain(err)
	}
	services, err := openServices(folder, o, log, undo)
	if err != nil {
		return nil, err
	}
	drivers, err := openDrivers(ctx, folder, o.engines, policy.Engines(), log)
	if err != nil {
		return nil, err
	}
	rt, err := runtime.Open(ctx, runtime.Config{Store: s, Drivers: drivers, Policy: policy, Audience: o.audience,
		HostVersion: hostVersion, Capabilities: services, Engines: append([]string{wazeroengine.Name}, o.engines...), Log: log, Tracer: tel.tracer(), Meter: tel.meter()})
	if err != nil {
		return nil, errors.Join(err, closeDrivers(ctx, drivers))
	}
	undo.add(rt.Close)
	return rt, nil
}

// listen starts the HTTP server. Its error, if it ever stops by itself, comes on
// the channel.
func (a *app) listen(ctx context.Context, folder dataFolder, o serveOptions, h http.Handler, log *slog.Logger, undo *cleanup) (<-chan error, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return nil, usageError{fmt.Errorf("%w; choose another address with --listen", err)}
	}
	s := server.HTTP(h, server.Timeouts{}, log)
	stopped := make(chan error, 1)
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			stopped <- err
		}
	}()
	undo.add(s.Shutdown)
	address := l.Addr().String()
	if err := folder.announce(running{Address: address, PID: os.Getpid()}); err != nil {
		return nil, err
	}
	undo.add(func(context.Context) error { return folder.withdraw() })
	log.Info("serving", "address", address, "data", string(folder), "version", hostVersion)
	if !a.json {
		a.welcome(folder, address)
	}
	return stopped, nil
}

// welcome says what to try. The token itself stays in its file.
func (a *app) welcome(folder dataFolder, address string) {
	data := ""
	if a.data != defaultData() {
		data = " --data " + a.data
	}
	fmt.Fprintf(a.stderr, `
Swapline %s serves on http://%s

  swapline list%s
  swapline exec%s STRATEGY '{"amount": 1200}'
  curl -H "Authorization: Bearer $(cat %s)" http://%s/v1/strategies
  curl http://%s/openapi.yaml

`, hostVersion, address, data, data, folder.path("token"), address, address)
}
