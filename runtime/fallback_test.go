package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

func TestTheReleaseBeforeAnswersForABrokenOne(t *testing.T) {
	c := opened(t, lasting(previous, unavailable))
	eventually(t, "the release before", func() bool { resp, err := c.keyed("a"); return err == nil && resp.Variant == runtime.VariantPrevious })
	before := c.ill[2].calls.Load()
	for range 50 {
		resp, err := c.keyed("a")
		if err != nil || resp.Variant != "previous" || resp.Release.Version != "1.0.0" || resp.Generation != 2 || resp.Output["version"] != int64(1) {
			t.Fatalf("%+v, %v", resp, err)
		}
	}
	if c.ill[2].calls.Load() != before {
		t.Error("the broken release got calls")
	}
	b := c.breaker()
	if b.Opened != 1 || !strings.Contains(b.Reason, "were faults, allowed are 5 %") || b.Until.Before(time.Now()) {
		t.Errorf("breaker %+v", b)
	}
	if f := b.Fallbacks[0]; f.Release == nil || f.Release.Version != "1.0.0" || f.Release.Active || f.Answers < 50 || f.Problem != "" {
		t.Errorf("fallback %+v", f)
	}
	if got := c.types(); len(got) != 1 || got[0] != "opened" {
		t.Errorf("happenings %v", got)
	}
	if _, err := c.execute(map[string]any{"key": "a", "no": true}); !errors.As(err, new(*abi.Error)) {
		t.Errorf("a business error of the release before is its answer: %v", err)
	}
}

func TestAReleaseBeforeThatBreaksHandsOn(t *testing.T) {
	c := opened(t, lasting(previous, static))
	eventually(t, "the release before", func() bool { resp, err := c.keyed("a"); return err == nil && resp.Variant == "previous" })
	c.ill[1].faults.Store(1)
	text, err := c.keyedText("a")
	if err != nil || text.Variant != "static" || string(text.Text) != `prefix:{"list":[1],"static":true}` || text.Release.Digest != "" || text.Executed != 0 {
		t.Fatalf("%+v, %v", text, err)
	}
	if st := c.status(); st.Generation != 2 {
		t.Errorf("the release before is not there to be withdrawn: %+v", st)
	}
}

func TestAStaticAnswerIsGivenInBothShapes(t *testing.T) {
	c := opened(t, lasting(static))
	resp, err := c.keyed("a")
	if err != nil || resp.Variant != "static" || resp.Output["static"] != true || resp.Release.Digest != "" || resp.Generation != 2 {
		t.Fatalf("%+v, %v", resp, err)
	}
	resp.Output["list"].([]any)[0] = "spoilt"
	if again, _ := c.keyed("a"); again.Output["list"].([]any)[0] != int64(1) {
		t.Error("a caller changed the answer of others")
	}
	text, err := c.keyedText("a")
	if err != nil || string(text.Text) != `prefix:{"list":[1],"static":true}` || text.Output != nil || text.Variant != "static" {
		t.Fatalf("%s, %+v, %v", text.Text, text, err)
	}
}

func TestTheLastGoodAnswerOfAKeyIsGivenInBothShapes(t *testing.T) {
	c := newClinic(t, lasting(lastGood, unavailable), nil)
	c.deploy(treated(1))
	_, err := c.keyed("map")
	must(t, err)
	_, err = c.keyedText("text")
	must(t, err)
	c.ill[1].faults.Store(everyTenth)
	c.until(breaker.Open)
	for _, key := range []string{"map", "text"} {
		resp, err := c.keyed(key)
		if err != nil || resp.Variant != "last_good" || resp.Output["key"] != key || resp.Output["version"] != int64(1) || resp.Release.Digest != "" {
			t.Fatalf("%s: %+v, %v", key, resp, err)
		}
		text, err := c.keyedText(key)
		if err != nil || string(text.Text) != fmt.Sprintf(`prefix:{"key":%q,"version":1}`, key) || text.Output != nil {
			t.Fatalf("%s: %s, %v", key, text.Text, err)
		}
	}
	for _, key := range []any{"new", nil} {
		_, err := c.keyed(key)
		wantCode(t, err, problem.BreakerOpen)
	}
	_, err = c.execute(map[string]any{})
	wantCode(t, err, problem.BreakerOpen)
}

