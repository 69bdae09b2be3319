package runtime_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/store"
)

// lateWord is a store whose first word about an operator's policy comes late.
type lateWord struct {
	store.Store
	told atomic.Bool
}

func (s *lateWord) RolloutPolicy(ctx context.Context, strategy string) (store.RolloutPolicy, error) {
	if !s.told.Swap(true) {
		time.Sleep(100 * time.Millisecond)
	}
	return s.Store.RolloutPolicy(ctx, strategy)
}

// TestWhatIsNotRecordedIsNotToldAfterARestart lets the pairs begin before the host has
// read what the operator said.
func TestWhatIsNotRecordedIsNotToldAfterARestart(t *testing.T) {
	w, s := actors(t, 50)
	w.policySet(half(map[string]any{"record": map[string]any{"mask": []any{"/amount"}}}))
	w.experiment(pairs(nil))
	w.close()
	w.openStore()
	w.mem = memdriver.New(map[string]abi.Constructor{"actor": s.construct})
	services := w.cfg.Capabilities
	w.cfg = w.config()
	w.cfg.Capabilities, w.cfg.Store = services, &lateWord{Store: w.cfg.Store}
	w.open()
	eventually(t, "the pair of the call", func() bool {
		w.ask(1, func(int) int64 { return 75 }, map[string]any{"plain": true})
		a := w.report().Answers
		return len(a) > 0 && len(a[0].Examples) > 0
	})
	if e := w.report().Answers[0].Examples[0]; strings.Contains(e.Text, "75") {
		t.Errorf("%s", e.Text)
	}
}
