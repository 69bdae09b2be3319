package guest_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	guest "github.com/swapline/swapline/guests/go"
)

// encoded is a strategy that is one function.
type encoded func(in wire.View, out *wire.Builder) error

func (f encoded) ExecuteEncoded(_ context.Context, in wire.View, out *wire.Builder) error {
	return f(in, out)
}

func TestAnAdaptedStrategyAnswersOverMaps(t *testing.T) {
	s := guest.Adapt(encoded(func(in wire.View, out *wire.Builder) error {
		n, _ := in.Get("list").Get("n").Int()
		m, _ := in.Get("map").Get("n").Int()
		out.OpenMap()
		out.Key("sum")
		out.Int(n + m)
		out.Key("in")
		v, _ := in.Value()
		out.Value(v)
		out.Close()
		return nil
	}))
	in := map[string]any{"map": map[string]any{"n": int64(41)}, "text": "t"}
	out, err := s.Execute(t.Context(), in)
	if want := map[string]any{"sum": int64(41), "in": in}; err != nil || !wire.Equal(any(out), any(want)) {
		t.Errorf("%v and %v, want %v", out, err, want)
	}
}

func TestNothingWrittenIsTheEmptyMap(t *testing.T) {
	out, err := guest.Adapt(encoded(func(wire.View, *wire.Builder) error { return nil })).Execute(t.Context(), map[string]any{})
	if err != nil || out == nil || len(out) != 0 {
		t.Errorf("%v and %v", out, err)
	}
}

func TestBusinessErrorsPassAnAdapter(t *testing.T) {
	want := abi.Reject("too_much", "too much")
	out, err := guest.Adapt(encoded(func(_ wire.View, out *wire.Builder) error {
		out.OpenMap()
		return want
	})).Execute(t.Context(), map[string]any{})
	if out != nil || !errors.Is(err, want) {
		t.Errorf("%v and %v", out, err)
	}
}

func TestWhatIsNoMapIsAnAnswerThatNoHostAccepts(t *testing.T) {
	for name, write := range map[string]encoded{
		"open map":   func(_ wire.View, out *wire.Builder) error { out.OpenMap(); return nil },
		"not a map":  func(_ wire.View, out *wire.Builder) error { out.Int(1); return nil },
		"not finite": func(_ wire.View, out *wire.Builder) error { out.Value(map[string]any{"f": math.Inf(1)}); return nil },
	} {
		out, err := guest.Adapt(write).Execute(t.Context(), map[string]any{})
		if _, domain := wire.NormalizeMap(out); err != nil || !errors.Is(domain, wire.ErrDomain) {
			t.Errorf("%s: %v, %v, %v", name, out, err, domain)
		}
	}
}

func TestAnInputOutsideOfTheDomainIsRefused(t *testing.T) {
	s := guest.Adapt(encoded(func(wire.View, *wire.Builder) error { panic("called") }))
	if _, err := s.Execute(t.Context(), map[string]any{"f": func() {}}); !errors.Is(err, wire.ErrDomain) {
		t.Error(err)
	}
}

// checked has a Validate method.
type checked struct{ encoded }

func (checked) Validate(context.Context) error { return abi.Reject("not_ready", "not ready") }

func TestAnAdapterValidatesIfTheStrategyDoes(t *testing.T) {
	if _, ok := guest.Adapt(encoded(nil)).(abi.Validator); ok {
		t.Error("a strategy without Validate got one")
	}
	v, ok := guest.Adapt(checked{}).(abi.Validator)
	if !ok {
		t.Fatal("Validate is lost")
	}
	if err := v.Validate(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "not_ready") {
		t.Error(err)
	}
	if _, ok := v.(guest.Encoded); !ok {
		t.Error("a guest would not see that it is encoded")
	}
}
