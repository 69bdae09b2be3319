package drivertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// everything is a value of each kind of the domain, with its edges.
func everything() map[string]any {
	return map[string]any{
		"nil": nil, "true": true, "min": int64(-1 << 63), "max": int64(1<<63 - 1), "zero": int64(0),
		"float": 0.1, "whole": 3.0, "tiny": 5e-324, "text": "grüße\x00\n", "empty": "",
		"bytes": []byte{0, 255}, "no bytes": []byte{},
		"list": []any{int64(1), "two", []any{}, map[string]any{}},
		"map":  map[string]any{"": int64(1), "k": map[string]any{"deep": []byte("x")}},
	}
}

func (s *suite) answers(t *testing.T) {
	for _, c := range []struct {
		name, behaviour string
		in, want        map[string]any
	}{
		{"every kind of value comes back", tck.Echo, everything(), everything()},
		{"an empty input is an empty map", tck.Echo, map[string]any{}, map[string]any{}},
		{"a nil answer is an empty map", tck.Empty, map[string]any{}, map[string]any{}},
		{"go numbers become int64 and float64", tck.Numbers, map[string]any{}, map[string]any{
			"int": int64(1), "int8": int64(1), "uint16": int64(1), "int64": int64(1), "float32": 1.0, "float64": 1.0,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := s.load(t, behaving(c.behaviour)).Execute(within(t), c.in)
			if err != nil {
				t.Fatal(err)
			}
			if !wire.Equal(out, c.want) {
				t.Fatalf("answer %v, want %v", out, c.want)
			}
		})
	}
	t.Run("answers are the caller's own", s.answersAreOwned)
}

// answersAreOwned writes into one answer and looks at the next.
func (s *suite) answersAreOwned(t *testing.T) {
	in := s.load(t, map[string]any{"behaviour": tck.Config, "list": []any{"a"}})
	first, err := in.Execute(within(t), map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	first["config"].(map[string]any)["list"].([]any)[0] = "changed"
	second, err := in.Execute(within(t), map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	if got := second["config"].(map[string]any)["list"].([]any)[0]; got != "a" {
		t.Fatalf("a caller reached into the strategy: %v", got)
	}
}

func (s *suite) businessErrors(t *testing.T) {
	for _, c := range []struct {
		behaviour string
		want      abi.Error
	}{
		{tck.Reject, abi.Error{Code: tck.RejectedCode, Message: tck.RejectedMessage, Details: map[string]any{"limit": int64(100), "currency": "EUR"}}},
		{tck.Plain, abi.Error{Code: abi.CodeBusinessError, Message: "an error without a code"}},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			_, err := s.load(t, behaving(c.behaviour)).Execute(within(t), map[string]any{})
			var got *abi.Error
			if !errors.As(err, &got) {
				t.Fatalf("%T %v is no business error", err, err)
			}
			if got.Code != c.want.Code || got.Message != c.want.Message || !sameDetails(got.Details, c.want.Details) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// sameDetails does not tell no details from empty ones.
func sameDetails(a, b map[string]any) bool { return len(a)+len(b) == 0 || wire.Equal(a, b) }

func (s *suite) faults(t *testing.T) {
	for _, c := range []struct {
		behaviour string
		codes     []problem.Code
	}{
		{tck.Panic, []problem.Code{problem.FaultPanic, problem.FaultTrap}},
		{tck.Goexit, []problem.Code{problem.FaultPanic, problem.FaultTrap}},
		{tck.Domain, []problem.Code{problem.FaultABI}},
		{tck.NaN, []problem.Code{problem.FaultABI}},
		{tck.Deep, []problem.Code{problem.FaultABI}},
	} {
		if s.can(c.behaviour) {
			t.Run(c.behaviour, func(t *testing.T) { s.faultsThenAnswers(t, c.behaviour, c.codes...) })
		}
	}
}

// faultsThenAnswers proves that a fault never outlives its call.
func (s *suite) faultsThenAnswers(t *testing.T, behaviour string, codes ...problem.Code) {
	in := s.load(t, behaving(tck.Choose))
	for range 3 {
		_, err := in.Execute(within(t), behaving(behaviour))
		wantFault(t, err, codes...)
		answers(t, in)
	}
}

// answers fails the test unless a chosen echo comes back.
func answers(t *testing.T, in driver.Instance) {
	t.Helper()
	input := map[string]any{"behaviour": tck.Echo, "n": int64(1)}
	out, err := in.Execute(within(t), map[string]any{"behaviour": tck.Echo, "n": int64(1)})
	if err != nil || !wire.Equal(out, input) {
		t.Fatalf("after a fault the next call gave %v, %v", out, err)
	}
}

func wantFault(t *testing.T, err error, codes ...problem.Code) {
	t.Helper()
	var f *driver.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%T %v is no fault", err, err)
	}
	for _, c := range codes {
		if f.Code == c && f.Message != "" {
			return
		}
	}
	t.Fatalf("fault %q (%s), want one of %v with a message", f.Code, f.Message, codes)
}

func (s *suite) deadlines(t *testing.T) {
	for _, behaviour := range []string{tck.Spin, tck.Stubborn} {
		if s.can(behaviour) {
			t.Run(behaviour, func(t *testing.T) { s.missesDeadline(t, behaviour) })
		}
	}
	if s.can(tck.Spin) {
		t.Run("a caller that goes away is no fault", s.canceled)
	}
	t.Run("a context that is over already", s.deadOnArrival)
}

func (s *suite) missesDeadline(t *testing.T, behaviour string) {
	in := s.load(t, behaving(tck.Choose))
	var err error
	for range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		_, err = in.Execute(ctx, behaving(behaviour))
		cancel()
		if b := (*abi.Error)(nil); !errors.As(err, &b) {
			break // else the machine stood still until the call had come to its own end
		}
	}
	wantFault(t, err, problem.FaultDeadline)
	answers(t, in)
	s.settled(t, in)
}

// settled waits until the abandoned calls have returned.
func (s *suite) settled(t *testing.T, in driver.Instance) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); driver.StatsOf(in).Abandoned > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("an abandoned call is counted for ever")
		}
	}
}

