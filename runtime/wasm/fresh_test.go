package wasm_test

import (
	"context"
	"sync"
	"testing"

	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// TestGuestsOfAModuleThatIsNotFrozenStartTogether and all of them construct the
// strategy.
func TestGuestsOfAModuleThatIsNotFrozenStartTogether(t *testing.T) {
	spec := w.Spec(t, changing().Module())
	spec.Manifest.Limits.Concurrency = 4
	in := load(t, spec)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if n := calls(t, in); n != 1 {
					t.Errorf("a call is number %d of its guest", n)
				}
				if err := in.Validate(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
