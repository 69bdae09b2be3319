package worker

import (
	"context"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// timed is execute with its parts timed. The answer carries them in the fields that
// answers do not need.
func timed(ctx context.Context, s abi.Strategy, input, room []byte) message {
	began := time.Now()
	in, err := wire.DecodeMap(input)
	if err != nil {
		return faulty(problem.FaultABI, "the input: "+err.Error(), "")
	}
	w := watched{strategy: s, began: time.Now()}
	m := execute(ctx, &w, in, room)
	whole := time.Since(began)
	m.arg, m.now = int64(w.took), int64(whole-w.took)
	return m
}

// watched is a strategy with a watch.
type watched struct {
	strategy abi.Strategy
	began    time.Time
	took     time.Duration
}

// Execute implements abi.Strategy.
func (w *watched) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	out, err := w.strategy.Execute(ctx, in)
	w.took = time.Since(w.began)
	return out, err
}

// kindOf is the kind of a call whose parts are asked for, or not.
func kindOf(p *driver.Parts) kind {
	if p != nil {
		return kindTimed
	}
	return kindExecute
}

// clock is now, where parts are asked for.
func clock(p *driver.Parts) (now time.Time) {
	if p != nil {
		now = time.Now()
	}
	return now
}

// encoded counts what turning values into bytes, or back, took in the host.
func encoded(p *driver.Parts, since time.Time) {
	if p != nil {
		p.Encoding += time.Since(since)
	}
}

// crossed counts a round trip: what the worker did not spend on the strategy and on
// values was spent on the way. The worker is not believed more than the clock here.
func crossed(p *driver.Parts, since time.Time, input int, answer message) {
	if p == nil {
		return
	}
	whole := time.Since(since)
	p.BytesIn, p.BytesOut = int64(input), int64(len(answer.body))
	p.Strategy = min(max(time.Duration(answer.arg), 0), whole)
	p.Guest = min(max(time.Duration(answer.now), 0), whole-p.Strategy)
	p.Boundary, p.Known = whole-p.Strategy-p.Guest, true
}
