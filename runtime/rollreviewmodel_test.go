package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// model does at random what people and bad luck do to rollouts, while callers call.
type model struct {
	*world
	o       *orders
	out     *outage
	random  *rand.Rand
	version int64

	mu    sync.RWMutex // held for reading by calls, for writing by restarts
	wrong atomic.Pointer[string]
}

func TestNothingThatPeopleAndBadLuckDoConfusesARollout(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w, o, out := reviewWorld(t)
			m := &model{world: w, o: o, out: out, random: rand.New(rand.NewPCG(seed, 7)), version: 2}
			must(t, w.rt.Close(context.Background()))
			m.settings()
			w.open()
			stop := m.callers()
			for limit := time.Now().Add(2 * time.Second); time.Now().Before(limit); {
				m.happen()
			}
			m.healthy()
			stop()
			m.atRest()
		})
	}
}

func (m *model) settings() {
	m.cfg.Rollout = judgedBy(0.2)
	m.cfg.Withdraw = runtime.FaultPolicy{Faults: 10, Share: 0.2, Window: time.Hour}
}

// callers call until they are stopped. Every answer comes from the release that it
// names, and that release was one of the generation's.
func (m *model) callers() (stop func()) {
	var all sync.WaitGroup
	var done atomic.Bool
	for lane := range 3 {
		all.Go(func() {
			for n := 0; !done.Load(); n++ {
				m.call(fmt.Sprint(lane, n%500), n)
				if n%20 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	return func() { done.Store(true); all.Wait() }
}

func (m *model) call(customer string, n int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	in := map[string]any{"customer": customer}
	if n%3 == 0 {
		in["break"] = int64(5) // one release is bad
	}
	resp, err := m.rt.Execute(context.Background(), name, in)
	var p *problem.Error
	switch {
	case errors.As(err, &p) && p.Code == problem.FaultPanic && resp.Release.Version == "5.0.0":
	case err != nil:
		m.wrong.Store(new(err.Error()))
	case fmt.Sprintf("%d.0.0", resp.Output["version"]) != resp.Release.Version:
		m.wrong.Store(new(fmt.Sprintf("%s answered %v", resp.Release.Version, resp.Output)))
	}
}

// happen is one thing. Whether it is refused does not matter, but by what does.
func (m *model) happen() {
	ctx, err := context.Background(), error(nil)
	verbs := []rollout.Verb{rollout.VerbPause, rollout.VerbPromote, rollout.VerbResume, rollout.VerbAbort}
	switch m.random.IntN(12) {
	case 0, 1:
		_, err = m.rt.Rollouts.Start(ctx, runtime.RolloutStart{Strategy: name, Release: fmt.Sprintf("%d.0.0", 1+m.random.Int64N(m.version)), Policy: m.policy()})
	case 2:
		m.version++
		up := m.upload(flakyRelease(int(m.version), 0))
		up.Hold = m.random.IntN(2) == 0
		_, err = m.rt.Deploy(ctx, up)
	case 3:
		_, err = m.rt.Rollback(ctx, back(""))
	case 4, 5, 6, 7:
		_, err = m.command(verbs[m.random.IntN(len(verbs))])
	case 8:
		m.out.down.Store(m.random.IntN(3) == 0)
	case 9:
		m.out.tries.Store(0)
		m.out.unknown.Store(m.random.IntN(3) == 0)
	case 10:
		if m.random.IntN(4) == 0 {
			m.comesBack()
		}
	default:
		time.Sleep(time.Duration(m.random.IntN(60)) * time.Millisecond)
	}
	if code := problem.CodeOf(err); code == problem.Internal || code == problem.StoreCorrupt || err != nil && code == "" {
		m.t.Errorf("%v", err)
	}
}

func (m *model) policy() map[string]any {
	p := half(map[string]any{"stages": []any{
		map[string]any{"weight": int64(20), "for_s": 0.05, "calls": int64(5), "baseline": m.random.IntN(2) == 0},
		map[string]any{"weight": int64(60), "for_s": 0.05, "calls": int64(5)},
		map[string]any{"weight": int64(100), "for_s": 0.05, "calls": int64(5)},
	}})
	if m.random.IntN(2) == 0 {
		p["guards"] = []any{}
	}
	return p
}

func (m *model) healthy() {
	m.out.down.Store(false)
	m.out.unknown.Store(false)
}

// comesBack ends the host and begins it again.
func (m *model) comesBack() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.healthy()
	m.world.close()
	m.openStore()
	m.out = &outage{Store: m.world.store}
	m.mem = m.o.driver()
	m.cfg = m.config()
	m.cfg.Store = m.out
	m.settings()
	m.open()
}

// atRest ends what is under way and looks at what is left.
func (m *model) atRest() {
	if text := m.wrong.Load(); text != nil {
		m.t.Errorf("wrong: %s", *text)
	}
	m.again(m.t.(*testing.T), "the end", func() error {
		_, err := m.command(rollout.VerbAbort)
		switch problem.CodeOf(err) {
		case problem.RolloutEnded, problem.UnknownRollout:
			return nil
		}
		return err
	})
	eventually(m.t, "one open release", func() bool { return m.mem.Open() == 1 })
	m.kept(m.world.store)
	m.finals()
}

// finals looks for a release that had traffic again although it was taken back for
// good.
func (m *model) finals() {
	list, err := m.world.store.Rollouts(context.Background(), name, 1000)
	must(m.t, err)
	final := map[string]uint64{}
	for i := range list {
		r := list[len(list)-1-i]
		if id := final[string(r.Candidate)]; id != 0 && r.Kind == store.KindRollout {
			m.t.Errorf("rollout %d tries what %d has made final", r.ID, id)
		}
		if r.Final {
			final[string(r.Candidate)] = r.ID
		}
	}
}
