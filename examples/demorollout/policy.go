package main

// policy is the operator's: the stages of the default policy in seconds instead of
// minutes. Customers are kept on their release by a header; payments are recorded
// for the replay.
func policy() map[string]any {
	return map[string]any{
		"sticky": map[string]any{"header": headerCustomer},
		"stages": []any{
			map[string]any{"weight": 1, "for_s": 5, "calls": 100, "hold_s": 170, "then": "rollback"},
			map[string]any{"weight": 5, "for_s": 4, "calls": 200, "hold_s": 30, "then": "rollback"},
			map[string]any{"weight": 20, "for_s": 4, "calls": 500, "hold_s": 30, "then": "rollback"},
			map[string]any{"weight": 100, "for_s": 4, "calls": 500, "hold_s": 30, "then": "rollback"},
		},
		"guards": []any{
			map[string]any{"name": "more-errors", "metric": "error_rate", "versus": "stable", "max_increase": 0},
			map[string]any{"name": "tail", "metric": "latency_p99", "versus": "stable", "max_ratio": 1.5, "tolerance": 9},
			map[string]any{"name": "work", "metric": "instructions", "versus": "stable", "max_ratio": 1.02, "tolerance": 0.05},
		},
		// Before and after are not compared at the same time: neighbours on the machine
		// that come and go must not decide.
		"switch": map[string]any{"before_s": 4, "after_s": 4, "max_error_rise": 0.03, "max_p99_ratio": 10, "floor_ms": 10, "calls": 500},
		"record": map[string]any{"last": 2000, "share": 100},
	}
}

// gated is the policy of one rollout that begins with the replay.
func gated() map[string]any {
	p := policy()
	p["replay"] = map[string]any{"last": 1000, "at_least": 500, "max_different": 0.005}
	return p
}
