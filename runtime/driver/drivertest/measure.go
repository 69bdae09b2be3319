package drivertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
)

// measurements are what a driver can tell besides answers. It need not; what it
// tells must be so.
func (s *suite) measurements(t *testing.T) {
	t.Run("the parts of a call are within it", s.parts)
	t.Run("a call whose parts are asked for ends as any other", s.dividedEnds)
	t.Run("how long loading took", s.starts)
	t.Run("the strategy itself", s.bare)
}

// dividing executes with the parts asked for; nil if the instance cannot.
func dividing(in driver.Instance) func(context.Context, map[string]any, *driver.Parts) (map[string]any, error) {
	switch in := in.(type) {
	case driver.Metered:
		return func(ctx context.Context, input map[string]any, p *driver.Parts) (map[string]any, error) {
			return in.ExecuteMetered(ctx, input, &driver.Usage{Parts: p})
		}
	case driver.Divided:
		return in.ExecuteDivided
	}
	return nil
}

func (s *suite) parts(t *testing.T) {
	in := s.load(t, behaving(tck.Echo))
	execute := dividing(in)
	if execute == nil {
		t.Skip("the kind does not tell")
	}
	for range 20 {
		var p driver.Parts
		began := time.Now()
		out, err := execute(within(t), everything(), &p)
		whole := time.Since(began)
		if err != nil || !wire.Equal(out, everything()) {
			t.Fatalf("answer %v, %v", out, err)
		}
		_, crosses := in.(driver.Metered)
		(*parts)(&p).within(t, whole, crosses)
	}
	if text, ok := in.(driver.Textual); ok {
		textParts(t, text)
	}
}

// textParts does the same with JSON text, also for a caller who uses a Usage again.
func textParts(t *testing.T, in driver.Textual) {
	u := driver.Usage{Parts: new(driver.Parts)}
	for range 3 {
		p := u.Parts
		*p = driver.Parts{}
		began := time.Now()
		if _, err := in.ExecuteText(within(t), []byte(`{"a":[1,2,3]}`), nil, &u); err != nil || u.Parts != p {
			t.Fatalf("parts %p, want %p: %v", u.Parts, p, err)
		}
		(*parts)(p).within(t, time.Since(began), true)
	}
}

type parts driver.Parts

// within looks whether parts of a call that took so long can be true.
func (p *parts) within(t *testing.T, whole time.Duration, crosses bool) {
	t.Helper()
	for name, d := range map[string]time.Duration{"encoding": p.Encoding, "guest": p.Guest, "boundary": p.Boundary, "strategy": p.Strategy} {
		if d < 0 {
			t.Fatalf("%s took %s", name, d)
		}
	}
	if sum := p.Encoding + p.Guest + p.Boundary + p.Strategy; sum <= 0 || sum > whole {
		t.Fatalf("parts %+v of %s make %s", *p, whole, sum)
	}
	if !p.Known && p.Guest != 0 {
		t.Fatalf("the guest took %s, which is not known", p.Guest)
	}
	if crosses && (p.BytesIn <= 0 || p.BytesOut <= 0) {
		t.Fatalf("%d bytes went in and %d came out", p.BytesIn, p.BytesOut)
	}
}

// dividedEnds: no, faults and what is outside of the domain are told apart as ever,
// and the next call is not concerned.
func (s *suite) dividedEnds(t *testing.T) {
	in := s.load(t, behaving(tck.Choose))
	execute := dividing(in)
	if execute == nil {
		t.Skip("the kind does not tell")
	}
	for _, behaviour := range []string{tck.Reject, tck.Plain, tck.Panic, tck.Domain, tck.Goexit, tck.NaN, tck.Empty} {
		if !s.can(behaviour) {
			continue
		}
		_, want := in.Execute(within(t), map[string]any{"behaviour": behaviour})
		_, got := execute(within(t), map[string]any{"behaviour": behaviour}, new(driver.Parts))
		if endOf(got) != endOf(want) {
			t.Errorf("%s ended with %v, want %v", behaviour, got, want)
		}
	}
	answers(t, in)
}

// endOf is how a call ended, in a word.
func endOf(err error) string {
	var b *abi.Error
	var f *driver.Fault
	switch {
	case errors.As(err, &b):
		return "business error " + b.Code
	case errors.As(err, &f):
		return "fault " + string(f.Code)
	case err != nil:
		return err.Error()
	}
	return "answer"
}

func (s *suite) starts(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		spec := s.spec(t, 1, behaving(tck.Choose))
		spec.Fresh = fresh
		in := s.loadSpec(t, spec)
		answers(t, in)
		started, ok := in.(driver.Started)
		if !ok {
			t.Skip("the kind does not tell")
		}
		if got := started.Starts(); got.Instantiate <= 0 || got.Compile < 0 || got.Compile == 0 && !got.Cached {
			t.Errorf("with fresh %v: %+v", fresh, got)
		}
	}
}

func (s *suite) bare(t *testing.T) {
	in, ok := s.load(t, behaving(tck.Echo)).(driver.Bare)
	if !ok {
		t.Skip("the kind has none in this process")
	}
	out, err := in.Strategy().Execute(within(t), everything())
	if err != nil || !wire.Equal(out, everything()) {
		t.Fatalf("answer %v, %v", out, err)
	}
}
