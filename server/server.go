// Package server is Swapline's HTTP face. It knows the runtime, problem codes
// and the wire domain; it knows no kind of artifact, no signature and no driver.
//
// The contract is openapi.yaml in this folder (OpenAPI 3.1). It was written
// first, is served at /openapi.yaml, and the tests check every response against
// it. In short:
//
//	POST /v1/strategies/{name}/execute      input object in, output object out
//	POST /v1/strategies/{name}/releases     multipart: envelope, then artifact
//	GET  /v1/strategies                     what is served
//	POST /v1/strategies/{name}/switch       serve another accepted release
//	POST /v1/strategies/{name}/rollback     serve the release before
//	POST /v1/strategies/{name}/rollouts     let a release earn its traffic
//	POST /v1/comparisons                    compare releases aside, on given inputs
//	GET  /v1/comparisons/{id}/report        what came of it: JSON, HTML, Markdown
//	POST /v1/experiments                    compare two releases on live traffic
//	GET  /v1/experiments/{name}/{id}/report what came of that
//	GET  /v1/events                         what happens, as it happens
//
// # Rules
//
//   - JSON comes in through wire.ParseJSON only, from a bounded body. A key
//     given twice, a number that would be rounded and bytes after the end are
//     errors.
//   - Every error is application/problem+json (RFC 9457) with a code of package
//     problem, or with the strategy's own code when the strategy said no. The
//     table from codes to status codes is in catalogue.go; docs/errors.md is
//     made from it.
//   - A change needs the generation it was decided on: If-Match with the
//     strategy's ETag, or If-None-Match: * while there is no release. Without it
//     the answer is 428, with another generation 412 and the current ETag. For a
//     rollout, a rollout policy and an experiment the same holds with their
//     revisions.
//   - An upload is streamed to the store part by part and is never in memory;
//     few may be under way at the same time.
//   - A comparison runs on by itself and is looked at by its id, also after a restart.
//     Its inputs come in one body, of which few are read at the same time: JSON, or a
//     form with a file of inputs. One that waits or runs when the host is renewed is
//     cancelled, and says so: two processes would measure each other.
//   - A report is made in the form that the caller takes: Accept, or ?format=, which
//     also gives the histograms. The page brings its own Content-Security-Policy.
//   - Events are sent as they happen, to a bounded number of listeners. Who reads
//     too slowly is let go, and holds up nobody.
//   - /livez, /readyz and /openapi.yaml are open. All else, /metrics too, needs
//     the token.
//
// A worked example, against a server on this machine:
//
//	curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
//	     -d '{"amount": 1200}' http://127.0.0.1:7070/v1/strategies/riskscore/execute
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/swapline/swapline/runtime"
)

// Config is what a server is made of. Runtime and Token are required.
type Config struct {
	Runtime *runtime.Runtime
	// Token is the bearer token of all protected operations, 16 characters or
	// more.
	Token string
	// Audience and Version are told by GET /v1/host.
	Audience, Version string
	// Draining, when set, tells that the process is about to stop: /readyz then
	// answers 503 so that load balancers go elsewhere.
	Draining func() bool
	// Profile tells what releases must fit, as a value that marshals to JSON;
	// nil answers 404 at /v1/host/profile.
	Profile func() (any, error)
	// Gate, when set, is asked before every execution and change.
	Gate *Gate
	// Resident lists what the process cannot give back while it lives; nil for
	// nothing.
	Resident func(context.Context) Residents
	// Renew replaces the process; nil answers 404 at /v1/host/renew.
	Renew func(context.Context) (Renewal, error)
	// Metrics serves /metrics; nil answers 404 there.
	Metrics http.Handler
	// Pprof serves profiles of the process at /debug/pprof/, to holders of the
	// token. Whoever reads one slows the process down.
	Pprof  bool
	Log    *slog.Logger
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
	Limits Limits
}

// Limits bound what one request may cost. A zero field takes the default.
type Limits struct {
	// Input is the largest body of execute, switch and rollback: 1 MiB.
	Input int64
	// Envelope is the largest signed manifest: 2 MiB.
	Envelope int64
	// Artifact is the largest artifact: 256 MiB.
	Artifact int64
	// Uploads is how many uploads may be under way at the same time: 8. Each
	// may put Artifact bytes aside before its signature has been checked.
	Uploads int64
	// UploadIdle is how long an upload may stand still: 30 s.
	UploadIdle time.Duration
	// Upload is how long a change may take, its validation included: 15 min.
	Upload time.Duration
	// Listeners is how many streams of events may be open at the same time: 100.
	Listeners int64
	// Comparison is the largest body that asks for a comparison, with its inputs:
	// 32 MiB. Two are read at the same time.
	Comparison int64
	// ComparisonText is the largest text of its inputs when it is decompressed: 128 MiB.
	ComparisonText int64
}

