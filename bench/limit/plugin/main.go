// Command plugin is package limit as a release.
package main

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/bench/limit"
)

// NewStrategy is the constructor that a plugin exports.
func NewStrategy(h abi.Host) (abi.Strategy, error) { return limit.New(h) }

func main() {}
