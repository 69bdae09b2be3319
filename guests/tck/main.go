// Command tck is the conformance strategy of package tck as a release: the same
// files build as a Go plugin and as a Wasm guest.
package main

import (
	"github.com/swapline/swapline/abi"
	guest "github.com/swapline/swapline/guests/go"
	"github.com/swapline/swapline/guests/tck/tck"
)

// NewStrategy is the constructor that a plugin exports.
func NewStrategy(h abi.Host) (abi.Strategy, error) { return tck.New(h) }

var _ = guest.Register(NewStrategy)

func main() {}
