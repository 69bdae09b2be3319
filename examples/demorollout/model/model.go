// Package model decides about card payments for the rollout demo. It is one
// package for the strategy and for the program that checks its answers, and it
// can be told to misbehave, so that rollouts have something to find:
//
//	c := model.Config{ReviewAbove: 50_000, DeclineAbove: 200_000, Rounds: 1000}
//	c.Decide(model.Payment{Reference: "p-1", Amount: 12_500})
//	// {Decision: approve, Reason: within_limits}
//
// What goes wrong depends on the payment's reference alone: the same payment
// always fails, or is slow, in the same releases.
package model

import "hash/fnv"

// Config is what one release is made of.
type Config struct {
	ReviewAbove, DeclineAbove int64 // minor units
	Rounds                    int64 // work of one decision
	Broken                    int64 // of 10,000 payments: ends in a panic
	Slow                      int64 // of 10,000 payments: takes ten times the work
}

// FromMap reads a release's config as the manifest has it.
func FromMap(m map[string]any) Config {
	number := func(name string) int64 { n, _ := m[name].(int64); return n }
	return Config{ReviewAbove: number("review_above"), DeclineAbove: number("decline_above"), Rounds: number("rounds"),
		Broken: number("broken"), Slow: number("slow")}
}

// Map is the config as a manifest has it.
func (c Config) Map() map[string]any {
	return map[string]any{"review_above": c.ReviewAbove, "decline_above": c.DeclineAbove, "rounds": c.Rounds, "broken": c.Broken, "slow": c.Slow}
}

// Payment is what is asked about.
type Payment struct {
	Reference string
	Amount    int64 // minor units
}

// Answer is what is decided.
type Answer struct {
	Decision string `json:"decision"` // approve, review, decline
	Reason   string `json:"reason"`
	Score    int64  `json:"score"` // 0 to 999
}

// slowness is by how much the slow ones are slower.
const slowness = 10

// dice gives a payment one of 10,000 numbers, another one for each purpose.
func (p Payment) dice(purpose string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(purpose + p.Reference))
	return int64(mixed(h.Sum64()) % 10_000)
}

// mixed spreads a hash over all its bits (the finalizer of MurmurHash3).
func mixed(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Breaks reports whether the release panics at this payment.
func (c Config) Breaks(p Payment) bool { return p.dice("broken") < c.Broken }

// Decide answers; it panics where the release is broken.
func (c Config) Decide(p Payment) Answer {
	if c.Breaks(p) {
		panic("the table of limits is damaged")
	}
	rounds := c.Rounds
	if p.dice("slow") < c.Slow {
		rounds *= slowness
	}
	return c.judge(p, work(rounds))
}

// work stands for a model that is computed. Its result is always 0, which no
// compiler knows.
func work(rounds int64) int64 {
	x := uint64(1)
	for range rounds {
		x = mixed(x | 1)
	}
	if x == 0 {
		return 1
	}
	return 0
}

func (c Config) judge(p Payment, nothing int64) Answer {
	a := Answer{Decision: "approve", Reason: "within_limits", Score: p.dice("score")%1000 + nothing}
	switch {
	case p.Amount > c.DeclineAbove:
		a.Decision, a.Reason = "decline", "above_limit"
	case p.Amount > c.ReviewAbove:
		a.Decision, a.Reason = "review", "high_amount"
	}
	return a
}
