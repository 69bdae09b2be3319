package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector is an OTLP/HTTP receiver that keeps what it gets.
type collector struct {
	t         *testing.T
	mu        sync.Mutex
	resources []*resource.Resource
	spans     []*traces.Span
	metrics   []*metrics.Metric
}

func newCollector(t *testing.T) (c *collector, url string) {
	t.Helper()
	c = &collector{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		m := &collectortraces.ExportTraceServiceRequest{}
		c.receive(w, r, m, &collectortraces.ExportTraceServiceResponse{}, func() { c.addTraces(m) })
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		m := &collectormetrics.ExportMetricsServiceRequest{}
		c.receive(w, r, m, &collectormetrics.ExportMetricsServiceResponse{}, func() { c.addMetrics(m) })
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return c, web.URL
}

func (c *collector) receive(w http.ResponseWriter, r *http.Request, in, out proto.Message, keep func()) {
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(b, in)
	}
	if err != nil {
		c.t.Errorf("%s: %v", r.URL.Path, err)
	}
	c.mu.Lock()
	keep()
	c.mu.Unlock()
	answer, err := proto.Marshal(out)
	if err != nil {
		c.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(answer)
}

func (c *collector) addTraces(m *collectortraces.ExportTraceServiceRequest) {
	for _, r := range m.GetResourceSpans() {
		c.resources = append(c.resources, r.GetResource())
		for _, s := range r.GetScopeSpans() {
			c.spans = append(c.spans, s.GetSpans()...)
		}
	}
}

func (c *collector) addMetrics(m *collectormetrics.ExportMetricsServiceRequest) {
	for _, r := range m.GetResourceMetrics() {
		c.resources = append(c.resources, r.GetResource())
		for _, s := range r.GetScopeMetrics() {
			c.metrics = append(c.metrics, s.GetMetrics()...)
		}
	}
}

// span returns the first span of a name.
func (c *collector) span(name string) *traces.Span {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.spans, func(s *traces.Span) bool { return s.GetName() == name })
	if i < 0 {
		c.t.Errorf("no span %q arrived", name)
		return &traces.Span{}
	}
	return c.spans[i]
}

// under checks that a span is a child of another and of the same trace.
func (c *collector) under(parent *traces.Span, name string) *traces.Span {
	c.t.Helper()
	s := c.span(name)
	if string(s.GetTraceId()) != string(parent.GetTraceId()) || string(s.GetParentSpanId()) != string(parent.GetSpanId()) {
		c.t.Errorf("span %q is not a child of %q", name, parent.GetName())
	}
	return s
}

// bounds returns the bucket boundaries of a histogram.
func (c *collector) bounds(name string) []float64 {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.metrics {
		if points := m.GetHistogram().GetDataPoints(); m.GetName() == name && len(points) > 0 {
			return points[0].GetExplicitBounds()
		}
	}
	c.t.Errorf("no histogram %q arrived", name)
	return nil
}

// signedModule makes a release of the scaffold's strategy.
func signedModule(t *testing.T, data string) (artifact string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "myrisk")
	must(t, data, "new", "myrisk", "--dir", dir)
	must(t, data, "build", dir, "--out", filepath.Join(dir, "dist"))
	artifact = filepath.Join(dir, "dist", "myrisk-0.1.0.wasm")
	must(t, data, "sign", artifact)
	return artifact
}

func approves(t *testing.T, data string) {
	t.Helper()
	if got := must(t, data, "exec", "myrisk", `{"amount": 1200}`); got != `{"approved":true}`+"\n" {
		t.Errorf("exec printed %q", got)
	}
}

// TestTracesAndMetricsArriveByOTLP runs the real server with nothing but the
// standard variable set.
func TestTracesAndMetricsArriveByOTLP(t *testing.T) {
	c, url := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=proving")
	data := t.TempDir()
	_, out, stop := serving(t, data, serveOptions{})
	must(t, data, "push", signedModule(t, data))
	approves(t, data)
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	c.under(c.span("POST /v1/strategies/:name/execute"), "swapline.execute")
	deploy := c.under(c.span("POST /v1/strategies/:name/releases"), "swapline.deploy")
	for _, stage := range []string{
		"stage", "verify", "match", "order", "config_schema", "commit", "load", "abi_version",
		"method_set", "baseline", "validate", "golden_cases", "activate", "publish",
	} {
		c.under(deploy, "swapline."+stage)
	}
	for _, name := range []string{"swapline.execute.duration", "http.server.request.duration"} {
		if b := c.bounds(name); len(b) == 0 || b[0] > 1e-6 {
			t.Errorf("%s: the buckets begin at %v s, not at microseconds", name, b)
		}
	}
	for _, want := range []string{"swapline", hostVersion, "proving"} {
		if !c.resourcesSay(want) {
			t.Errorf("a resource does not say %q", want)
		}
	}
	if line := `"trace_id":"` + hex.EncodeToString(deploy.GetTraceId()) + `"`; !strings.Contains(out.String(), line) {
		t.Errorf("no log line has %s:\n%s", line, out)
	}
}

// resourcesSay reports whether every resource has an attribute of this value.
func (c *collector) resourcesSay(value string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.resources {
		found := false
		for _, a := range r.GetAttributes() {
			found = found || a.GetValue().GetStringValue() == value
		}
		if !found {
			return false
		}
	}
	return len(c.resources) > 1
}

func TestOTLPIsOffUnlessAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		variables map[string]string
		want      bool
	}{
		"nothing":        {nil, false},
		"endpoint":       {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, true},
		"only traces":    {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}, true},
		"only metrics":   {map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:1"}, false},
		"no such signal": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, false},
		"disabled":       {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.variables {
				t.Setenv(k, v)
			}
			if got := otlpConfigured("TRACES"); got != c.want {
				t.Errorf("otlpConfigured = %t", got)
			}
		})
	}
}
