package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
)

type feeFunc = func(amount int64) int64

// shop is a build of a strategy that exposes its points.
type shop struct {
	fee   *abi.Point[feeFunc]
	limit *abi.Point[int64]
}

// newShop has a fee and a limit of n.
func newShop(strategy string, n int64) *shop {
	return &shop{abi.NewPoint(strategy+".fee", flatFee(n)), abi.NewPoint(strategy+".limit", n)}
}

func flatFee(n int64) feeFunc { return func(int64) int64 { return n } }

func (s *shop) Points() []abi.Exposed { return []abi.Exposed{s.fee, s.limit} }

func (s *shop) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if len(in) == 0 {
		return map[string]any{}, nil // the golden case
	}
	v := s.fee.View()
	return map[string]any{"fee": s.fee.In(v)(100), "limit": s.limit.In(v)}, nil
}

// constructor makes the strategy, the same variables each time.
func (s *shop) constructor(abi.Host) (abi.Strategy, error) { return s, nil }

// plainStrategy exposes and supplies nothing.
type plainStrategy struct{}

func (plainStrategy) Execute(context.Context, map[string]any) (map[string]any, error) {
	return map[string]any{}, nil
}

// supplier binds something.
type supplier struct {
	plainStrategy
	bindings func() []abi.Binding
}

func (s supplier) Bindings() []abi.Binding { return s.bindings() }

func supplying(bindings ...abi.Binding) abi.Constructor {
	return func(abi.Host) (abi.Strategy, error) {
		return supplier{bindings: func() []abi.Binding { return bindings }}, nil
	}
}

// both are the bindings of a release that makes fee and limit the same.
func both(strategy string, n int64) abi.Constructor {
	return supplying(abi.Bind(strategy+".fee", flatFee(n)), abi.Bind(strategy+".limit", n))
}

// market is a world with strategies that rebind.
type market struct {
	*world
	pricing      *shop // version 1
	constructors map[string]abi.Constructor
}

func newMarket(t testing.TB) *market {
	m := &market{world: newWorld(t), pricing: newShop("pricing", 5)}
	m.constructors = map[string]abi.Constructor{
		"pricing 1": m.pricing.constructor,
		"pricing 2": newShop("pricing", 6).constructor,
		"pricing 3": exposing(),
		"pricing 4": exposing(abi.NewPoint("pricing.fee", int64(6)), abi.NewPoint("pricing.limit", int64(6))),
		"promo 1":   both("pricing", 1),
		"promo 2":   both("pricing", 2),
		"promo 3":   supplying(),
		"promo 4":   supplying(abi.Bind("pricing.fee", int64(1))),
		"promo 5":   supplying(abi.Bind("pricing.tax", int64(1))),
		"promo 6": func(abi.Host) (abi.Strategy, error) {
			return supplier{bindings: func() []abi.Binding { panic("bindings") }}, nil
		},
		"rival 1": both("pricing", 3),
		"early 1": both("pricing", 4), // its name is before pricing's
	}
	m.reset()
	return m
}

// exposing is a strategy that only has points.
func exposing(points ...abi.Exposed) abi.Constructor {
	return func(abi.Host) (abi.Strategy, error) { return exposer{points: points}, nil }
}

type exposer struct {
	plainStrategy
	points []abi.Exposed
}

func (e exposer) Points() []abi.Exposed { return e.points }

// reset makes a driver and a config for the next open.
func (m *market) reset() {
	m.mem = memdriver.New(m.constructors)
	m.cfg = m.config()
}

func startedMarket(t testing.TB) *market {
	m := newMarket(t)
	m.open()
	return m
}

// build is release n of a strategy of the market.
func (m *market) build(strategy string, n int) build {
	b := release(n)
	b.artifact = fmt.Appendf(nil, "%s %d\n", strategy, n)
	b.Name, b.Artifact, b.Config = strategy, artifactOf(b.artifact), nil
	b.Golden = []manifest.GoldenCase{{Name: "nothing", Input: map[string]any{}, Output: map[string]any{}}}
	return b
}

func (m *market) put(strategy string, n int) runtime.Outcome {
	m.t.Helper()
	return m.deploy(m.build(strategy, n))
}

// prices executes pricing and returns fee and limit.
func (m *market) prices() (fee, limit any) {
	m.t.Helper()
	resp, err := m.rt.Execute(context.Background(), "pricing", sum(1, 1))
	must(m.t, err)
	return resp.Output["fee"], resp.Output["limit"]
}

func (m *market) charges(want int64) {
	m.t.Helper()
	if fee, limit := m.prices(); fee != want || limit != want {
		m.t.Fatalf("fee %v and limit %v, want both %d", fee, limit, want)
	}
}

func (m *market) statusOf(strategy string) runtime.Status {
	m.t.Helper()
	st, err := m.rt.Status(context.Background(), strategy)
	must(m.t, err)
	return st
}
