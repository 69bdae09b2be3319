package runtime

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// follower is a look after closed releases with a clock and goroutines of the
// test's.
type follower struct {
	*leaks
	t       *testing.T
	rt      *Runtime
	log     strings.Builder
	pauses  chan time.Duration
	ticks   chan time.Time
	current []driver.Goroutines
	err     error
}

func newFollower(t *testing.T) *follower {
	f := &follower{leaks: newLeaks(), t: t, pauses: make(chan time.Duration), ticks: make(chan time.Time)}
	f.rt = &Runtime{cfg: Config{Log: slog.New(slog.NewTextHandler(&f.log, nil)), Now: time.Now}}
	f.after = func(d time.Duration) <-chan time.Time { f.pauses <- d; return f.ticks }
	f.count = func() ([]driver.Goroutines, error) { return f.current, f.err }
	return f
}

// closed is a release that was loaded and closed.
func (f *follower) closed(digest manifest.Digest, load string) *release {
	rel := &release{rt: f.rt, digest: digest, info: Release{Strategy: "risk", Version: "1.0.0", Digest: digest}}
	rel.load = load
	return rel
}

// look lets the next look happen and returns the pause before it.
func (f *follower) look(found ...driver.Goroutines) time.Duration {
	pause := <-f.pauses
	f.current = found
	f.ticks <- time.Time{}
	return pause
}

func group(digest, load string, count int) driver.Goroutines {
	return driver.Goroutines{Strategy: "risk", Release: "1.0.0", Digest: digest, Load: load, Count: count, Stack: "risk.wait"}
}

const (
	digestA = manifest.Digest("sha256:aaaaaaaaaaaaaaaa")
	shortA  = "aaaaaaaaaaaa"
)

func TestAClosedReleaseIsFollowedUntilItsGoroutinesHaveEnded(t *testing.T) {
	f := newFollower(t)
	s := newStrategy("risk", 0)
	f.follow(s, f.closed(digestA, "z"))
	want := firstLook
	for range 12 {
		if got := f.look(group(shortA, "z", 2), group(shortA, "other load", 5), group("bbbbbbbbbbbb", "z", 7), group(shortA, "", 1)); got != want {
			t.Errorf("a pause of %s, want %s", got, want)
		}
		want = min(2*want, rarely)
	}
	<-f.pauses // it has looked, and waits again
	if list := f.of("risk"); len(list) != 1 || list[0].Goroutines != 3 || list[0].Stack != "risk.wait" || list[0].Release.Version != "1.0.0" || list[0].Since.IsZero() {
		t.Errorf("leaks %+v", list)
	}
	if list := f.of("other"); list != nil {
		t.Errorf("leaks of another strategy: %+v", list)
	}
	if n := strings.Count(f.log.String(), "live on"); n != 1 || !strings.Contains(f.log.String(), "goroutines=3") {
		t.Errorf("told %d times:\n%s", n, &f.log)
	}
	f.current = nil
	f.ticks <- time.Time{}
	f.wg.Wait() // by itself: there is nothing left to follow
	if list := f.of("risk"); list != nil || !strings.Contains(f.log.String(), "have ended") {
		t.Errorf("leaks %+v\n%s", list, &f.log)
	}
}

func TestAReleaseThatLeavesNothingIsLookedAtOnceAndNotTold(t *testing.T) {
	f := newFollower(t)
	f.follow(newStrategy("risk", 0), f.closed(digestA, "z"))
	f.look(group(shortA, "another load", 1))
	f.wg.Wait()
	if f.log.Len() > 0 || f.of("risk") != nil {
		t.Errorf("told %s, %v", &f.log, f.of("risk"))
	}
}

// TestGoroutinesOfTheCodeBelongToWhoeverUsesItLast: the code of a release that is
// served again is in use, and of two that were closed the later one left it.
func TestGoroutinesOfTheCodeBelongToWhoeverUsesItLast(t *testing.T) {
	f := newFollower(t)
	s := newStrategy("risk", 0)
	first, second := &leak{release: f.closed(digestA, "1")}, &leak{release: f.closed(digestA, "2")}
	f.list = []*leak{first, second}
	code := []driver.Goroutines{group(shortA, "", 4)}
	if n, _ := f.left(s, first, code); n != 0 {
		t.Errorf("the earlier one left %d", n)
	}
	if n, _ := f.left(s, second, code); n != 4 {
		t.Errorf("the later one left %d", n)
	}
	s.slot.Publish(1, &table{stable: f.closed(digestA, "3")})
	if n, _ := f.left(s, second, code); n != 0 {
		t.Errorf("%d goroutines of a release that is served are leaked", n)
	}
}

func TestACountThatFailsIsRepeatedAndFollowingEndsWithTheRuntime(t *testing.T) {
	f := newFollower(t)
	f.err = errors.New("no profile")
	f.follow(newStrategy("risk", 0), f.closed(digestA, "z"))
	f.look()
	<-f.pauses
	f.close()
	if !strings.Contains(f.log.String(), "no profile") {
		t.Errorf("told %q", &f.log)
	}
}
