// Command early is a guest in Go that panics while its packages are initialised,
// before there is a strategy.
package main

import (
	"github.com/swapline/swapline/abi"
	guest "github.com/swapline/swapline/guests/go"
)

var _ = guest.Register(NewStrategy)

var _ = explode()

func main() {}

// NewStrategy is never called.
func NewStrategy(abi.Host) (abi.Strategy, error) { return nil, nil }

func explode() int { panic("misbehave early") }
