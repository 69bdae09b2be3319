// Command promo is a strategy whose releases change another one's prices. It
// binds pricing.discount and pricing.campaign for as long as it is served; a
// rollback or a release with other config undoes that at once. Asked itself, it
// says what a customer would get:
//
//	{"customer": "c-17", "amount": 12500}
//	{"discount": 1250, "campaign": "autumn"}
//
// Config:
//
//	{"campaign": "autumn",   the name, "" for none: then nothing is bound
//	 "percent": 10,          1 to 50
//	 "customers": ["c-17"]}  who gets it; absent: all
package main

import (
	"context"
	"slices"

	"github.com/swapline/swapline/abi"
)

// promo is immutable after construction, so that the functions that it supplies
// can be called by anybody at any time.
type promo struct {
	campaign  string
	percent   int64
	customers []any // nil: all
}

// NewStrategy constructs the strategy from the manifest's config.
func NewStrategy(h abi.Host) (abi.Strategy, error) {
	config := h.Config()
	p := &promo{}
	p.campaign, _ = config["campaign"].(string)
	p.percent, _ = config["percent"].(int64)
	p.customers, _ = config["customers"].([]any)
	if p.campaign != "" && (p.percent < 1 || p.percent > 50) {
		return nil, abi.Reject("bad_config", "config.percent must be an integer from 1 to 50")
	}
	return p, nil
}

// Bindings implements [abi.Binder]. The types are exactly those of the points.
func (p *promo) Bindings() []abi.Binding {
	if p.campaign == "" {
		return nil
	}
	return []abi.Binding{abi.Bind("pricing.discount", p.discount), abi.Bind("pricing.campaign", p.campaign)}
}

func (p *promo) discount(customer string, amount int64) int64 {
	if p.customers != nil && !slices.Contains(p.customers, any(customer)) {
		return 0
	}
	return amount * p.percent / 100
}

// Execute implements [abi.Strategy].
func (p *promo) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	customer, _ := in["customer"].(string)
	amount, ok := in["amount"].(int64)
	if !ok || amount <= 0 || amount > 1<<40 {
		return nil, abi.Reject("bad_amount", "amount must be a positive integer in minor units")
	}
	return map[string]any{"discount": p.discount(customer, amount), "campaign": p.campaign}, nil
}

func main() {}

var _ abi.Binder = (*promo)(nil)
