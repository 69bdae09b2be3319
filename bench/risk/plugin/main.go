// Command plugin is package risk as a release.
package main

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/bench/risk"
	guest "github.com/swapline/swapline/guests/go"
)

// NewStrategy is the constructor that a plugin exports.
func NewStrategy(h abi.Host) (abi.Strategy, error) { return risk.New(h) }

var _ = guest.Register(NewStrategy)

func main() {}
