package boltstate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/capability/boltstate"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// each runs a test on every store.
func each(t *testing.T, test func(*testing.T, capability.StateStore)) {
	t.Run("memory", func(t *testing.T) { test(t, new(capability.Memory)) })
	t.Run("bolt", func(t *testing.T) { test(t, open(t, filepath.Join(t.TempDir(), "state", "s.db"))) })
}

func open(t testing.TB, path string) *boltstate.Store {
	t.Helper()
	s, err := boltstate.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func grantOf(t testing.TB, store capability.StateStore, l capability.Limits, name string) *capability.Grant {
	t.Helper()
	s := capability.Services{State: store, Limits: l}.Open()
	g, err := s.Grant(&manifest.Manifest{Name: name, Capabilities: []string{"state"}}, capability.Rule{Allow: []string{"state"}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// put stores pairs in one call.
func put(g *capability.Grant, pairs ...any) error {
	c := g.Begin(context.Background())
	for i := 0; i < len(pairs); i += 2 {
		if err := c.Put(context.Background(), pairs[i].(string), pairs[i+1]); err != nil {
			return c.End(err)
		}
	}
	return c.End(nil)
}

func get(t testing.TB, g *capability.Grant, key string) any {
	t.Helper()
	c := g.Begin(context.Background())
	defer c.Abort()
	v, found, err := c.Get(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return "nothing"
	}
	return v
}

func TestWritesAreSeenByTheCallAndThenByAll(t *testing.T) {
	each(t, func(t *testing.T, s capability.StateStore) {
		ctx, g, other := context.Background(), grantOf(t, s, capability.Limits{}, "risk"), grantOf(t, s, capability.Limits{}, "fx")
		c := g.Begin(ctx)
		for key, v := range map[string]any{"a": int64(1), "b": nil, "c": "x"} {
			if err := c.Put(ctx, key, v); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Delete(ctx, "c"); err != nil {
			t.Fatal(err)
		}
		if v, found, err := c.Get(ctx, "a"); v != int64(1) || !found || err != nil {
			t.Errorf("own write: %v, %t, %v", v, found, err)
		}
		if v, found, err := c.Get(ctx, "b"); v != nil || !found || err != nil {
			t.Errorf("null is a value: %v, %t, %v", v, found, err)
		}
		if _, found, err := c.Get(ctx, "c"); found || err != nil {
			t.Errorf("own delete: %t, %v", found, err)
		}
		if v := get(t, g, "a"); v != "nothing" {
			t.Errorf("before the end others see %v", v)
		}
		if err := c.End(nil); err != nil {
			t.Fatal(err)
		}
		if a, b, c := get(t, g, "a"), get(t, g, "b"), get(t, g, "c"); a != int64(1) || b != nil || c != "nothing" {
			t.Errorf("after the end: %v, %v, %v", a, b, c)
		}
		if v := get(t, other, "a"); v != "nothing" {
			t.Errorf("another strategy sees %v", v)
		}
	})
}

func TestAConflictStoresNothing(t *testing.T) {
	each(t, func(t *testing.T, s capability.StateStore) {
		ctx, g := context.Background(), grantOf(t, s, capability.Limits{}, "risk")
		read := func(c *capability.Call, keys ...string) {
			for _, key := range keys {
				if _, _, err := c.Get(ctx, key); err != nil {
					t.Fatal(err)
				}
			}
		}
		for name, c := range map[string]struct {
			before, reads, meanwhile, writes []string // meanwhile "-k" deletes
			conflict                         bool
		}{
			"changed":                {[]string{"a"}, []string{"a"}, []string{"a"}, []string{"w"}, true},
			"made":                   {nil, []string{"a"}, []string{"a"}, []string{"w"}, true},
			"removed":                {[]string{"a"}, []string{"a"}, []string{"-a"}, []string{"w"}, true},
			"removed and made":       {[]string{"a"}, []string{"a"}, []string{"-a", "a"}, []string{"w"}, true},
			"another key":            {[]string{"a"}, []string{"a"}, []string{"b"}, []string{"w"}, false},
			"written without a look": {[]string{"w"}, nil, []string{"w"}, []string{"w"}, false},
			"two reads, no write":    {[]string{"a", "b"}, []string{"a", "b"}, []string{"b"}, nil, true},
			"one read, no write":     {[]string{"a"}, []string{"a"}, []string{"a"}, nil, false},
		} {
			for _, key := range []string{"a", "b", "w"} {
				d := g.Begin(ctx)
				if err := errors.Join(d.Delete(ctx, key), d.End(nil)); err != nil {
					t.Fatal(err)
				}
			}
			for _, key := range c.before {
				if err := put(g, key, "before"); err != nil {
					t.Fatal(err)
				}
			}
			call := g.Begin(ctx)
			read(call, c.reads...)
			for _, key := range c.meanwhile {
				m := g.Begin(ctx)
				err := m.Put(ctx, key, "meanwhile")
				if rest, ok := strings.CutPrefix(key, "-"); ok {
					m = g.Begin(ctx)
					err = m.Delete(ctx, rest)
				}
				if err := errors.Join(err, m.End(nil)); err != nil {
					t.Fatal(err)
				}
			}
			read(call, c.reads...) // a second look is no second read
			for _, key := range c.writes {
				if err := call.Put(ctx, key, "mine"); err != nil {
					t.Fatal(err)
				}
			}
			err := call.End(nil)
			if got := problem.CodeOf(err) == problem.StateConflict; got != c.conflict || err != nil && !got {
				t.Errorf("%s: %v, want a conflict: %t", name, err, c.conflict)
			}
			if v := get(t, g, "w"); len(c.writes) > 0 && (v == "mine") == c.conflict {
				t.Errorf("%s: stored %v", name, v)
			}
		}
	})
}

func TestASpaceIsBounded(t *testing.T) {
	each(t, func(t *testing.T, s capability.StateStore) {
		g := grantOf(t, s, capability.Limits{SpaceKeys: 3, SpaceBytes: 100, ValueBytes: 200}, "risk")
		ctx := context.Background()
		for _, c := range []struct {
			name string
			err  error
			code problem.Code
		}{
			{"three keys", put(g, "a", 1, "b", 1, "c", 1), ""},
			{"a fourth", put(g, "d", 1), problem.StateFull},
			{"all or nothing", put(g, "a", 2, "d", 1), problem.StateFull},
			{"overwriting", put(g, "a", 3), ""},
			{"too many bytes", put(g, "a", strings.Repeat("x", 120)), problem.StateFull},
		} {
			if c.err == nil && c.code != "" || c.err != nil && problem.CodeOf(c.err) != c.code {
				t.Errorf("%s: %v, want %q", c.name, c.err, c.code)
			}
		}
		if v := get(t, g, "a"); v != int64(3) {
			t.Errorf("a is %v", v)
		}
		d := g.Begin(ctx)
		if err := errors.Join(d.Delete(ctx, "a"), d.Delete(ctx, "never"), d.End(nil)); err != nil {
			t.Fatal(err)
		}
		if err := put(g, "d", 1); err != nil {
			t.Errorf("after a delete there is room: %v", err)
		}
		smaller := grantOf(t, s, capability.Limits{SpaceKeys: 1}, "risk")
		d = smaller.Begin(ctx)
		if err := errors.Join(d.Delete(ctx, "d"), d.End(nil)); err != nil {
			t.Errorf("a full space can shrink: %v", err)
		}
	})
}

func TestACallReadsAndWritesABoundedAmount(t *testing.T) {
	g := grantOf(t, new(capability.Memory), capability.Limits{WriteBytes: 1000, ReadBytes: 1000}, "risk")
	ctx := context.Background()
	for name, step := range map[string]func(*capability.Call, string) error{
		"put":    func(c *capability.Call, key string) error { return c.Put(ctx, key, "v") },
		"delete": func(c *capability.Call, key string) error { return c.Delete(ctx, key) },
		"get":    func(c *capability.Call, key string) error { _, _, err := c.Get(ctx, key); return err },
	} {
		c, n := g.Begin(ctx), 0
		var err error
		for ; err == nil && n < 1000; n++ {
			err = step(c, fmt.Sprint("key", n))
		}
		var e *abi.Error
		if !errors.As(err, &e) || e.Code != abi.CodeQuota || n > 60 {
			t.Errorf("%s: after %d: %v", name, n, err)
		}
		c.Abort()
	}
}

// TestParallelCountersLoseNothing: every accepted increment is in the sum.
func TestParallelCountersLoseNothing(t *testing.T) {
	each(t, func(t *testing.T, s capability.StateStore) {
		const workers, rounds = 8, 25
		ctx, g := context.Background(), grantOf(t, s, capability.Limits{}, "risk")
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for done := 0; done < rounds; {
					c := g.Begin(ctx)
					v, _, err := c.Get(ctx, "n")
					if err != nil {
						t.Error(err)
						return
					}
					n, _ := v.(int64)
					err = errors.Join(c.Put(ctx, "n", n+1), c.End(nil))
					switch {
					case err == nil:
						done++
					case problem.CodeOf(err) != problem.StateConflict:
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if v := get(t, g, "n"); v != int64(workers*rounds) {
			t.Errorf("the sum is %v, want %d", v, workers*rounds)
		}
	})
}

func TestStateSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := boltstate.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(put(grantOf(t, s, capability.Limits{}, "risk"), "k", "v"), s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := put(grantOf(t, s, capability.Limits{}, "risk"), "k", "late"); problem.CodeOf(err) != problem.ShuttingDown {
		t.Errorf("a commit after Close: %v", err)
	}
	again := open(t, path)
	if v := get(t, grantOf(t, again, capability.Limits{}, "risk"), "k"); v != "v" {
		t.Errorf("after a restart: %v", v)
	}
	if _, err := boltstate.Open(path); problem.CodeOf(err) != problem.StoreLocked {
		t.Errorf("a second process: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstate.Open(path); problem.CodeOf(err) != problem.StoreCorrupt {
		t.Errorf("err = %v, want %s", err, problem.StoreCorrupt)
	}
}
