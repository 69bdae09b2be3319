// Package guest makes a WebAssembly guest of a Go strategy. An author writes a
// main package with the strategy, its constructor and one line:
//
//	package main
//
//	import (
//		"context"
//
//		"github.com/swapline/swapline/abi"
//		"github.com/swapline/swapline/guests/go"
//	)
//
//	var _ = guest.Register(NewStrategy)
//
//	func NewStrategy(h abi.Host) (abi.Strategy, error) { return limit{}, nil }
//
//	type limit struct{}
//
//	func (limit) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
//		amount, ok := in["amount"].(int64)
//		if !ok {
//			return nil, abi.Reject("bad_input", "amount must be an integer")
//		}
//		return map[string]any{"approved": amount <= 5000}, nil
//	}
//
//	func main() {}
//
// The same files build as both kinds:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o limit.wasm .
//	go build -buildmode=plugin -trimpath -o limit.so .
//
// The registration stands at package level because a wasip1 library has no
// main: the host runs the package's initialisation and then calls exports. In
// every other build Register does nothing and keeps nothing, since several
// plugins in one process share this package.
//
// # Inside the guest
//
// The exports of the calling convention (package abi) are made by this package.
// A guest serves one call at a time. A panic in Execute, Validate or the
// constructor is reported to the host as a fault; a panic in a goroutine that
// the strategy started ends the guest. The context of a call has no deadline,
// the host ends the guest instead. Sleeping takes no time: the guest's clock
// for durations jumps forward.
//
// A strategy whose calls are short can implement [Encoded]: it reads the encoded
// input and builds the encoded answer, in a third of the time, and [Adapt] makes
// an ordinary strategy of it everywhere.
//
// Neither this package nor package wire uses encoding/json or fmt; a strategy
// that avoids them too stays 1 to 2 MB smaller and starts faster.
package guest

// Registration is the value of [Register], so that it can stand in a
// declaration.
type Registration struct{}
