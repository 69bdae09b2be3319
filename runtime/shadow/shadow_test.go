package shadow_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swapline/swapline/runtime/shadow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs jobs that say how long they took.
func start(t testing.TB, c shadow.Config[time.Duration]) *shadow.Runner[time.Duration] {
	t.Helper()
	if c.Run == nil {
		c.Run = func(_ context.Context, took time.Duration) time.Duration { return took }
	}
	r := shadow.New(c)
	t.Cleanup(r.Close)
	return r
}

// offer is what a live call does.
func offer(r *shadow.Runner[time.Duration], live, job time.Duration) bool {
	r.Earn(live)
	if !r.Reserve() {
		return false
	}
	r.Submit(job)
	return true
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func TestNothingRunsBeforeTimeWasEarned(t *testing.T) {
	r := start(t, shadow.Config[time.Duration]{Budget: 0.5})
	if offer(r, 0, time.Second) {
		t.Fatal("a job was taken without any time")
	}
	if !offer(r, 4*time.Millisecond, time.Millisecond) {
		t.Fatal("a job was refused")
	}
	eventually(t, "the job", func() bool { return r.Stats().Done == 1 })
	if s := r.Stats(); s.NoBudget != 1 || s.Spent != time.Millisecond {
		t.Errorf("%+v", s)
	}
}

// TestJobsKeepWithinTheBudget lets jobs cost anything and counts, with no clock.
func TestJobsKeepWithinTheBudget(t *testing.T) {
	const longest, workers, budget = 3 * time.Second, 2, 0.25
	r := start(t, shadow.Config[time.Duration]{Budget: budget, Workers: workers})
	random := rand.New(rand.NewPCG(1, 2))
	var live time.Duration
	refused := 0
	for range 20_000 {
		took := time.Duration(random.Int64N(int64(100 * time.Millisecond)))
		live += took
		if !offer(r, took, time.Duration(random.Int64N(int64(longest)))) {
			refused++
		}
		if random.IntN(3) == 0 {
			runtime.Gosched() // let the workers have their turn
		}
		if s := r.Stats(); float64(s.Spent) > budget*float64(live)+workers*float64(longest) {
			t.Fatalf("%s were spent for %s of live calls", s.Spent, live)
		}
	}
	eventually(t, "a job", func() bool { return r.Stats().Done > 0 })
	s := r.Stats()
	if refused == 0 || s.NoBudget+s.Full != int64(refused) {
		t.Errorf("%+v, %d refused", s, refused)
	}
}

func TestUnspentTimeIsBounded(t *testing.T) {
	const keep = 10 * time.Millisecond
	r := start(t, shadow.Config[time.Duration]{Budget: 1, Keep: keep, Workers: 1})
	for range 1000 {
		r.Earn(time.Second)
	}
	if !offer(r, 0, 2*keep) {
		t.Fatal("refused with time at hand")
	}
	eventually(t, "the job", func() bool { return r.Stats().Done == 1 })
	if r.Earn(keep); r.Reserve() {
		t.Error("what was owed was forgotten, or more was kept than may be")
	}
	if r.Earn(1); !r.Reserve() {
		t.Error("what was paid back was not counted")
	}
	r.Waive()
}

// blocked is a runner whose jobs run until they are told.
func blocked(t testing.TB, workers, queue int) (r *shadow.Runner[time.Duration], running *atomic.Int64, finish chan time.Duration) {
	running, finish = new(atomic.Int64), make(chan time.Duration)
	r = start(t, shadow.Config[time.Duration]{Budget: 1, Workers: workers, Queue: queue, Run: func(ctx context.Context, _ time.Duration) time.Duration {
		running.Add(1)
		defer running.Add(-1)
		select {
		case took := <-finish:
			return took
		case <-ctx.Done():
			return 0
		}
	}})
	return r, running, finish
}

func TestASlowJobDelaysNobody(t *testing.T) {
	r, running, finish := blocked(t, 1, 2)
	taken := 0
	for range 1000 {
		if offer(r, time.Millisecond, 0) {
			taken++
		}
		eventually(t, "the first job", func() bool { return running.Load() == 1 })
	}
	if s := r.Stats(); taken != 3 || s.Full != 997 || running.Load() != 1 {
		t.Errorf("%d taken, %d run, %+v", taken, running.Load(), s)
	}
	finish <- 0
	eventually(t, "a free place", func() bool { return offer(r, time.Millisecond, 0) })
}

func TestARefusalAllocatesNothing(t *testing.T) {
	r, running, _ := blocked(t, 1, 1)
	for offer(r, time.Millisecond, 0) || running.Load() == 0 {
	}
	if n := testing.AllocsPerRun(100, func() { offer(r, time.Millisecond, 0) }); n != 0 {
		t.Errorf("%v allocations with a full queue", n)
	}
	poor := start(t, shadow.Config[time.Duration]{Budget: 1})
	if n := testing.AllocsPerRun(100, func() { offer(poor, 0, 0) }); n != 0 {
		t.Errorf("%v allocations without budget", n)
	}
}

func TestJobsThatWaitTooLongAreDropped(t *testing.T) {
	r, running, finish := blocked(t, 1, 3)
	for range 3 {
		if !offer(r, time.Millisecond, 0) {
			t.Fatal("refused")
		}
	}
	eventually(t, "the first job", func() bool { return running.Load() == 1 })
	finish <- time.Hour
	eventually(t, "the drop", func() bool { return r.Stats().Late == 2 })
	if s := r.Stats(); s.Done != 1 || s.Spent != time.Hour {
		t.Errorf("%+v", s)
	}
}

func TestCloseEndsJobs(t *testing.T) {
	r, running, _ := blocked(t, 2, 5)
	taken := int64(0)
	for range 10 {
		if offer(r, time.Millisecond, 0) {
			taken++
		}
	}
	eventually(t, "the first jobs", func() bool { return running.Load() == 2 })
	r.Close()
	if n := running.Load(); n != 0 {
		t.Fatalf("%d jobs run on", n)
	}
	if offer(r, time.Second, 0) {
		t.Error("a closed runner took a job")
	}
	r.Close()
	if s := r.Stats(); s.Done+s.Closed-1 != taken {
		t.Errorf("%d were taken: %+v", taken, s)
	}
}

func TestManyOfferAtOnce(t *testing.T) {
	var ran atomic.Int64
	r := start(t, shadow.Config[time.Duration]{Budget: 1, Queue: 8, Run: func(context.Context, time.Duration) time.Duration {
		ran.Add(1)
		return time.Microsecond
	}})
	var taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 2000 {
				if offer(r, time.Microsecond, 0) {
					taken.Add(1)
				}
				if i == 0 && j == 1500 {
					eventually(t, "a job", func() bool { return r.Stats().Done > 0 })
					r.Close()
				}
			}
		})
	}
	wg.Wait()
	s := r.Stats()
	if s.Done != ran.Load() || s.Done == 0 {
		t.Errorf("%d ran: %+v", ran.Load(), s)
	}
	if lost := taken.Load() - s.Done - s.Late; lost < 0 || lost > s.Closed {
		t.Errorf("%d were taken: %+v", taken.Load(), s)
	}
}

func TestAWaivedPlaceIsFree(t *testing.T) {
	r, _, _ := blocked(t, 1, 1)
	r.Earn(time.Second)
	for range 10 {
		if !r.Reserve() {
			t.Fatal("refused")
		}
		r.Waive()
	}
}

func BenchmarkOffer(b *testing.B) {
	r, _, _ := blocked(b, 1, 1)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			offer(r, time.Millisecond, 0)
		}
	})
}
