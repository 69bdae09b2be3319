package nativeplugin

import (
	"context"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
)

// ExecuteDivided implements driver.Divided.
func (i *instance) ExecuteDivided(ctx context.Context, in map[string]any, p *driver.Parts) (map[string]any, error) {
	return i.calls.ExecuteDivided(ctx, i.strategy, in, p)
}

// Strategy implements driver.Bare.
func (i *instance) Strategy() abi.Strategy { return i.strategy }

// Starts implements driver.Started. To compile is to examine and open the plugin,
// which a process does once; to instantiate is to construct the strategy. A fresh load
// of a plugin that is open is a rehearsal.
func (i *instance) Starts() driver.Starts { return i.starts }

// House implements driver.Housed: a plugin has the host for its house.
func (i *instance) House() (engine, isolation string) { return "", "" }

// Starts implements driver.Started. To compile is to examine the plugin, once for
// each artifact; to instantiate is to start the process, to open the plugin there and
// to construct the strategy.
func (i *isolated) Starts() driver.Starts {
	s := i.Instance.Starts()
	s.Compile, s.Opening, s.Cached = i.examination, i.opening, i.examined == nil
	return s
}

// rehearse times what it takes to bring in a plugin that is open already: the gates once
// more, in a process that is thrown away, which opens it, and such an opening again in
// place of the one here. Where that does not succeed nothing is known.
func (d *Driver) rehearse(ctx context.Context, spec driver.Spec, file *held) driver.Starts {
	began := time.Now()
	examined, err := d.examineAlone(ctx, spec, file, true)
	if err != nil {
		return driver.Starts{Cached: true}
	}
	return driver.Starts{Compile: time.Since(began) + examined.opening(), Opening: examined.opening()}
}

// opening is how long the child took to open the plugin, of whom no more is believed
// than the clock here says.
func (e *examination) opening() time.Duration {
	if e.verdict == nil {
		return 0
	}
	return min(max(e.verdict.Opened, 0), e.took)
}

var (
	_ driver.Divided = (*instance)(nil)
	_ driver.Bare    = (*instance)(nil)
	_ driver.Started = (*instance)(nil)
	_ driver.Housed  = (*instance)(nil)
	_ driver.Started = (*isolated)(nil)
	_ driver.Housed  = (*isolated)(nil)
)
