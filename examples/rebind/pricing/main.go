// Command pricing is a strategy that prices an order and lets other strategies
// change how, while it runs. It exposes three points (see docs/rebinding.md):
//
//	pricing.fee       func(amount int64) int64: what is added
//	pricing.discount  func(customer string, amount int64) int64: what is taken off
//	pricing.campaign  string: the name of what is going on
//
// Amounts are integers in minor units. By themselves the points have a fee of one
// percent, at least 30, no discount and no campaign:
//
//	{"customer": "c-17", "amount": 12500}
//	{"amount": 12500, "fee": 125, "discount": 0, "total": 12625, "campaign": ""}
package main

import (
	"context"

	"github.com/swapline/swapline/abi"
)

// The points. Values are called by many goroutines at once.
var (
	Fee      = abi.NewPoint("pricing.fee", func(amount int64) int64 { return max(30, amount/100) })
	Discount = abi.NewPoint("pricing.discount", func(customer string, amount int64) int64 { return 0 })
	Campaign = abi.NewPoint("pricing.campaign", "")
)

type pricing struct{}

// NewStrategy constructs the strategy; it needs no config.
func NewStrategy(abi.Host) (abi.Strategy, error) { return pricing{}, nil }

// Points implements [abi.Exposer].
func (pricing) Points() []abi.Exposed { return []abi.Exposed{Fee, Discount, Campaign} }

// Execute implements [abi.Strategy]. One view for all points: an order is never
// priced with the fee of one campaign and the discount of another one.
func (pricing) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	customer, _ := in["customer"].(string)
	amount, ok := in["amount"].(int64)
	if !ok || amount <= 0 || amount > 1<<40 {
		return nil, abi.Reject("bad_amount", "amount must be a positive integer in minor units")
	}
	v := Fee.View()
	fee, discount := Fee.In(v)(amount), min(Discount.In(v)(customer, amount), amount)
	return map[string]any{
		"amount": amount, "fee": fee, "discount": discount, "total": amount + fee - discount, "campaign": Campaign.In(v),
	}, nil
}

func main() {}

var _ abi.Exposer = pricing{}
