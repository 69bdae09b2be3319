package slot_test

import (
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/swapline/swapline/runtime/slot"
)

// operation is one call in a history; a publish has publish set, an acquire
// answers with the generation it leased.
type operation struct{ publish uint64 }

// register is the sequential specification: an acquire answers the last publish.
func register() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return uint64(1) },
		Step: func(state, input, output any) (bool, any) {
			if p := input.(operation).publish; p != 0 {
				return p > state.(uint64), p
			}
			return output.(uint64) == state.(uint64), state
		},
	}
}

// history collects what each client did and when.
type history struct {
	start time.Time
	mu    sync.Mutex
	ops   []porcupine.Operation
}

func (h *history) record(client int, in operation, f func() uint64) {
	call := time.Since(h.start).Nanoseconds()
	out := f()
	ret := time.Since(h.start).Nanoseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: ret})
}

func TestConcurrentHistoriesAreLinearizable(t *testing.T) {
	for range 20 {
		h := concurrentHistory()
		if r := porcupine.CheckOperationsTimeout(register(), h.ops, time.Minute); r != porcupine.Ok {
			t.Fatalf("a history of %d operations is %s", len(h.ops), r)
		}
	}
}

func concurrentHistory() *history {
	s := slot.New[uint64](0)
	s.Publish(1, 1)
	h := &history{start: time.Now()}
	var wg sync.WaitGroup
	for client := range 4 {
		wg.Go(func() {
			for range 200 {
				h.record(client, operation{}, func() uint64 {
					lease, _ := s.Acquire()
					defer lease.Done()
					return lease.Value()
				})
			}
		})
	}
	wg.Go(func() {
		for g := uint64(2); g < 200; g++ {
			h.record(4, operation{publish: g}, func() uint64 { s.Publish(g, g); return 0 })
		}
	})
	wg.Wait()
	return h
}

// TestTheCheckerSeesAStaleRead proves that the check above can fail.
func TestTheCheckerSeesAStaleRead(t *testing.T) {
	stale := []porcupine.Operation{
		{ClientId: 0, Input: operation{publish: 2}, Call: 0, Output: uint64(0), Return: 10},
		{ClientId: 1, Input: operation{}, Call: 20, Output: uint64(1), Return: 30},
	}
	if porcupine.CheckOperations(register(), stale) {
		t.Fatal("an acquire that began after the publish returned may not see the old version")
	}
}
