package runtime_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// observed is a world whose log and spans a test reads.
func observed(t *testing.T) (*world, *syncBuffer, *tracetest.SpanRecorder) {
	w, log, spans := newWorld(t), &syncBuffer{}, tracetest.NewSpanRecorder()
	w.cfg.Log = slog.New(slog.NewTextHandler(log, nil))
	w.cfg.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	w.open()
	return w, log, spans
}

func TestAFaultNamesReleaseAndStackToOperatorsOnly(t *testing.T) {
	for _, behaviour := range []string{tck.Panic, tck.Goexit} {
		t.Run(behaviour, func(t *testing.T) {
			w, log, spans := observed(t)
			out := w.deploy(behaving(1, tck.Choose))
			_, err := w.execute(do(behaviour))
			p := wantCode(t, err, problem.FaultPanic)
			if !strings.HasPrefix(p.Message, "adder@1.0.0 ") || strings.Contains(p.Error(), "goroutine") {
				t.Errorf("the caller sees %v", p)
			}
			const function = "tck.(*strategy).Execute"
			wantLine(t, log, `msg=fault`, "strategy=adder", "release=1.0.0", "digest="+string(out.Release.Digest), "code=fault_panic", function)
			span := named(t, spans, "swapline.execute")
			if len(span.Events()) != 1 || span.Events()[0].Name != "exception" {
				t.Fatalf("events %v", span.Events())
			}
			event := span.Events()[0].Attributes
			if value(event, "exception.type") != "fault_panic" || value(event, "exception.message") == "" || !strings.Contains(value(event, "exception.stacktrace"), function) {
				t.Errorf("event %v", event)
			}
			if a := span.Attributes(); value(a, "strategy") != "adder" || value(a, "version") != "1.0.0" || value(a, "digest") != string(out.Release.Digest) {
				t.Errorf("span %v", a)
			}
		})
	}
}

// TestAFaultWithoutAStackIsAnEventAllTheSame: a deadline is one.
func TestAFaultWithoutAStackIsAnEventAllTheSame(t *testing.T) {
	w, _, spans := observed(t)
	w.deploy(behaving(1, tck.Choose))
	_, err := w.execute(do(tck.Domain))
	wantCode(t, err, problem.FaultABI)
	event := named(t, spans, "swapline.execute").Events()[0].Attributes
	if value(event, "exception.type") != string(problem.FaultABI) || len(event) != 2 {
		t.Errorf("event %v", event)
	}
}

func TestAnAnswerAndABusinessErrorAreNoExceptions(t *testing.T) {
	w, _, spans := observed(t)
	w.deploy(behaving(1, tck.Choose))
	w.calls(1, tck.Echo)
	w.calls(1, tck.Reject)
	if events := named(t, spans, "swapline.execute").Events(); len(events) != 0 {
		t.Errorf("events %v", events)
	}
}

func TestAPanicThatRefusesAReleaseLeavesItsStackInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		build    build
		function string
	}{
		"in the constructor": {behaving(2, tck.ConstructPanic), "tck.New"},
		"in Validate": {func() build {
			b := behaving(2, tck.ValidatePanic)
			b.Methods = []string{"Execute", "Validate"}
			return b
		}(), "tck.(*validated).Validate"},
		"in a golden case": {func() build {
			b := behaving(2, tck.Panic)
			b.Golden = []manifest.GoldenCase{{Name: "panics", Input: map[string]any{}, Output: map[string]any{}}}
			return b
		}(), "tck.(*strategy).Execute"},
	} {
		t.Run(name, func(t *testing.T) {
			w, log, _ := observed(t)
			up := w.upload(c.build)
			_, err := w.rt.Deploy(context.Background(), up)
			if err == nil || strings.Contains(err.Error(), "goroutine") {
				t.Errorf("the uploader sees %v", err)
			}
			wantLine(t, log, "not served", "strategy=adder", "release=2.0.0", "digest=sha256:", "code=fault_panic", c.function)
		})
	}
}

func wantLine(t *testing.T, log *syncBuffer, words ...string) {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			return
		}
	}
	t.Errorf("no line has all of %q:\n%s", words, log.String())
}

// named is the last span of a name.
func named(t *testing.T, spans *tracetest.SpanRecorder, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	var found sdktrace.ReadOnlySpan
	for _, s := range spans.Ended() {
		if s.Name() == name {
			found = s
		}
	}
	if found == nil {
		t.Fatalf("no span %s", name)
	}
	return found
}

func value(list []attribute.KeyValue, key string) string {
	for _, a := range list {
		if string(a.Key) == key {
			return a.Value.AsString()
		}
	}
	return ""
}
