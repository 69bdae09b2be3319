package runtime_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/swapline/swapline/guests/tck/tck"
)

func TestMetricsCountCallsByReleaseAndOutcome(t *testing.T) {
	w := newWorld(t)
	reader := sdkmetric.NewManualReader()
	w.cfg.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	w.open()
	w.deploy(behaving(1, tck.Choose))
	for _, behaviour := range []string{tck.Echo, tck.Echo, tck.Reject, tck.Panic} {
		_, _ = w.execute(do(behaviour)) // outcomes are what is measured
	}
	var data metricdata.ResourceMetrics
	must(t, reader.Collect(context.Background(), &data))
	got := map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range d.DataPoints {
				got[m.Name+" "+outcomeOf(p.Attributes)] += p.Value
			}
		case metricdata.Gauge[int64]:
			got[m.Name] = d.DataPoints[0].Value
		case metricdata.Histogram[float64]:
			for _, p := range d.DataPoints {
				got[m.Name+" "+outcomeOf(p.Attributes)] += int64(p.Count)
			}
			if bounds := d.DataPoints[0].Bounds; bounds[0] != 1e-6 {
				t.Errorf("the first bucket ends at %v s", bounds[0])
			}
		}
	}
	for name, want := range map[string]int64{
		"swapline.execute.requests ok": 2, "swapline.execute.requests business_error": 1, "swapline.execute.requests fault_panic": 1,
		"swapline.execute.duration ok": 2, "swapline.changes ok": 1, "swapline.generation": 1, "swapline.draining": 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %d (there: %v), want %d", name, v, ok, want)
		}
	}
}

func outcomeOf(set attribute.Set) string {
	v, _ := set.Value("outcome")
	return v.AsString()
}

func TestEveryStageIsASpanBelowItsChange(t *testing.T) {
	w := newWorld(t)
	spans := tracetest.NewSpanRecorder()
	w.cfg.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	w.open()
	w.deploy(release(1))
	w.answers(1)
	var names []string
	ended := spans.Ended()
	change := ended[slices.IndexFunc(ended, func(s sdktrace.ReadOnlySpan) bool { return s.Name() == "swapline.deploy" })]
	for _, s := range ended {
		names = append(names, strings.TrimPrefix(s.Name(), "swapline."))
		if s.Name() != "swapline.execute" && s.Name() != "swapline.deploy" && s.Parent().SpanID() != change.SpanContext().SpanID() {
			t.Errorf("span %s is not below the change", s.Name())
		}
	}
	want := "verify stage match order config_schema commit grant load abi_version method_set baseline validate golden_cases activate publish deploy execute"
	if got := strings.Join(names, " "); got != want {
		t.Fatalf("spans %s\nwant  %s", got, want)
	}
}
