package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/faultdriver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// TestAFailureOfAnyStepLeavesThePointsAsTheyWere fails each operation of the
// store, before and after it took effect, and of the driver.
func TestAFailureOfAnyStepLeavesThePointsAsTheyWere(t *testing.T) {
	t.Run("store", func(t *testing.T) {
		for n := 1; rebindingStoreFails(t, n, false); n++ {
		}
	})
	t.Run("store, too late", func(t *testing.T) {
		for n := 1; rebindingStoreFails(t, n, true); n++ {
		}
	})
	t.Run("driver", func(t *testing.T) {
		for n := range operations {
			rebindingDriverFails(t, n+1)
		}
	})
	t.Run("caller", func(t *testing.T) {
		for n := 1; rebindingCallerLeaves(t, n); n++ {
		}
	})
}

// operations of the driver bring one release in: load, golden case and claims.
const operations = 3

// rebound is a market on disk in which promo 1 has bound pricing's points.
func rebound(t *testing.T) *market {
	m := startedMarket(t)
	m.put("pricing", 1)
	m.put("promo", 1)
	m.close()
	m.openStore()
	m.reset()
	return m
}

func (m *market) deployPromo(ctx context.Context) error {
	_, err := m.rt.Deploy(ctx, m.upload(m.build("promo", 2)))
	return err
}

// either checks that points and route tell the same, and that points can be
// changed on.
func (m *market) either(err error) {
	m.t.Helper()
	want := int64(1)
	if err == nil {
		want = 2
	}
	m.charges(want)
	if got := m.statusOf("promo").Stable.Version; got != fmt.Sprintf("%d.0.0", want) {
		m.t.Fatalf("after %v promo %s serves with the values of %d", err, got, want)
	}
	m.put("promo", 3)
	m.charges(5)
	m.close()
}

func rebindingStoreFails(t *testing.T, n int, after bool) bool {
	m := rebound(t)
	faulty := faultstore.New(m.store, 0)
	m.cfg.Store = faulty
	m.open()
	opening := faulty.Calls()
	must(t, m.rt.Close(context.Background()))
	m.reset()
	faulty = faultstore.New(m.store, opening+n)
	if after {
		faulty = faultstore.NewAfter(m.store, opening+n)
	}
	m.cfg.Store = faulty
	m.open()
	err := m.deployPromo(context.Background())
	reached := faulty.Calls() >= opening+n
	m.either(err)
	return reached
}

func rebindingDriverFails(t *testing.T, n int) {
	m := rebound(t)
	faulty := faultdriver.New(m.mem, 2*operations+n)
	m.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: faulty}
	m.open()
	if faulty.Calls() != 2*operations {
		t.Fatalf("open took %d operations", faulty.Calls())
	}
	err := m.deployPromo(context.Background())
	if err == nil {
		t.Errorf("failure %d of the driver was swallowed", n)
	}
	m.either(err)
}

func rebindingCallerLeaves(t *testing.T, n int) bool {
	m := rebound(t)
	m.open()
	ctx := newFading(n)
	defer ctx.end()
	err := m.deployPromo(ctx)
	if err != nil {
		wantCode(t, err, problem.Canceled)
	}
	m.either(err)
	return ctx.faded.Load()
}
