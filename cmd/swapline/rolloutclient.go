package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// newest stands for the newest rollout of a strategy.
const newest = "latest"

// rolloutPath is the path of a rollout, or of what is below it.
func rolloutPath(strategy, id string, parts ...string) string {
	return strategyPath(strategy, append([]string{"rollouts", id}, parts...)...)
}

// rolloutID reads the optional argument that names a rollout.
func rolloutID(args []string) (string, error) {
	if len(args) < 2 || args[1] == newest {
		return newest, nil
	}
	if n, err := strconv.ParseUint(args[1], 10, 64); err != nil || n == 0 {
		return "", usageError{fmt.Errorf("%q is no rollout: give its number, as in swapline rollout history %s", args[1], args[0])}
	}
	return args[1], nil
}

func (c *client) rollout(ctx context.Context, strategy, id string) (runtime.Rollout, error) {
	var r runtime.Rollout
	_, err := c.getJSON(ctx, rolloutPath(strategy, id), &r)
	return r, err
}

func (c *client) rollouts(ctx context.Context, strategy string, limit int) ([]runtime.Rollout, error) {
	var list struct {
		Rollouts []runtime.Rollout `json:"rollouts"`
	}
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	_, err := c.getJSON(ctx, strategyPath(strategy, "rollouts")+"?"+q.Encode(), &list)
	return list.Rollouts, err
}

func (c *client) decisions(ctx context.Context, strategy, id string) ([]runtime.Decision, error) {
	var list struct {
		Decisions []runtime.Decision `json:"decisions"`
	}
	_, err := c.getJSON(ctx, rolloutPath(strategy, id, "decisions"), &list)
	return list.Decisions, err
}

// sendJSON sends a body and reads the answer.
func (c *client) sendJSON(ctx context.Context, method, path string, h http.Header, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	h.Set("Content-Type", "application/json")
	_, answer, err := c.do(ctx, call{method: method, path: path, header: h, body: bytes.NewReader(b)})
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// observer looks at one rollout again and again. A server that does not answer,
// because it is renewed or restarted, is waited for: a rollout survives both.
type observer struct {
	app          *app
	strategy, id string
	client       *client
	decided      []runtime.Decision // all that are known
	trouble      error              // why the last look failed
}

// observe finds a rollout; from then on it stays with that one, also when a newer
// one begins.
func (a *app) observe(ctx context.Context, strategy, id string) (*observer, runtime.Rollout, error) {
	cl, err := a.client()
	if err != nil {
		return nil, runtime.Rollout{}, err
	}
	r, err := cl.rollout(ctx, strategy, id)
	if err != nil {
		return nil, r, err
	}
	return &observer{app: a, strategy: strategy, id: strconv.FormatUint(r.ID, 10), client: cl}, r, nil
}

// look asks once: for the rollout, and for the decisions when there may be new
// ones. ok is false while the server does not answer.
func (o *observer) look(ctx context.Context) (r runtime.Rollout, fresh []runtime.Decision, ok bool, err error) {
	r, err = o.client.rollout(ctx, o.strategy, o.id)
	if err == nil {
		var all []runtime.Decision
		if all, err = o.client.decisions(ctx, o.strategy, o.id); err == nil && len(all) > len(o.decided) {
			fresh = all[len(o.decided):]
			o.decided = all
		}
	}
	o.trouble = err
	switch {
	case err == nil:
		return r, fresh, true, nil
	case ctx.Err() != nil:
		return r, nil, false, ctx.Err()
	case passing(err):
		o.reconnect()
		return r, nil, false, nil
	}
	return r, nil, false, err
}

// passing tells errors of a server that comes back from those that stay.
func passing(err error) bool {
	switch problem.CodeOf(err) {
	case problem.NotFound, problem.BadRequest, problem.ShuttingDown, problem.HostRenewing, problem.Overloaded, problem.StoreLocked:
		return true
	}
	return false
}

// reconnect finds the server anew: after a restart it may be elsewhere.
func (o *observer) reconnect() {
	if cl, err := o.app.client(); err == nil {
		o.client.http.CloseIdleConnections()
		o.client = cl
	}
}

// last is the newest decision.
func (o *observer) last() *runtime.Decision {
	if len(o.decided) == 0 {
		return nil
	}
	return &o.decided[len(o.decided)-1]
}

// sleep waits, but not longer than anybody wants it to.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
