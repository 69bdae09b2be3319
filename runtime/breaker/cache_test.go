package breaker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/breaker"
)

func TestACacheGivesTheLastAnswerOfAKey(t *testing.T) {
	c := breaker.NewCache(10, 1<<20, time.Minute)
	value := []byte("one")
	c.Put([]byte("a"), value, 1, 0)
	copy(value, "xxx") // the caller's own again
	got, form, ok := c.Get([]byte("a"), time.Minute, []byte("dst:"))
	if string(got) != "dst:one" || form != 1 || !ok {
		t.Fatalf("got %q, %d, %t", got, form, ok)
	}
	got[4] = 'x'
	if got, _, _ := c.Get([]byte("a"), 0, nil); string(got) != "one" {
		t.Errorf("who gets an answer can change it: %q", got)
	}
	c.Put([]byte("a"), []byte("two"), 2, time.Second)
	if got, form, _ := c.Get([]byte("a"), 0, nil); string(got) != "two" || form != 2 {
		t.Errorf("not the last answer: %q, %d", got, form)
	}
	if got, _, ok := c.Get([]byte("b"), 0, []byte("dst")); ok || string(got) != "dst" {
		t.Errorf("a key without an answer got %q", got)
	}
	c.Put(nil, nil, 3, 0)
	if got, form, ok := c.Get([]byte{}, 0, nil); !ok || len(got) != 0 || form != 3 {
		t.Errorf("the empty key: %q, %d, %t", got, form, ok)
	}
}

func TestAnOldAnswerIsNotGiven(t *testing.T) {
	c := breaker.NewCache(10, 1<<20, time.Minute)
	c.Put([]byte("a"), []byte("one"), 0, time.Hour)
	c.Put([]byte("b"), []byte("two"), 0, time.Hour+time.Second)
	if _, _, ok := c.Get([]byte("a"), time.Hour+time.Minute, nil); !ok {
		t.Error("an answer as old as allowed is not given")
	}
	if _, _, ok := c.Get([]byte("a"), time.Hour+time.Minute+1, nil); ok {
		t.Error("an answer that is too old is given")
	}
	if keys, _ := c.Size(); keys != 1 {
		t.Errorf("%d keys are left, want 1", keys)
	}
	c.Expire(time.Hour + time.Minute + time.Second)
	if keys, _ := c.Size(); keys != 1 {
		t.Error("an answer that is not too old is forgotten")
	}
	c.Expire(time.Hour + time.Minute + time.Second + 1)
	if keys, bytes := c.Size(); keys != 0 || bytes != 0 {
		t.Errorf("%d keys and %d bytes are left", keys, bytes)
	}
	always := breaker.NewCache(1, 1<<20, 0)
	always.Put([]byte("a"), nil, 0, 0)
	if _, _, ok := always.Get([]byte("a"), 1<<62, nil); !ok {
		t.Error("without an age an answer became too old")
	}
}

func TestTheOldestAnswerGoesFirst(t *testing.T) {
	c := breaker.NewCache(3, 1<<20, 0)
	for i, key := range []string{"a", "b", "c", "a", "d"} {
		c.Put([]byte(key), []byte(key), 0, time.Duration(i))
		c.Get([]byte("b"), 0, nil) // being asked makes no answer newer
	}
	var left []string
	for _, key := range []string{"a", "b", "c", "d"} {
		if _, _, ok := c.Get([]byte(key), 0, nil); ok {
			left = append(left, key)
		}
	}
	if !slices.Equal(left, []string{"a", "c", "d"}) {
		t.Errorf("left are %v", left)
	}
}

func TestACacheStaysWithinItsBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, keep := range []int{0, 1, 3, 127, 128, 1000, 5000} {
		const limit = 200_000
		c := breaker.NewCache(keep, limit, 0)
		for i := range 20_000 {
			key := fmt.Appendf(nil, "key %d", random.IntN(2*keep+10))
			c.Put(key, make([]byte, random.IntN(300)), 0, time.Duration(i))
			if i%997 == 0 {
				if keys, bytes := c.Size(); keys > keep || bytes > limit || (bytes == 0) != (keys == 0) {
					t.Fatalf("keep %d: %d keys of %d bytes", keep, keys, bytes)
				}
			}
		}
		keys, bytes := c.Size()
		if want := min(keep, limit/600); keys < want*8/10 {
			t.Errorf("keep %d: only %d keys (%d bytes) are kept", keep, keys, bytes)
		}
	}
}

