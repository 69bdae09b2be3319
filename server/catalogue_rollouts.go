package server

import "github.com/swapline/swapline/runtime/problem"

func rolloutEntries() []Entry {
	return []Entry{
		{problem.UnknownRollout, 404, "Unknown rollout", "The strategy has no rollout of this number, or it is older than the 100 that are kept. `swapline rollout history STRATEGY` lists them."},
		{problem.RolloutActive, 409, "A rollout is under way", "The strategy is in the middle of a rollout, and one at a time is judged. Wait for its end (`swapline rollout wait`), or end it with `swapline rollout abort`."},
		{problem.RolloutFinal, 409, "Release was taken back", "An earlier rollout found that this release is worse, and that is final for its digest. `swapline rollout explain` says why. Build a new release."},
		{problem.RolloutEnded, 409, "Rollout has ended", "The rollout is over and takes no more commands. `swapline rollout get` shows how it ended; start a new one."},
		{problem.RolloutRefused, 409, "Not possible at this stage", "The rollout cannot do this where it is now. `detail` says why and `cure` what is possible."},
		{problem.ReplayBlocked, 409, "Stopped by the replay", "The candidate answers recorded inputs in another way, more often than the policy's budget allows, and got no traffic. `swapline rollout explain` lists the differences by JSON Pointer."},
		{problem.StaleRollout, 412, "Rollout changed meanwhile", "The rollout, the experiment, or the strategy's rollout policy has changed after you looked. The answer's ETag is the current one: look, then repeat."},
	}
}
