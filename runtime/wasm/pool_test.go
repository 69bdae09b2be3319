package wasm

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/runtime/driver"
)

// counting counts what is closed.
type counting struct {
	Guest
	open *atomic.Int64
}

func (c counting) Size() uint32 { return 1 }

func (c counting) Close(context.Context) error {
	c.open.Add(-1)
	return nil
}

// TestClosingAPoolDoesNotWaitForLateCalls although the runtime makes none.
func TestClosingAPoolDoesNotWaitForLateCalls(t *testing.T) {
	ctx := context.Background()
	for range 3000 {
		var open atomic.Int64
		p := newPool(2, func(context.Context) (*guest, error) {
			open.Add(1)
			return &guest{engine: counting{open: &open}}, nil
		}, slog.New(slog.DiscardHandler))
		var wg, ready sync.WaitGroup
		ready.Add(4)
		for range 4 {
			wg.Go(func() {
				ready.Done()
				ready.Wait()
				for range 50 {
					g, _, err := p.get(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					p.put(ctx, g, true)
				}
			})
		}
		ready.Wait()
		p.close(ctx)
		wg.Wait()
		if s := p.stats(); s != (driver.Stats{}) || open.Load() != 0 || len(p.vacant) != 2 {
			t.Fatalf("after all calls there is %+v, %d guests are open, %d places vacant", s, open.Load(), len(p.vacant))
		}
	}
}
