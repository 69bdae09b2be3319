package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// rollout asks for a rollout by number, or "latest".
func (c *client) rollout(ctx context.Context, strategy, id string) (ro runtime.Rollout, r reply, err error) {
	if r, err = c.do(ctx, request{method: http.MethodGet, strategy: "/" + strategy, path: "/rollouts/" + id}); err == nil && r.status == http.StatusOK {
		err = json.Unmarshal(r.body, &ro)
	}
	return ro, r, err
}

// roll starts a rollout of an accepted release.
func (c *client) roll(ctx context.Context, strategy string, to manifest.Digest, generation uint64) (reply, error) {
	body, _ := json.Marshal(map[string]string{"release": string(to), "reason": "crash"}) // strings always encode
	return c.do(ctx, request{method: http.MethodPost, strategy: "/" + strategy, path: "/rollouts", generation: &generation, body: bytes.NewReader(body)})
}

// command sends a wish about a rollout, as it was seen.
func (c *client) command(ctx context.Context, ro runtime.Rollout, verb rollout.Verb, why string) (reply, error) {
	body, _ := json.Marshal(map[string]string{"reason": why}) // strings always encode
	path := "/rollouts/" + strconv.FormatUint(ro.ID, 10) + "/" + string(verb)
	return c.do(ctx, request{method: http.MethodPost, strategy: "/" + ro.Strategy, path: path, generation: &ro.Revision, body: bytes.NewReader(body)})
}

// serve asks for an answer for a customer. The answer of a release that failed
// has no version.
func (c *client) serve(ctx context.Context, strategy, customer string) (a answer, variant string, r reply, err error) {
	body, _ := json.Marshal(map[string]string{"customer": customer}) // strings always encode
	r, err = c.do(ctx, request{method: http.MethodPost, strategy: "/" + strategy, path: "/execute", body: bytes.NewReader(body)})
	if err != nil {
		return a, "", r, err
	}
	var answered struct{ Version string }
	_ = json.Unmarshal(r.body, &answered) // what it is not is no version
	a.generation, _ = strconv.ParseUint(r.header.Get("Swapline-Generation"), 10, 64)
	a.digest, a.release, a.version = manifest.Digest(r.header.Get("Swapline-Digest")), r.header.Get("Swapline-Release"), answered.Version
	return a, r.header.Get("Swapline-Variant"), r, nil
}

// code is the code of a refusal, "" of anything else.
func (r reply) code() problem.Code {
	var refusal struct{ Code problem.Code }
	if json.Unmarshal(r.body, &refusal) != nil {
		return ""
	}
	return refusal.Code
}

// meant reports whether a refusal is one that a client has to live with: somebody,
// or the rollout itself, was faster.
func (r reply) meant() bool {
	return r.status == http.StatusConflict || r.status == http.StatusPreconditionFailed
}