func (l Limits) withDefaults() Limits {
	l.Input = orDefault(l.Input, 1<<20)
	l.Envelope = orDefault(l.Envelope, 2<<20)
	l.Artifact = orDefault(l.Artifact, 256<<20)
	l.Uploads = orDefault(l.Uploads, 8)
	l.UploadIdle = orDefault(l.UploadIdle, 30*time.Second)
	l.Upload = orDefault(l.Upload, 15*time.Minute)
	l.Listeners = orDefault(l.Listeners, 100)
	l.Comparison = orDefault(l.Comparison, 32<<20)
	l.ComparisonText = orDefault(l.ComparisonText, 128<<20)
	return l
}

func orDefault[T int64 | time.Duration](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}

// api holds what handlers need. It is immutable after New.
type api struct {
	Config
	token   tokenSum
	answers map[string]Entry
	started time.Time
	uploads chan struct{} // one place for each upload that is under way

	comparing chan struct{} // one place for each comparison that is being read
	listeners chan struct{} // one place for each stream of events
	stopping  chan struct{} // closed when the server does not go on
	stop      func()        // closes stopping
}

// New makes the handler of all routes. It is safe for concurrent use and holds
// nothing that must be closed. Serve it with [HTTP], which sets the time-outs.
func New(c Config) (http.Handler, error) {
	if c.Runtime == nil {
		return nil, errors.New("server needs a runtime")
	}
	if len(c.Token) < 16 {
		return nil, errors.New("server needs a token of 16 characters or more")
	}
	a := &api{Config: withDefaults(c), token: sumOf(c.Token), answers: answersByCode(), started: time.Now().UTC()}
	a.uploads, a.listeners = make(chan struct{}, a.Limits.Uploads), make(chan struct{}, a.Limits.Listeners)
	a.comparing, a.stopping = make(chan struct{}, comparisonsRead), make(chan struct{})
	a.Gate.whenSteady(a.endComparisons)
	a.stop = sync.OnceFunc(func() { close(a.stopping) })
	return &door{a.Gate.guard(otelhttp.NewHandler(a.router(), "http",
		otelhttp.WithTracerProvider(a.Tracer),
		otelhttp.WithMeterProvider(a.Meter),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		// Otherwise the Host header names server.address and server.port, and
		// strangers could make time series until no other has room.
		otelhttp.WithServerName("swapline:0"),
	)), a.stop}, nil
}

// door is what New makes. [HTTP] tells it when its server shuts down, so that
// streams end: they have no end of their own to wait for.
type door struct {
	http.Handler
	stop func()
}

func withDefaults(c Config) Config {
	c.Limits = c.Limits.withDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Tracer == nil {
		c.Tracer = tracenoop.NewTracerProvider()
	}
	if c.Meter == nil {
		c.Meter = noop.NewMeterProvider()
	}
	if c.Draining == nil {
		c.Draining = func() bool { return false }
	}
	return c
}

// router builds the routes. echo's own 404 and 405 end in a.fail like every
// other error.
func (a *api) router() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = a.fail
	e.IPExtractor = echo.ExtractIPDirect()
	e.Use(route, requestID, securityHeaders, a.observe, a.protect)

	e.GET("/livez", livez)
	e.GET("/readyz", a.readyz)
	e.GET("/openapi.yaml", openapi)
	e.GET("/metrics", a.metrics, a.authenticate)
	a.profiles(e)

	// Not a group: echo's group middlewares would answer unknown methods with 404.
	v1 := func(method, path string, h echo.HandlerFunc) { e.Add(method, "/v1"+path, h, a.authenticate) }
	v1(http.MethodGet, "/host", a.host)
	v1(http.MethodGet, "/host/profile", a.profile)
	v1(http.MethodPost, "/host/renew", a.renew)
	v1(http.MethodGet, "/strategies", a.strategies)
	v1(http.MethodGet, "/strategies/:name", a.strategy)
	v1(http.MethodPost, "/strategies/:name/execute", a.execute)
	v1(http.MethodGet, "/strategies/:name/releases", a.releases)
	v1(http.MethodPost, "/strategies/:name/releases", a.changing(a.upload))
	v1(http.MethodGet, "/strategies/:name/releases/:release", a.release)
	v1(http.MethodPost, "/strategies/:name/switch", a.changing(a.change((*runtime.Runtime).Switch, "release")))
	v1(http.MethodPost, "/strategies/:name/rollback", a.changing(a.change((*runtime.Runtime).Rollback)))
	a.rolloutRoutes(v1)
	a.comparisonRoutes(v1)
	a.experimentRoutes(v1)
	v1(http.MethodGet, "/events", a.events)
	return e
}
