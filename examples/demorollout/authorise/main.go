// Command authorise is the strategy of the rollout demo: it decides about card
// payments as its release's config says, also wrongly (see package model).
//
//	{"reference": "p-1", "amount": 12500}
//	{"decision": "approve", "reason": "within_limits", "score": 402}
package main

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/demorollout/model"
	"github.com/swapline/swapline/guests/go"
)

var _ = guest.Register(NewStrategy)

type authorise struct{ config model.Config }

// NewStrategy constructs the strategy from its config.
func NewStrategy(h abi.Host) (abi.Strategy, error) {
	return authorise{model.FromMap(h.Config())}, nil
}

// Execute implements [abi.Strategy].
func (a authorise) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	reference, _ := in["reference"].(string)
	amount, ok := in["amount"].(int64)
	if !ok || amount <= 0 {
		return nil, abi.Reject("bad_amount", "amount must be a positive integer in minor units")
	}
	d := a.config.Decide(model.Payment{Reference: reference, Amount: amount})
	return map[string]any{"decision": d.Decision, "reason": d.Reason, "score": d.Score}, nil
}

func main() {}
