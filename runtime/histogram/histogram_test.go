package histogram_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
)

func ExampleHistogram() {
	h := histogram.New()
	for i := range 1000 {
		h.Record(i, time.Duration(i+1)*time.Millisecond)
	}
	c := h.Read()
	fmt.Println(c.N, c.Quantile(0.5).Round(10*time.Millisecond), c.Quantile(0.9).Round(10*time.Millisecond), c.Sum.Round(10*time.Second))
	// Output: 1000 500ms 900ms 8m20s
}

// TestConcurrentRecordsAllCount also covers the race detector.
func TestConcurrentRecordsAllCount(t *testing.T) {
	const workers, each = 8, 5000
	h := histogram.New()
	want := make([]int64, histogram.Size)
	var mu sync.Mutex // guards want
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			mine := make([]int64, histogram.Size)
			for range each {
				d := time.Duration(random.Uint64() >> random.UintN(64) >> 1)
				h.Record(random.Int(), d)
				mine[histogram.Index(d)]++
			}
			mu.Lock()
			defer mu.Unlock()
			for b, n := range mine {
				want[b] += n
			}
		})
	}
	last := histogram.Counts{}
	for range 100 {
		now := h.Read()
		for b, n := range now.Sub(last).Buckets {
			if n < 0 {
				t.Fatalf("bucket %d lost %d", b, -n)
			}
		}
		last = now
	}
	wg.Wait()
	if got := h.Read(); got.N != workers*each || !slices.Equal(got.Buckets, want) {
		t.Fatalf("%d of %d durations counted", got.N, workers*each)
	}
}

// TestNoRecordIsLostInOneBucket has everybody write the same word.
func TestNoRecordIsLostInOneBucket(t *testing.T) {
	const workers, each = 4, 300_000
	h := histogram.New()
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range workers {
		wg.Go(func() {
			<-start
			for range each {
				h.Record(0, time.Millisecond)
			}
		})
	}
	close(start)
	wg.Wait()
	if got := h.Read().N; got != workers*each {
		t.Fatalf("%d of %d durations counted", got, workers*each)
	}
}

func TestEveryNumberIsALane(t *testing.T) {
	h := histogram.New()
	numbers := []int{0, 1, 2, 3, 7, 8, 1 << 16, -1, math.MinInt, math.MaxInt}
	for _, n := range numbers {
		h.Record(n, time.Second)
	}
	if got := h.Read().N; got != int64(len(numbers)) {
		t.Fatalf("%d of %d counted", got, len(numbers))
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	h := histogram.New()
	if n := testing.AllocsPerRun(1000, func() { h.Record(3, time.Millisecond) }); n != 0 {
		t.Fatalf("%g allocations", n)
	}
}

// TestQuantilesAgreeWithSortedDurations holds estimates against the dumb way.
func TestQuantilesAgreeWithSortedDurations(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		h := histogram.New()
		all := make([]time.Duration, 1+random.IntN(300))
		sum := 0.0
		for i := range all {
			all[i] = time.Duration(math.Exp2(6 + 29.9*random.Float64()))
			sum += float64(all[i])
			h.Record(0, all[i])
		}
		slices.Sort(all)
		c := h.Read()
		for _, p := range []float64{0, 0.001, 0.25, 0.5, 0.95, 0.99, 0.999, 1} {
			rank := max(int(math.Ceil(p*float64(len(all))-1e-9)), 1)
			want := all[rank-1]
			if got := c.Quantile(p); math.Abs(float64(got)/float64(want)-1) > 0.053 {
				t.Errorf("quantile %g of %d durations is %s, want %s", p, len(all), got, want)
			}
		}
		if math.Abs(float64(c.Sum)/sum-1) > 0.0265 {
			t.Errorf("sum %s, want %s", c.Sum, time.Duration(sum))
		}
	}
}

func TestCountsOfNothingAndAtTheEnds(t *testing.T) {
	var none histogram.Counts
	if none.Quantile(0.5) != 0 {
		t.Errorf("nothing has median %s", none.Quantile(0.5))
	}
	if got := none.Sub(none); got.Buckets != nil || got.N != 0 {
		t.Errorf("nothing and nothing are %v", got)
	}
	h := histogram.New()
	h.Record(0, time.Hour)
	if got := h.Read().Quantile(0.5); got != most {
		t.Errorf("an hour is read as %s", got)
	}
	h.Record(0, -time.Hour)
	if got := h.Read().Quantile(0.5); got < 0 || got >= least {
		t.Errorf("a negative duration is read as %s", got)
	}
	h.Record(0, time.Second)
	c := h.Read()
	if low, high := c.Quantile(-1), c.Quantile(2); low >= least || high != most {
		t.Errorf("quantiles beyond the ends are %s and %s", low, high)
	}
}

func TestASampleIsTheDifferenceOfTwoMoments(t *testing.T) {
	h := histogram.New()
	h.Record(0, time.Millisecond)
	before := h.Read()
	for range 9 {
		h.Record(1, time.Second)
	}
	after := h.Read()
	since := after.Sub(before)
	if since.N != 9 || since.Quantile(0.01) < 900*time.Millisecond || since.Sum < 8*time.Second {
		t.Errorf("since: %d durations, the shortest %s, sum %s", since.N, since.Quantile(0.01), since.Sum)
	}
	if back := after.Sub(since); !reflect.DeepEqual(back, before) {
		t.Error("what is there without what came since is not what was before")
	}
	if before.N != 1 || after.N != 10 || before.Buckets[histogram.Index(time.Second)] != 0 {
		t.Error("Sub changed what it was given")
	}
	var none histogram.Counts
	if !reflect.DeepEqual(before.Sub(none), before) || none.Sub(before).N != -1 {
		t.Error("nothing changes something")
	}
}

func TestCountsSurviveJSON(t *testing.T) {
	h := histogram.New()
	h.Record(0, 5*time.Millisecond)
	want := h.Read()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got histogram.Counts
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v: %v is not %v", err, got, want)
	}
}