func (s *suite) canceled(t *testing.T) {
	in := s.load(t, behaving(tck.Choose))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := in.Execute(ctx, behaving(tck.Spin))
	if problem.CodeOf(err) != problem.Canceled {
		t.Fatalf("%T %v, want code %s", err, err, problem.Canceled)
	}
	answers(t, in)
	s.settled(t, in)
}

func (s *suite) deadOnArrival(t *testing.T) {
	in := s.load(t, behaving(tck.Choose))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := in.Execute(ctx, map[string]any{"behaviour": tck.Echo, "n": int64(1)})
	if err != nil && problem.CodeOf(err) != problem.Canceled {
		t.Fatalf("%v, want an answer or code %s", err, problem.Canceled)
	}
	answers(t, in)
	s.settled(t, in)
}

func (s *suite) concurrency(t *testing.T) {
	in := s.load(t, behaving(tck.Choose))
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := range 25 {
				s.oneOfMany(t, in, worker, n)
			}
		})
	}
	wg.Wait()
}

// oneOfMany mixes answers, business errors and faults on one instance.
func (s *suite) oneOfMany(t *testing.T, in driver.Instance, worker, n int) {
	ctx := context.Background()
	switch n % 8 {
	case 3:
		var b *abi.Error
		if _, err := in.Execute(ctx, behaving(tck.Reject)); !errors.As(err, &b) {
			t.Errorf("%v is no business error", err)
		}
	case 5:
		var f *driver.Fault
		if _, err := in.Execute(ctx, behaving(tck.Panic)); !errors.As(err, &f) {
			t.Errorf("%v is no fault", err)
		}
	default:
		want := map[string]any{"behaviour": tck.Echo, "worker": int64(worker), "n": int64(n)}
		out, err := in.Execute(ctx, map[string]any{"behaviour": tck.Echo, "worker": int64(worker), "n": int64(n)})
		if err != nil || !wire.Equal(out, want) {
			t.Errorf("got %v, %v, want %v", out, err, want)
		}
	}
}
