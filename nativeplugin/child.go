package nativeplugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Bounds of the child itself.
const (
	childCPU    = time.Minute
	childMemory = 4 << 30 // bytes of address space on top of what it starts with
)

// ProbeMain is the throw-away child: the program calls it when it was started
// with Config.Probe, and exits with its result. Package child says how the two
// talk.
func ProbeMain() int {
	return child.Main(func(ask request, _ io.Reader) (any, error) {
		if err := (child.Limits{CPU: childCPU, AddressSpace: childMemory}).Apply(); err != nil {
			return nil, fmt.Errorf("no limits: %w", err)
		}
		return ask.run(), nil
	})
}

// run does what the host would do, and says how far it came.
func (ask request) run() verdict {
	for _, path := range ask.Loaded {
		if _, err := openProtected(path); err != nil {
			return verdict{Stage: stageReplay, Error: path + ": " + err.Error()}
		}
	}
	symbol, err := openProtected(ask.Candidate)
	switch construct, ok := symbol.(abi.Constructor); {
	case errors.As(err, &errNoSymbol{}):
		return verdict{Stage: stageSymbol, Error: err.Error()}
	case err != nil:
		return verdict{Stage: stageOpen, Error: err.Error()}
	case !ok:
		return verdict{Stage: stageType, Error: fmt.Sprintf("%T", symbol)}
	default:
		return ask.construct(construct)
	}
}

func (ask request) construct(construct abi.Constructor) verdict {
	config, err := wire.DecodeMap(ask.Config)
	if err != nil {
		return verdict{Stage: stageConstruct, Error: err.Error()}
	}
	host, err := driver.Spec{
		Manifest: &manifest.Manifest{Name: ask.Strategy, Version: ask.Version, Config: config, Issued: ask.Now},
	}.Host()
	if err != nil {
		return verdict{Stage: stageConstruct, Error: err.Error()}
	}
	var calls driver.Calls
	s, err := calls.Construct(context.Background(), construct, host)
	if err != nil {
		return verdict{Stage: stageConstruct, Error: words(err)}
	}
	return verdict{Stage: stageConstructed, Methods: driver.MethodsOf(s)}
}

// words leaves out what the host adds again: the code and the cure.
func words(err error) string {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Message
	}
	return err.Error()
}

// errNoSymbol says that a plugin opened and has no constructor.
type errNoSymbol struct{ error }

// openProtected opens a plugin and turns a panic of its start into an error.
func openProtected(path string) (symbol any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while it started: %v", r)
		}
	}()
	return openSymbol(path)
}
