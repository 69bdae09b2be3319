package runtime

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// life is what happens to a release, second by second of made-up time.
type life struct {
	tally         tally
	now           time.Time
	calls, faults int64
}

func newLife(rule FaultPolicy) *life {
	l := &life{now: time.Unix(1_000_000, 0)}
	l.tally = tally{rule: rule, marks: []mark{{at: l.now}}}
	return l
}

// pass lets time pass in steps of a tenth of a second, with calls per second of
// which every n-th is a fault, 0 for none. It returns the first verdict and when,
// from its beginning, that came.
func (l *life) pass(d time.Duration, perSecond, n int64) (reason string, after time.Duration) {
	for t := 100 * time.Millisecond; t <= d; t += 100 * time.Millisecond {
		l.now = l.now.Add(100 * time.Millisecond)
		for range perSecond / 10 {
			l.calls++
			if n == 0 || l.calls%n != 0 {
				continue
			}
			l.faults++
			if reason = l.tally.fault(l.now, l.calls, l.faults); reason != "" {
				return reason, t
			}
		}
	}
	return "", d
}

func standard() FaultPolicy {
	f := FaultPolicy{}
	if err := f.complete(); err != nil {
		panic(err)
	}
	return f
}

func TestARuleIsBrokenByManyFaultsOfManyCallsInAShortTime(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		live    func(*life) (string, time.Duration)
		reason  string        // "" for none
		atLeast time.Duration // of faults before the verdict
		atMost  time.Duration
	}{
		"a new release that always fails": {
			func(l *life) (string, time.Duration) { return l.pass(time.Minute, 100, 1) }, "10 faults in 10 calls", 0, 100 * time.Millisecond},
		"a new release that fails every other time": {
			func(l *life) (string, time.Duration) { return l.pass(time.Minute, 100, 2) }, "10 faults in 20 calls", 0, 200 * time.Millisecond},
		"every third call": {
			func(l *life) (string, time.Duration) { return l.pass(time.Minute, 100, 3) }, "", 0, time.Minute},
		"too few in the window": {
			func(l *life) (string, time.Duration) {
				l.pass(time.Second, 10, 0)
				return l.slowly(50, 1200*time.Millisecond)
			}, "", 0, 0},
		"just enough in the window": {
			func(l *life) (string, time.Duration) { return l.slowly(50, 900*time.Millisecond) }, "10 faults in 10 calls", 0, 0},
		"after a good time everything fails": {
			func(l *life) (string, time.Duration) { l.pass(time.Hour, 100, 0); return l.pass(time.Minute, 100, 1) },
			"faults in ", 5 * time.Second, 11 * time.Second},
		"after a good time every other call fails": {
			func(l *life) (string, time.Duration) { l.pass(time.Hour, 100, 0); return l.pass(time.Minute, 100, 2) },
			"faults in ", 9 * time.Second, 12 * time.Second},
		"a burst in a busy hour": {
			func(l *life) (string, time.Duration) {
				l.pass(time.Hour, 1000, 0)
				reason, after := l.pass(100*time.Millisecond, 1000, 1)
				return reason, after
			}, "", 0, time.Minute},
		"a burst long after a quiet time with single faults": {
			func(l *life) (string, time.Duration) {
				for range 20 {
					if reason, after := l.pass(time.Minute, 10, 300); reason != "" {
						return reason, after
					}
				}
				l.pass(3*time.Second, 100, 0)
				return l.pass(500*time.Millisecond, 100, 1)
			}, "", 0, time.Minute},
		"one fault a minute for a day with no other calls": {
			func(l *life) (string, time.Duration) { return l.slowly(int(day/time.Minute), time.Minute) }, "", 0, day},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLife(standard())
			reason, after := c.live(l)
			if (reason == "") != (c.reason == "") || !strings.HasPrefix(reason, c.reason) && !strings.Contains(reason, c.reason) {
				t.Fatalf("said %q after %s, want %q", reason, after, c.reason)
			}
			if reason != "" && (after < c.atLeast || c.atMost > 0 && after > c.atMost) {
				t.Errorf("said %q after %s, want %s to %s", reason, after, c.atLeast, c.atMost)
			}
			if n := len(l.tally.marks); n > marksPerWindow+2 {
				t.Errorf("%d marks are kept", n)
			}
		})
	}
}

// slowly is n faults with a pause after each, and no other calls.
func (l *life) slowly(n int, pause time.Duration) (string, time.Duration) {
	for range n {
		l.now = l.now.Add(pause)
		l.calls++
		l.faults++
		if reason := l.tally.fault(l.now, l.calls, l.faults); reason != "" {
			return reason, 0
		}
	}
	return "", 0
}

