package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/server"
)

// shutdownLimit bounds how long running requests and releases may take to end.
const shutdownLimit = 30 * time.Second

type serveOptions struct {
	listen, dir, audience, tokenFile string
	state, events                    string
	engines                          []string // beside the default one
	verbose, pprof                   bool
	withdraw                         withdrawOptions
	pidFile                          string
	maxPlugins, renewAt              int
	renewPause, renewLimit           time.Duration
	renewGrace                       time.Duration
	successor                        bool // takes over from another process
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

Native plugins cannot be unloaded. The server renews itself when it has opened
many, when asked to (swapline renew) and on SIGHUP: a new process takes over
without a failed request. docs/renewal.md says what supervisors need to know.

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
	f.StringVar(&o.pidFile, "pid-file", "", "`file` that always holds the number of the serving process, for a supervisor")
	f.IntVar(&o.maxPlugins, "max-plugins", 64, "`number` of native plugins that one process opens; they cannot be unloaded")
	f.IntVar(&o.renewAt, "renew-at", -1, "`number` of native plugins at which the process renews itself; -1: at 80% of --max-plugins, 0: never")
	f.DurationVar(&o.renewPause, "renew-pause", 30*time.Second, "least `time` between renewals that nobody asked for")
	f.DurationVar(&o.renewLimit, "renew-limit", 2*time.Minute, "`time` that a new process has to load everything; then the old one goes on")
	o.withdraw.flags(f)
	f.DurationVar(&o.renewGrace, "renew-grace", 10*time.Second, "`time` that a renewed process waits for connections without a request before it closes them")
	f.BoolVar(&o.pprof, "pprof", false, "serve profiles at /debug/pprof/, to holders of the token")
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

// serve runs until ctx ends, then stops in the reverse order of the start; or
// until another process has taken over.
func (a *app) serve(ctx context.Context, o serveOptions) (err error) {
	log := newLog(a.stderr, o.level())
	var undo cleanup
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
		defer cancel()
		err = errors.Join(err, undo.run(end))
	}()
	flip, never := a.flipper(o)
	before, err := a.successor(flip)
	if err != nil {
		return err
	}
	o.successor = before != nil
	h, err := a.open(ctx, o, before, log, &undo)
	if err != nil {
		return before.failed(err)
	}
	r := newRenewer(h, flip, never, a.at)
	if err := a.start(ctx, h, r, before, &undo); err != nil {
		return before.failed(err)
	}
	select {
	case <-ctx.Done():
		log.Info("stopping: running requests are finished first")
	case err = <-h.stopped:
	case <-r.moved:
	}
	_ = r.stop(context.WithoutCancel(ctx))
	select {
	case <-r.moved:
		r.finish(ctx)
	default:
		h.draining.Store(true)
	}
	return err
}

// open makes everything but the door.
func (a *app) open(ctx context.Context, o serveOptions, before *succession, log *slog.Logger, undo *cleanup) (*host, error) {
	folder := dataFolder(a.data)
	if err := checkFolder(o.dir); err != nil {
		return nil, err
	}
	token, err := a.serverToken(folder, o)
	if err != nil {
		return nil, err
	}
	if before != nil {
		token = before.begin.Token // the file may have changed, what clients know has not
	}
	tel, err := startTelemetry(ctx)
	if err != nil {
		return nil, err
	}
	undo.add(tel.stop)
	h, err := openHost(ctx, folder, o, log, tel, undo)
	if err != nil {
		return nil, err
	}
	h.token = token
	if o.dir != "" {
		h.watcher.begin = func() (func(context.Context) error, error) { return watchFolder(ctx, o.dir, h.rt, log) }
	}
	return h, h.measure()
}

// start opens the door: after the folder's releases for a first process, after
// the hand-over for one that takes over.
func (a *app) start(ctx context.Context, h *host, r *renewer, before *succession, undo *cleanup) error {
	handler, err := server.New(server.Config{Runtime: h.rt, Token: h.token, Audience: h.options.audience, Version: hostVersion,
		Draining: h.draining.Load, Gate: &h.gate, Resident: h.residents,
		Renew:   func(ctx context.Context) (server.Renewal, error) { return r.renew(ctx, "asked for") },
		Metrics: h.tel.metrics, Pprof: h.options.pprof, Profile: profileSource(h.drivers), Log: h.log, Tracer: h.tel.tracer(), Meter: h.tel.meter()})
	if err != nil {
		return err
	}
	undo.add(func(context.Context) error { h.watcher.stop(); return nil })
	if before == nil {
		if err := h.watcher.start(); err != nil {
			return err
		}
	}
	if err := h.bind(ctx, r.flip); err != nil {
		return err
	}
	if err := before.takeOver(ctx, h); err != nil {
		return err
	}
	close(h.takenOver)
	r.watchSignal(ctx, isTerminal(a.stderr))
	h.accept(handler, undo)
	if err := r.begin(a.ready(ctx, h, r, before, undo)); err != nil {
		return err
	}
	go r.watchPressure(ctx, before.since())
	return nil
}

// ready tells everybody that this process serves.
func (a *app) ready(ctx context.Context, h *host, r *renewer, before *succession, undo *cleanup) error {
	err := h.announce(undo)
	address := h.listener.Addr().String()
	if before != nil {
		before.serving()
		h.log.Info("serving", "address", address, "data", string(h.folder), "version", hostVersion, "renewed", true)
		if err != nil {
			h.log.Warn("the new process could not announce itself", "error", err) // but it serves
		}
		if err := h.watcher.start(); err != nil {
			h.log.Warn("the folder is not watched", "error", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if r.flip != nil {
		if err := r.flip.Ready(); err != nil {
			return err
		}
	}
	h.log.Info("serving", "address", address, "data", string(h.folder), "version", hostVersion)
	if !a.json {
		a.welcome(h.folder, address)
	}
	return nil
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
