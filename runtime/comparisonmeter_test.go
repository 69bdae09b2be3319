package runtime_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/swapline/swapline/runtime"
)

// TestComparisonsAreToldOfAsOtherOperations: in the log with who asked, in metrics by
// state, and in a span that the loads of the arms are in.
func TestComparisonsAreToldOfAsOtherOperations(t *testing.T) {
	w := newWorld(t)
	reader, spans := sdkmetric.NewManualReader(), tracetest.NewInMemoryExporter()
	w.cfg.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	w.cfg.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	var log bytes.Buffer
	w.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	w.open()
	w.deploy(release(1))
	w.hold(release(2))
	done := w.over(w.begin(against("", "2.0.0")).ID)
	first, runs, goOn := w.blocked()
	<-runs
	waiting := w.begin(against("", "2.0.0"))
	w.rt.Comparisons.Interrupt(canceledContext(), "the host was renewed")
	close(goOn)
	w.over(first.ID)
	w.over(waiting.ID)
	must(t, w.rt.Close(context.Background())) // all is told

	var data metricdata.ResourceMetrics
	must(t, reader.Collect(context.Background(), &data))
	got := map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range d.DataPoints {
				state, _ := p.Attributes.Value("state")
				got[m.Name+" "+state.AsString()] += p.Value
			}
		case metricdata.Histogram[float64]:
			for _, p := range d.DataPoints {
				state, _ := p.Attributes.Value("state")
				got[m.Name+" "+state.AsString()] += int64(p.Count)
			}
		}
	}
	for name, want := range map[string]int64{"swapline.comparisons.started ": 2, "swapline.comparisons done": 1, "swapline.comparisons canceled": 2,
		"swapline.comparison.duration done": 1, "swapline.comparison.duration canceled": 2} {
		if got[name] != want {
			t.Errorf("%s is %d, want %d", name, got[name], want)
		}
	}
	for _, line := range []string{`msg="comparison started" comparison=` + done.ID, `msg="comparison ended" comparison=` + done.ID, `actor=anna state=done`,
		`msg="comparison ended" comparison=` + waiting.ID, `problem="the host was renewed"`} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("the log lacks %s:\n%s", line, &log)
		}
	}
	loads := 0
	for _, s := range spans.GetSpans() {
		if s.Name != "swapline.comparison" {
			continue
		}
		for _, inner := range spans.GetSpans() {
			if inner.Name == "swapline.compare" && inner.Parent.SpanID() == s.SpanContext.SpanID() {
				loads++
			}
		}
	}
	if loads != 2 && loads != 4 { // the second comparison may have been stopped before
		t.Errorf("%d loads are in spans of comparisons", loads)
	}
	if first.State != runtime.ComparisonWaiting {
		t.Errorf("%+v", first)
	}
}

func canceledContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
