// Command plugin is package riskfast as a release.
package main

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/bench/riskfast"
	guest "github.com/swapline/swapline/guests/go"
)

// NewStrategy is the constructor that a plugin exports.
func NewStrategy(h abi.Host) (abi.Strategy, error) { return riskfast.New(h) }

var _ = guest.Register(NewStrategy)

func main() {}
