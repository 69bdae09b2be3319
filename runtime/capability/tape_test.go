package capability_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/problem"
)

// sources of a call, which never give the same twice.
type sources struct{ wall, mono int64 }

func (s *sources) readWall() int64 {
	s.wall += 1e18 - 7
	s.wall -= 1e18
	return s.wall + 1_700_000_000_000_000_000
}
func (s *sources) readMono() int64 { s.mono += 1000; return s.mono }

// visit asks for a bit of everything and tells what it got.
func visit(ctx context.Context, g *capability.Grant, s *sources) (string, error) {
	c := g.Begin(ctx)
	b := make([]byte, 8)
	w1, err1 := c.Wall(s.readWall)
	m1, err2 := c.Monotonic(s.readMono)
	err3 := c.Random(b, func(b []byte) { _, _ = rand.Read(b) })
	v, found, err4 := c.Get(ctx, "k")
	w2, err5 := c.Wall(s.readWall)
	m2, err6 := c.Monotonic(s.readMono)
	none, foundNone, err7 := c.Get(ctx, "none")
	err8 := c.Put(ctx, "k", w2)
	own, _, err9 := c.Get(ctx, "k")
	text := fmt.Sprint(w1, m1, b, v, found, w2, m2, none, foundNone, own)
	return text, errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, c.End(nil))
}

func TestAReplayGetsWhatTheCallGot(t *testing.T) {
	s, _ := services()
	g, src := grantOf(t, s, everything(), "clock", "random", "state"), &sources{}
	if _, err := visit(context.Background(), g, src); err != nil {
		t.Fatal(err)
	}
	ctx, recorder := capability.Record(context.Background())
	want, err := visit(ctx, g, src)
	if err != nil {
		t.Fatal(err)
	}
	journal, err := recorder.Journal()
	if err != nil {
		t.Fatal(err)
	}
	if len(journal) > 80 {
		t.Errorf("the journal has %d bytes", len(journal))
	}
	before, _ := s.State.Get(context.Background(), "risk", "k")
	for range 2 {
		ctx, replayer, err := capability.Replay(context.Background(), journal)
		if err != nil {
			t.Fatal(err)
		}
		got, err := visit(ctx, g, src)
		if err != nil || got != want || replayer.Diverged() {
			t.Fatalf("replayed %s, %v (diverged: %t)\nrecorded %s", got, err, replayer.Diverged(), want)
		}
	}
	if after, _ := s.State.Get(context.Background(), "risk", "k"); after.Version != before.Version {
		t.Error("a replay was stored")
	}
	if other, _ := visit(context.Background(), g, src); other == want {
		t.Error("the sources give the same twice; the test shows nothing")
	}
}

func TestAReplayThatAsksForSomethingElseDiverges(t *testing.T) {
	s, _ := services()
	g := grantOf(t, s, everything(), "clock", "random", "state")
	ctx, recorder := capability.Record(context.Background())
	c := g.Begin(ctx)
	if _, _, err := c.Get(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if err := c.Random(make([]byte, 4), func([]byte) {}); err != nil {
		t.Fatal(err)
	}
	journal, err := recorder.Journal()
	if err != nil {
		t.Fatal(err)
	}
	read := func() int64 { return 1 }
	get := func(c *capability.Call, key string) error { _, _, err := c.Get(context.Background(), key); return err }
	random := func(c *capability.Call, n int) error { return c.Random(make([]byte, n), func([]byte) {}) }
	for name, replay := range map[string]func(*capability.Call) error{
		"another key":   func(c *capability.Call) error { return get(c, "b") },
		"another kind":  func(c *capability.Call) error { _, err := c.Wall(read); return err },
		"another order": func(c *capability.Call) error { return random(c, 4) },
		"another size":  func(c *capability.Call) error { return errors.Join(get(c, "a"), random(c, 5)) },
		"more":          func(c *capability.Call) error { return errors.Join(get(c, "a"), random(c, 4), random(c, 4)) },
	} {
		ctx, _, err := capability.Replay(context.Background(), journal)
		if err != nil {
			t.Fatal(err)
		}
		if err := replay(g.Begin(ctx)); !capability.IsDiverged(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, replayer, _ := capability.Replay(context.Background(), journal)
	if err := get(g.Begin(ctx), "a"); err != nil || !replayer.Diverged() {
		t.Errorf("less than was recorded: %v, diverged %t", err, replayer.Diverged())
	}
}

// FuzzReplay gives any bytes as a journal: no panic, and nothing of the sources.
func FuzzReplay(f *testing.F) {
	f.Add([]byte("SWJ1s\x01k\x02\x01r\x00\x05abcd"))
	f.Add([]byte("SWJ1w\x00\x02\x01"))
	f.Add([]byte("SWJ1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	s, _ := services()
	g := grantOf(f, s, everything(), "clock", "random", "state")
	f.Fuzz(func(t *testing.T, journal []byte) {
		ctx, _, err := capability.Replay(context.Background(), journal)
		if err != nil {
			if problem.CodeOf(err) != problem.ValueDomain {
				t.Error(err)
			}
			return
		}
		c := g.Begin(ctx)
		_, _, _ = c.Get(ctx, "k")
		_, _ = c.Wall(func() int64 { t.Error("the clock was asked"); return 0 })
		_ = c.Random(make([]byte, 4), func([]byte) { t.Error("random numbers were asked for") })
	})
}
