package runtime

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/recorder"
	"github.com/swapline/swapline/runtime/rollout"
)

// beside is what goes on beside the calls of a strategy: their inputs are recorded,
// and copies of them run through a candidate. The zero value does neither.
type beside struct {
	now atomic.Pointer[companions] // nil for neither: all that a call pays then

	mu       sync.Mutex
	operator []byte           // guarded by mu: the operator's policy; nil for none
	record   *rollout.Record  // guarded by mu: what the recorder does; nil for none
	hides    pointer.Patterns // guarded by mu: the masks of record
	ended    bool             // guarded by mu
}

// companions are what a call has beside it. They are immutable.
type companions struct {
	recorder *recorder.Recorder // nil for none
	shading  *shading           // nil for none
}

// changeLocked swaps in other companions.
func (b *beside) changeLocked(change func(*companions)) {
	var next companions
	if now := b.now.Load(); now != nil {
		next = *now
	}
	if change(&next); next == (companions{}) {
		b.now.Store(nil)
		return
	}
	b.now.Store(&next)
}

// shading returns what runs in the shadow of the strategy's calls, or nil.
func (b *beside) shading() *shading {
	if now := b.now.Load(); now != nil {
		return now.shading
	}
	return nil
}

// recorder returns what records the strategy's calls, or nil.
func (b *beside) recorder() *recorder.Recorder {
	if now := b.now.Load(); now != nil {
		return now.recorder
	}
	return nil
}

// serve runs one call and gives its companions their copies when the answer is
// there.
func (w *companions) serve(ctx context.Context, t *table, c *call, resp *Response) error {
	if w.shading != nil {
		return w.shaded(ctx, t, c, resp)
	}
	err := t.serve(ctx, c, resp)
	w.note(c, resp, endingOf(err))
	return err
}

// note records the input of a call that reached a release.
func (w *companions) note(c *call, resp *Response, e ending) {
	switch {
	case w.recorder == nil || !e.tells || !live(resp.Variant):
	case c.textual:
		w.recorder.Text(c.text)
	default:
		w.recorder.Map(c.in)
	}
}

// live reports whether a release that takes part in the traffic answered.
func live(variant string) bool {
	return variant == VariantStable || variant == VariantCandidate || variant == VariantBaseline
}

// ending is how a call ended.
type ending struct {
	tells           bool   // it says something about the release
	business, fault string // codes; both empty after an answer
}

// endingOf reads an error of a live call, or of one that was rehearsed.
func endingOf(err error) ending {
	if err == nil {
		return ending{tells: true}
	}
	return endingOfFailed(err)
}

// endingOfFailed is apart from endingOf because what errors.As writes to is on the
// heap.
func endingOfFailed(err error) ending {
	var business *abi.Error
	var p *problem.Error
	var wrong *wire.Error
	switch {
	case errors.As(err, &business):
		return ending{tells: true, business: business.Code}
	case !errors.As(err, &p):
		return ending{tells: true, fault: string(asFault(err).Code)}
	case !errors.As(err, &wrong) && verdictOf(p.Code).faulty():
		return ending{tells: true, fault: string(p.Code)}
	}
	return ending{}
}

// faultsTold is how many faults of one shadow or replay the log tells.
const faultsTold = 10

// aside runs one call that counts for nothing. Its first faults are logged: nobody
// else hears of them.
func (rel *release) aside(ctx context.Context, c *call, resp *Response, told *atomic.Int64) ending {
	err := rel.rehearse(ctx, c, resp)
	if f := (*driver.Fault)(nil); errors.As(err, &f) && told.Add(1) <= faultsTold {
		rel.rt.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "fault beside the live calls", rel.info.faultAttrs(f)...)
	}
	return endingOf(err)
}

// answer is what is compared: an answer in either shape, or the codes.
func (e ending) answer(out map[string]any, text []byte, textual bool) (a difference.Answer, err error) {
	a = difference.Answer{Out: out, Business: e.business, Fault: e.fault}
	if textual && e.business == "" && e.fault == "" {
		a.Out, err = wire.ParseJSONMap(text)
	}
	return a, err
}
