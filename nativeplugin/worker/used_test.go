package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

func consumed(t *testing.T, in driver.Instance, thorough bool) driver.Consumption {
	t.Helper()
	return in.(driver.Apart).Consumed(context.Background(), thorough)
}

// during is what a worker uses for one call.
func during(t *testing.T, in driver.Instance, thorough bool, what map[string]any) (used driver.Consumption) {
	t.Helper()
	before := consumed(t, in, thorough)
	if _, err := in.Execute(within(t, time.Minute), what); err != nil {
		t.Fatal(err)
	}
	after := consumed(t, in, thorough)
	if after.Life != before.Life || after.Life == 0 {
		t.Fatalf("%+v, %+v", before, after)
	}
	return driver.Consumption{Processor: after.Processor - before.Processor, Allocs: after.Allocs - before.Allocs, AllocBytes: after.AllocBytes - before.AllocBytes}
}

func TestAWorkersProcessorTimeIsItsOwn(t *testing.T) {
	in := load(t, config(), specOf(t, "wild", nil))
	answers(t, in)
	// More turns, of which each waits for the one before, than any processor makes in 4 ms.
	much := during(t, in, false, map[string]any{"do": "work", "turns": int64(40_000_000)})
	if much.Processor < 4*time.Millisecond {
		t.Errorf("%s for much", much.Processor)
	}
	if much.Allocs != 0 || much.AllocBytes != 0 {
		t.Errorf("it was not asked for %+v", much)
	}
	least := time.Hour // what its runtime does by itself comes and goes
	for range 20 {
		if least = min(least, during(t, in, false, map[string]any{"do": "sleep", "ms": int64(30)}).Processor); least < 15*time.Millisecond {
			return
		}
	}
	t.Errorf("%s of 30 ms asleep", least)
}

func TestAWorkerTellsWhatItAllocates(t *testing.T) {
	in := load(t, config(), specOf(t, "wild", nil))
	answers(t, in)
	many := during(t, in, true, map[string]any{"do": "allocate", "times": int64(50_000)})
	if n := many.Allocs; n < 50_000 || n > 100_000 { // its runtime makes some hundred
		t.Errorf("%d allocations", n)
	}
	if n := many.AllocBytes; n < 50_000*1024 || n > 100_000*1024 {
		t.Errorf("%d bytes", n)
	}
}

func TestAWorkerThatWasStartedAgainHasAnotherLife(t *testing.T) {
	c := still()
	_, in := kept(t, c)
	before := consumed(t, in, false)
	crash(t, in)
	for _, thorough := range []bool{false, true} {
		if gone := consumed(t, in, thorough); gone != (driver.Consumption{}) {
			t.Errorf("no process, and %+v", gone)
		}
	}
	await(t, "a plan", func() bool { _, ok := c.pending(); return ok })
	c.pass(time.Second)
	answers(t, in)
	if after := consumed(t, in, true); after.Life == before.Life || after.Processor <= 0 || after.Allocs == 0 {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestAWorkerThatWritesNoiseSaysNothing(t *testing.T) {
	in := load(t, config(), specOf(t, "wild", nil))
	answers(t, in)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = in.Execute(within(t, time.Minute), map[string]any{"do": "garble", "seed": int64(3)})
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	for ctx.Err() == nil {
		in.(driver.Apart).Consumed(ctx, true) // it returns, whatever it says
	}
	<-ended
}