func TestUnavailableSaysWhenToComeBack(t *testing.T) {
	c := opened(t, lasting(unavailable))
	before := c.ill[2].calls.Load()
	resp, err := c.keyed("a")
	p := wantCode(t, err, problem.BreakerOpen)
	var again interface{ RetryAfter() time.Duration }
	if !errors.As(p, &again) || again.RetryAfter() > time.Hour || again.RetryAfter() < 50*time.Minute {
		t.Errorf("come back: %v", p)
	}
	if resp.Variant != "" || resp.Release.Digest != "" || resp.Output != nil || resp.Generation != 2 {
		t.Errorf("an answer: %+v", resp)
	}
	if text, err := c.keyedText("a"); err == nil || text.Text != nil {
		t.Errorf("%q, %v", text.Text, err)
	}
	if c.ill[2].calls.Load() != before {
		t.Error("the broken release got calls")
	}
}

func TestWithoutAnswerForOneKeyTheReleaseServesOn(t *testing.T) {
	c := opened(t, lasting(lastGood))
	if resp, _ := c.keyed("a"); resp.Variant != "last_good" {
		t.Errorf("%+v", resp)
	}
	before := c.ill[2].calls.Load()
	resp, _ := c.keyed("never seen")
	if resp.Variant != runtime.VariantStable || resp.Release.Version != "2.0.0" || c.ill[2].calls.Load() != before+1 {
		t.Errorf("%+v", resp)
	}
}

func TestOldAnswersAreForgottenWithoutBeingAskedFor(t *testing.T) {
	fallback := lastGood
	fallback.MaxAge = 300 * time.Millisecond
	c := newClinic(t, lasting(fallback), nil)
	c.deploy(treated(1))
	eventually(t, "an answer that is kept", func() bool { _, err := c.keyed("a"); return err == nil && c.rt.LastGood(name) == 1 })
	eventually(t, "its end", func() bool { return c.rt.LastGood(name) == 0 })
}

func TestWithoutStickyKeyThereIsNoLastGoodAnswer(t *testing.T) {
	policy := lasting(lastGood, unavailable)
	policy.Sticky = rollout.Sticky{}
	c := opened(t, policy)
	_, err := c.keyed("a")
	wantCode(t, err, problem.BreakerOpen)
}

func TestMetricsAndSpansTellOfTheBreaker(t *testing.T) {
	reader, spans := sdkmetric.NewManualReader(), tracetest.NewSpanRecorder()
	c := newClinic(t, lasting(lastGood, static), func(c *clinic) {
		c.cfg.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
		c.cfg.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	})
	c.deploy(treated(1))
	_, err := c.keyed("a")
	must(t, err)
	c.ill[1].faults.Store(everyTenth)
	c.until(breaker.Open)
	_, err = c.keyed("a")
	must(t, err)
	_, err = c.keyed("b")
	must(t, err)
	var data metricdata.ResourceMetrics
	must(t, reader.Collect(context.Background(), &data))
	points := map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range d.DataPoints {
				v, _ := p.Attributes.Value("variant")
				points[m.Name+" "+v.AsString()] = p.Value
			}
		case metricdata.Gauge[int64]:
			points[m.Name] = d.DataPoints[0].Value
		}
	}
	if points["swapline.breaker.state"] != 2 || points["swapline.fallback.answers last_good"] == 0 || points["swapline.fallback.answers static"] != 1 {
		t.Errorf("metrics %v", points)
	}
	ended := spans.Ended()
	last := ended[len(ended)-1]
	attributes := fmt.Sprint(last.Attributes())
	if last.Name() != "swapline.fallback" || !strings.Contains(attributes, `"feature_flag.result.variant":"static"`) || !strings.Contains(attributes, `"feature_flag.key":"adder"`) {
		t.Errorf("span %s %s", last.Name(), attributes)
	}
}

// BenchmarkBreaker has what a call costs without breaker, with a closed one, with
// one that keeps last good answers, and when something else answers.
func BenchmarkBreaker(b *testing.B) {
	for _, one := range []struct {
		name   string
		policy *rollout.Policy
		ill    bool
	}{
		{"none", rollout.Bare(), false},
		{"closed", lasting(previous), false},
		{"closed with last_good", lasting(lastGood), false},
		{"open, static", lasting(static), true},
		{"open, last_good", lasting(lastGood), true},
	} {
		b.Run(one.name, func(b *testing.B) {
			c := newClinic(b, one.policy, func(c *clinic) { c.cfg.Meter = noop.NewMeterProvider() })
			c.deploy(treated(1))
			in := map[string]any{"key": "a"}
			_, err := c.execute(in)
			must(b, err)
			if one.ill {
				c.ill[1].faults.Store(everyTenth)
				c.until(breaker.Open)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.execute(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
