package nativeplugin

import (
	"context"

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
// which a process does once; to instantiate is to construct the strategy.
func (i *instance) Starts() driver.Starts { return i.starts }

// House implements driver.Housed: a plugin has the host for its house.
func (i *instance) House() (engine, isolation string) { return "", "" }

// Starts implements driver.Started. To compile is to examine the plugin, once for
// each artifact; to instantiate is to start the process, to open the plugin there and
// to construct the strategy.
func (i *isolated) Starts() driver.Starts {
	s := i.Instance.Starts()
	s.Compile, s.Cached = i.examination, i.examined == nil
	return s
}

var (
	_ driver.Divided = (*instance)(nil)
	_ driver.Bare    = (*instance)(nil)
	_ driver.Started = (*instance)(nil)
	_ driver.Housed  = (*instance)(nil)
	_ driver.Started = (*isolated)(nil)
	_ driver.Housed  = (*isolated)(nil)
)