func TestThePolicyHasDefaultsAndCanBeTurnedOff(t *testing.T) {
	if got := standard(); got != (FaultPolicy{10, 0.5, 10 * time.Second}) {
		t.Errorf("defaults %+v", got)
	}
	for _, off := range []FaultPolicy{{Faults: -1}, {Share: -1}, {Window: -1}} {
		if err := off.complete(); err != nil || off.rules(manifest.Withdraw{Faults: 1}) != nil {
			t.Errorf("%+v: %v", off, err)
		}
	}
	percent := FaultPolicy{Share: 50}
	if problem.CodeOf(percent.complete()) != problem.Internal {
		t.Error("a share of 50 was accepted")
	}
}

func TestAManifestAddsARuleAndReplacesNone(t *testing.T) {
	host := standard()
	for _, c := range []struct {
		m    manifest.Withdraw
		want []FaultPolicy
	}{
		{manifest.Withdraw{}, []FaultPolicy{host}},
		{manifest.Withdraw{Faults: 10, Share: 0.5, Window: 10 * time.Second}, []FaultPolicy{host}},
		{manifest.Withdraw{Faults: 3}, []FaultPolicy{host, {3, 0.5, 10 * time.Second}}},
		{manifest.Withdraw{Share: 0.1}, []FaultPolicy{host, {10, 0.1, 10 * time.Second}}},
		{manifest.Withdraw{Window: time.Hour}, []FaultPolicy{host, {10, 0.5, time.Hour}}},
		{manifest.Withdraw{Faults: 1 << 20, Share: 1, Window: time.Millisecond}, []FaultPolicy{host, {1 << 20, 1, time.Millisecond}}},
	} {
		got := host.rules(c.m)
		if len(got) != len(c.want) || got[0] != c.want[0] || got[len(got)-1] != c.want[len(got)-1] {
			t.Errorf("%+v: %+v, want %+v", c.m, got, c.want)
		}
	}
}

func TestManyFaultsAtOnceAskForOneWithdrawal(t *testing.T) {
	w := newWatch([]FaultPolicy{{10, 0.5, time.Hour}, {20, 0.5, time.Hour}}, time.Now())
	var calls, asked atomic.Int64
	storm := func() {
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				for range 10 {
					calls.Add(1)
					if w.fault(time.Now(), calls.Load) != "" {
						asked.Add(1)
					}
				}
			})
		}
		all.Wait()
	}
	storm()
	if asked.Load() != 1 {
		t.Fatalf("%d asked", asked.Load())
	}
	w.attempted(time.Now().Add(-time.Hour), "no disk", false)
	storm()
	if asked.Load() != 2 || w.failing() != "no disk" {
		t.Fatalf("%d asked after a failed try, which says %q", asked.Load(), w.failing())
	}
	w.attempted(time.Now().Add(-time.Hour), "", true)
	storm()
	if asked.Load() != 2 {
		t.Fatalf("%d asked after the end", asked.Load())
	}
}

func TestAFailedTryIsRepeatedAfterAPauseThatGrows(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	w := newWatch([]FaultPolicy{{1, 0.5, time.Hour}}, now)
	var calls atomic.Int64
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		if w.fault(now, calls.Load) == "" {
			t.Fatal("nobody asks")
		}
		if w.fault(now, calls.Load) != "" {
			t.Fatal("two ask at once")
		}
		w.attempted(now, "no disk", false)
		now = now.Add(pause * time.Second)
		if w.fault(now.Add(-time.Millisecond), calls.Load) != "" {
			t.Fatalf("asked again within %d s", pause)
		}
	}
}

func TestOnlySomeErrorsEndTheTries(t *testing.T) {
	for _, c := range []struct {
		err   error
		says  bool
		final bool
	}{
		{nil, false, true},
		{problem.New(problem.StaleGeneration, "changed"), false, true},
		{problem.New(problem.ShuttingDown, "down"), false, true},
		{problem.New(problem.NothingToRollBack, "only one"), true, true},
		{problem.New(problem.StoreFailed, "disk"), true, false},
		{errors.New("odd"), true, false},
	} {
		why, final := afterAttempt(time.Now(), "3 faults", c.err)
		if (why != "") != c.says || final != c.final || c.says && !strings.Contains(why, "3 faults") {
			t.Errorf("%v: %q, final %v", c.err, why, final)
		}
	}
}

// BenchmarkFault is what a fault costs beyond its log line.
func BenchmarkFault(b *testing.B) {
	w := newWatch([]FaultPolicy{{1 << 20, 1, 10 * time.Second}}, time.Now())
	var calls atomic.Int64
	b.ReportAllocs()
	for b.Loop() {
		w.fault(time.Now(), calls.Load)
		calls.Add(3)
	}
}