// TestACacheDoesWhatAMapDoes compares with a map where nothing is too much.
func TestACacheDoesWhatAMapDoes(t *testing.T) {
	c, all := breaker.NewCache(100_000, 1<<30, time.Second), map[string]string{}
	random := rand.New(rand.NewPCG(3, 4))
	ages := map[string]time.Duration{}
	for i := range 50_000 {
		now, key := time.Duration(i)*time.Millisecond, fmt.Sprint(random.IntN(3000))
		if random.IntN(2) == 0 {
			value := strings.Repeat(key, random.IntN(60))
			c.Put([]byte(key), []byte(value), 0, now)
			all[key], ages[key] = value, now
		}
		got, _, ok := c.Get([]byte(key), now, nil)
		want, there := all[key]
		there = there && ages[key] >= now-time.Second
		if ok != there || ok && string(got) != want {
			t.Fatalf("step %d: %q, %t; want %q, %t", i, got, ok, want, there)
		}
	}
}

func TestAnAnswerThatIsTooLargeTakesThePlaceOfNone(t *testing.T) {
	c := breaker.NewCache(100, 4000, 0)
	for i := range 4 {
		c.Put([]byte{byte(i)}, make([]byte, 300), 0, 0)
	}
	c.Put([]byte{0}, make([]byte, 2000), 0, 1)
	for i := range 4 {
		if _, _, ok := c.Get([]byte{byte(i)}, 0, nil); ok != (i > 0) {
			t.Errorf("key %d: %t; its own last answer is not good any more, the others' are", i, ok)
		}
	}
}

// TestMemoryOfALargeAnswerIsGivenBack looks at what a cache holds for an answer
// that became small.
func TestMemoryOfALargeAnswerIsGivenBack(t *testing.T) {
	c := breaker.NewCache(1, 1<<20, 0)
	c.Put([]byte("a"), make([]byte, 100_000), 0, 0)
	c.Put([]byte("a"), make([]byte, 10), 0, 0)
	if _, bytes := c.Size(); bytes > 1000 {
		t.Errorf("%d bytes for an answer of 10", bytes)
	}
}

func TestManyUseACacheAtOnce(t *testing.T) {
	c := breaker.NewCache(500, 1<<20, 0)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			random, dst := rand.New(rand.NewPCG(uint64(worker), 5)), []byte(nil)
			for i := range 3000 {
				key := fmt.Appendf(nil, "%d", random.IntN(800))
				if random.IntN(2) == 0 {
					c.Put(key, slices.Repeat(key, 1+random.IntN(40)), 0, time.Duration(i))
				}
				var ok bool
				if dst, _, ok = c.Get(key, 0, dst[:0]); ok && (len(dst) == 0 || len(strings.ReplaceAll(string(dst), string(key), "")) != 0) {
					t.Errorf("%s has %q", key, dst)
				}
				if i%500 == 0 {
					c.Expire(time.Duration(i / 2))
				}
			}
		})
	}
	wg.Wait()
	if keys, bytes := c.Size(); keys > 500 || bytes > 1<<20 {
		t.Errorf("%d keys of %d bytes", keys, bytes)
	}
}

func TestPuttingAgainAllocatesNothing(t *testing.T) {
	c := breaker.NewCache(100, 1<<20, time.Minute)
	key, value, dst := []byte("customer 17"), make([]byte, 200), make([]byte, 0, 256)
	c.Put(key, value, 0, 0)
	n := testing.AllocsPerRun(100, func() {
		c.Put(key, value, 0, 1)
		dst, _, _ = c.Get(key, 1, dst[:0])
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCache(b *testing.B) {
	c, value := breaker.NewCache(1000, 64<<20, time.Minute), make([]byte, 200)
	keys := make([][]byte, 1000)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "customer %d", i)
		c.Put(keys[i], value, 0, 0)
	}
	b.Run("put", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			c.Put(keys[i%len(keys)], value, 0, time.Duration(i))
		}
	})
	b.Run("put/parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.IntN(len(keys)); pb.Next(); i++ {
				c.Put(keys[i%len(keys)], value, 0, 0)
			}
		})
	})
	b.Run("get", func(b *testing.B) {
		b.ReportAllocs()
		dst := make([]byte, 0, 256)
		for i := 0; b.Loop(); i++ {
			dst, _, _ = c.Get(keys[i%len(keys)], 0, dst[:0])
		}
	})
}
