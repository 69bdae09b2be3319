package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/swapline/swapline/server"
)

// TestSpansAreNamedByRoute: the name has few values, and a path without a route
// adds none.
func TestSpansAreNamedByRoute(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Tracer = provider })
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	a := h.do(request{method: "GET", path: "/v1/strategies/risk", header: map[string]string{"traceparent": parent}})
	if p := a.problem(t); p.TraceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("trace id of the problem: %q", p.TraceID)
	}
	h.get("/v1/some/unknown/path")
	h.client.CloseIdleConnections()
	check(t, h.http.Shutdown(t.Context()))

	var names, routes []string
	for _, s := range spans.Ended() {
		names = append(names, s.Name())
		for _, kv := range s.Attributes() {
			if kv.Key == "http.route" {
				routes = append(routes, kv.Value.AsString())
			}
		}
	}
	if want := []string{"GET /v1/strategies/:name", "GET"}; !slices.Equal(names, want) {
		t.Errorf("span names %q, want %q", names, want)
	}
	if !slices.Contains(routes, "/v1/strategies/:name") || slices.ContainsFunc(routes, func(r string) bool { return strings.Contains(r, "unknown") }) {
		t.Errorf("routes %q", routes)
	}
}

// TestWhatTheSpecificationProtectsNeedsTheToken asks every documented operation.
func TestWhatTheSpecificationProtectsNeedsTheToken(t *testing.T) {
	h := start(t)
	protected := 0
	for path, item := range h.doc.Paths.Map() {
		for method, op := range item.Operations() {
			open := op.Security != nil && len(*op.Security) == 0
			url := strings.NewReplacer("{name}", "risk", "{release}", "1.0.0").Replace(path)
			a := h.do(request{method: method, path: url, header: map[string]string{"Authorization": ""}})
			if (a.status == http.StatusUnauthorized) == open {
				t.Errorf("%s %s without a token: %d", method, path, a.status)
			}
			if !open {
				protected++
			}
		}
	}
	if protected < 10 {
		t.Errorf("only %d protected operations", protected)
	}
}
