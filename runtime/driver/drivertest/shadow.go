package drivertest

import (
	"context"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
)

// shadows runs a call, and then others in its shadow and aside, and looks whether
// those left anything behind, on each way into the instance.
func (s *suite) shadows(t *testing.T) {
	in := s.forgotten(t)
	counted(t, in)
	ctx, recorder := capability.Record(within(t))
	want, err := in.Execute(ctx, behaving(tck.State))
	if err != nil {
		t.Fatal(err)
	}
	journal, err := recorder.Journal()
	if err != nil {
		t.Fatal(err)
	}
	for name, execute := range ways(in) {
		_, before := s.events.Last()
		ctx, err := capability.Shadow(within(t), journal)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := execute(ctx, behaving(tck.State)); err != nil || !wire.Equal(got, want) {
			t.Fatalf("%s: the shadow answers %v, %v, want %v", name, got, err, want)
		}
		ctx, _ = capability.Aside(within(t))
		if got, err := execute(ctx, behaving(tck.State)); err != nil || !wire.Equal(got["count"], int64(3)) {
			t.Fatalf("%s: aside it answers %v, %v, want a count of 3", name, got, err)
		}
		if _, err := execute(ctx, behaving(tck.Emit)); err != nil && s.can(tck.Emit) {
			t.Fatal(err)
		}
		if _, after := s.events.Last(); after != before {
			t.Errorf("%s: %d events were delivered", name, after-before)
		}
	}
	if n := counted(t, in); n != 3 {
		t.Fatalf("after the shadows it counts %d, want 3", n)
	}
}

type way = func(context.Context, map[string]any) (map[string]any, error)

// ways lists how calls get into an instance.
func ways(in driver.Instance) map[string]way {
	all := map[string]way{"map": in.Execute}
	if m, ok := in.(driver.Metered); ok {
		all["metered"] = func(ctx context.Context, in map[string]any) (map[string]any, error) {
			return m.ExecuteMetered(ctx, in, new(driver.Usage))
		}
	}
	if x, ok := in.(driver.Textual); ok {
		all["text"] = func(ctx context.Context, in map[string]any) (map[string]any, error) {
			text, err := wire.AppendJSON(nil, in)
			if err != nil {
				return nil, err
			}
			if text, err = x.ExecuteText(ctx, text, nil, new(driver.Usage)); err != nil {
				return nil, err
			}
			return wire.ParseJSONMap(text)
		}
	}
	return all
}
