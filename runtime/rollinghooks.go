package runtime

import "context"

// policyChanged takes over a strategy's policy for what does not wait for the next
// rollout: breaker and recording.
func (r *Runtime) policyChanged(strategy string) {
	s := r.find(strategy)
	if s == nil {
		return
	}
	if err := r.learnPolicy(context.Background(), s); err != nil {
		r.cfg.Log.Warn("a changed policy is not followed before the next change or restart", "strategy", strategy, "error", err)
	}
}
