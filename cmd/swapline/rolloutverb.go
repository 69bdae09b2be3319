package main

import (
	"context"
	"net/http"
	"strconv"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// verbTries bounds how often a command is sent to a rollout that moves meanwhile.
const verbTries = 8

// commandRollout sends a person's command about the rollout as it is now. A
// rollout has a new revision with every judgement, which a person does not see:
// so a command that came too late by one is sent again as long as what it was
// meant for is unchanged.
func (c *client) commandRollout(ctx context.Context, v rollout.Verb, strategy, id string, o verbOptions) (runtime.Rollout, error) {
	var out runtime.Rollout
	seen, err := c.rollout(ctx, strategy, id)
	if err != nil {
		return out, err
	}
	id = strconv.FormatUint(seen.ID, 10)
	if o.revision >= 0 {
		seen.Revision = uint64(o.revision)
	}
	for range verbTries {
		h := http.Header{"If-Match": {etagOf(int64(seen.Revision))}}
		err = c.sendJSON(ctx, http.MethodPost, rolloutPath(strategy, id, string(v)), h, map[string]any{"reason": o.reason}, &out)
		if problem.CodeOf(err) != problem.StaleRollout || o.revision >= 0 {
			return out, err
		}
		now, again := c.rollout(ctx, strategy, id)
		if again != nil || !stillMeant(v, seen, now) {
			return out, err
		}
		seen = now
	}
	return out, err
}

// stillMeant tells whether a command that was given about one state is right
// about another one. Stopping always is; going on must not skip a stage that
// nobody has seen.
func stillMeant(v rollout.Verb, seen, now runtime.Rollout) bool {
	if v == rollout.VerbAbort || v == rollout.VerbPause {
		return true
	}
	return seen.Stage == now.Stage && seen.Phase == now.Phase && seen.Held == now.Held
}
