//go:build linux && cgo

package nativeplugin

import (
	"plugin"

	"github.com/swapline/swapline/abi"
)

// supported reports whether this build can open plugins.
func supported() error { return nil }

// openSymbol opens a plugin in this process and looks its constructor up.
func openSymbol(path string) (any, error) {
	p, err := plugin.Open(path)
	if err != nil {
		return nil, err
	}
	symbol, err := p.Lookup(abi.ConstructorSymbol)
	if err != nil {
		return nil, errNoSymbol{err}
	}
	return symbol, nil
}
