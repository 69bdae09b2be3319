package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// input is the payment that every subject scores.
func input() map[string]any {
	return map[string]any{
		"amount": int64(129_900), "currency": "EUR", "mcc": "5732", "merchant_country": "TR", "card_country": "DE",
		"time": "2026-03-01T22:15:00Z", "card_utc_offset_minutes": int64(60), "card_present": false,
		"velocity": map[string]any{"count_1h": int64(5), "count_24h": int64(7), "amount_24h": int64(54_000)},
	}
}

// subject is one way to compute the same answer.
type subject struct {
	name string
	call func() (map[string]any, error)

	best   float64 // ns/op of the best round
	allocs int64
	bytes  int64
}

func measure(ctx context.Context, rounds, switches int) (figures []figure, err error) {
	s, err := setUp(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	subjects := s.subjects(ctx)
	if err := agree(subjects); err != nil {
		return nil, err
	}
	for range rounds {
		for _, sub := range subjects {
			if err := sub.round(); err != nil {
				return nil, err
			}
		}
	}
	figures = executeFigures(subjects)
	more, err := s.switchFigures(ctx, switches)
	return append(figures, more...), err
}

// subjects begins with the direct call, against which the others are measured.
func (s *setup) subjects(ctx context.Context) []*subject {
	in := input()
	list := []*subject{{name: "direct", call: func() (map[string]any, error) { return s.direct.Execute(ctx, in) }}}
	for _, k := range s.kinds {
		list = append(list, &subject{name: k.label, call: func() (map[string]any, error) {
			r, err := s.runtime.Execute(ctx, k.strategy, in)
			return r.Output, err
		}})
	}
	return list
}

// agree checks that all subjects give the same answer before any is measured.
func agree(subjects []*subject) error {
	want, err := subjects[0].call()
	if err != nil {
		return err
	}
	for _, s := range subjects[1:] {
		got, err := s.call()
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if !wire.Equal(any(want), any(got)) {
			return fmt.Errorf("%s answers %v, the direct call %v", s.name, got, want)
		}
	}
	return nil
}

// round measures the subject once and keeps the best.
func (s *subject) round() error {
	var failed error
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.call(); err != nil {
				failed = err
			}
		}
	})
	var rejected *abi.Error
	if failed != nil && !errors.As(failed, &rejected) {
		return fmt.Errorf("%s: %w", s.name, failed)
	}
	ns := float64(r.T.Nanoseconds()) / float64(r.N)
	if s.best == 0 || ns < s.best {
		s.best, s.allocs, s.bytes = ns, r.AllocsPerOp(), r.AllocedBytesPerOp()
	}
	return nil
}

func executeFigures(subjects []*subject) []figure {
	var list []figure
	base := subjects[0]
	for i, s := range subjects {
		f := figure{Name: "execute." + s.name, Value: s.best, Unit: "ns/op"}
		a := figure{Name: "execute." + s.name + ".allocs", Value: float64(s.allocs), Unit: "allocs/op"}
		if i > 0 {
			f.Ratio, f.Against = s.best/base.best, "execute."+base.name
			a.Ratio, a.Against = float64(s.allocs)/float64(base.allocs), "execute."+base.name+".allocs"
		}
		list = append(list, f, a, figure{Name: "execute." + s.name + ".bytes", Value: float64(s.bytes), Unit: "B/op"})
	}
	return list
}
