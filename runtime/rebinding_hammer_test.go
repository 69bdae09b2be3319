package runtime_test

import (
	"context"
	"fmt"
	goruntime "runtime"
	"sync"
	"testing"
	"weak"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// TestAReplacedReleasesValuesCanBeCollected looks for references that the
// runtime keeps.
func TestAReplacedReleasesValuesCanBeCollected(t *testing.T) {
	m := newMarket(t)
	var kept weak.Pointer[[1 << 20]byte]
	m.constructors["promo 8"] = func(abi.Host) (abi.Strategy, error) {
		return supplier{bindings: func() []abi.Binding {
			big := new([1 << 20]byte)
			big[0], kept = 8, weak.Make(big)
			return []abi.Binding{abi.Bind("pricing.fee", func(int64) int64 { return int64(big[0]) }), abi.Bind("pricing.limit", int64(8))}
		}}, nil
	}
	m.reset()
	m.open()
	m.put("pricing", 1)
	m.put("promo", 8)
	m.charges(8)
	if goruntime.GC(); kept.Value() == nil {
		t.Fatal("collected while it is bound")
	}
	m.deploy(func() build { b := m.build("promo", 2); b.Sequence = 9; return b }())
	eventually(t, "the collection", func() bool { goruntime.GC(); return kept.Value() == nil })
	m.charges(2)
}

// TestManySeeOneReleasesValuesAtATime changes the values under many callers,
// and the exposing build, too: fee and limit are always of one release.
func TestManySeeOneReleasesValuesAtATime(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 1)
	m.put("promo", 1)
	m.put("promo", 2)
	m.put("promo", 3)
	m.put("pricing", 2)
	own := m.pricing // the goroutine of a build that is not served any more
	stop := hammer(8, func(worker int) {
		if worker == 0 {
			v := own.fee.View()
			if fee, limit := own.fee.In(v)(1), own.limit.In(v); fee != limit {
				t.Errorf("an old build sees fee %d and limit %d", fee, limit)
			}
			return
		}
		if fee, limit := m.prices(); fee != limit {
			t.Errorf("fee %v and limit %v", fee, limit)
		}
	})
	for round := range 40 {
		version := fmt.Sprintf("%d.0.0", 1+round%3)
		if _, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: "promo", Release: version}); err != nil {
			t.Fatal(err)
		}
		if round%4 == 0 {
			if _, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: "pricing"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop()
}

func TestOfTwoThatBindAtOnceOneWins(t *testing.T) {
	for range 5 {
		m := startedMarket(t)
		m.put("pricing", 1)
		var wg sync.WaitGroup
		var errs [2]error
		for i, strategy := range []string{"promo", "rival"} {
			up := m.upload(m.build(strategy, 1))
			wg.Go(func() { _, errs[i] = m.rt.Deploy(context.Background(), up) })
		}
		wg.Wait()
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		must(t, errs[winner])
		wantCode(t, errs[1-winner], problem.RebindConflict)
		m.charges([]int64{1, 3}[winner])
		m.close()
	}
}

// TestWhoIsServedByAReleaseFindsItsValuesInPlace changes a strategy often.
// Each change of its route comes with one of the table's generations,
// which a request never finds behind its route's.
func TestWhoIsServedByAReleaseFindsItsValuesInPlace(t *testing.T) {
	const switches, points = 60, 1000 // so many that replacing the table takes its time
	m := newMarket(t)
	level := abi.NewPoint("host.level", int64(0))
	m.constructors["promo 7"] = watching(level, 7)
	m.constructors["promo 8"] = watching(level, 8)
	m.reset()
	m.cfg.Points = []abi.Exposed{level}
	for n := range points {
		m.cfg.Points = append(m.cfg.Points, abi.NewPoint(fmt.Sprintf("host.p%d", n), n))
	}
	m.cfg.Store = &volatile{Store: m.store}
	m.open()
	start := level.View().Generation()
	m.put("promo", 7)
	m.put("promo", 8)
	stop := hammer(2, func(int) {
		resp, err := m.rt.Execute(context.Background(), "promo", sum(1, 1))
		if err != nil {
			t.Error(err)
			return
		}
		if seen := resp.Output["generation"].(int64) - int64(start); seen < int64(resp.Generation) {
			t.Errorf("a request of generation %d found points of generation %d", resp.Generation, seen)
		}
	})
	for n := range switches {
		if _, err := m.rt.Rollback(context.Background(), runtime.Change{Strategy: "promo", Release: fmt.Sprintf("%d.0.0", n%2+7)}); err != nil {
			t.Error(err)
			break
		}
	}
	stop()
}

// watching binds the point and answers with the generation that it finds.
func watching(level *abi.Point[int64], n int64) abi.Constructor {
	return func(abi.Host) (abi.Strategy, error) { return watcher{level, n}, nil }
}

type watcher struct {
	level *abi.Point[int64]
	n     int64
}

func (w watcher) Bindings() []abi.Binding { return []abi.Binding{abi.Bind(w.level.Name(), w.n)} }

func (w watcher) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if len(in) == 0 {
		return map[string]any{}, nil
	}
	return map[string]any{"generation": int64(w.level.View().Generation())}, nil
}
