package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// compareOnServer lets the running server compare its releases. A Ctrl-C cancels
// the comparison there.
func (a *app) compareOnServer(ctx context.Context, ask asked) (*compare.Report, error) {
	body, err := ask.body()
	if err != nil {
		return nil, err
	}
	cl, err := a.client()
	if err != nil {
		return nil, err
	}
	var r *compare.Report
	err = a.untilTwice(func() (err error) {
		r, err = a.followComparison(ctx, cl, body)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// body is what the server is asked. Members of the plan that were not given stay
// the server's.
func (k asked) body() (body map[string]any, err error) {
	var arms []map[string]any
	strategy, names := "", armNames(k.arms, k.versions())
	for i, s := range k.arms {
		name, release := s.release()
		if strategy != "" && name != strategy {
			return nil, usageError{errors.New("the arms are releases of " + strategy + " and of " + name + ": only releases of one strategy can be compared")}
		}
		strategy = name
		if release == stableRelease {
			release = ""
		}
		arms = append(arms, map[string]any{"name": names[i], "release": release, "engine": s.engine(), "isolation": s.isolation, "direct": s.what == directCall})
	}
	body = map[string]any{"strategy": strategy, "arms": arms, "plan": k.planBody()}
	if len(k.command) <= 2000 { // more of it than the server takes
		body["command"] = k.command
	}
	if k.recorded > 0 {
		body["recorded"] = k.recorded
	} else {
		body["inputs"], err = inputsText(k.inputs)
	}
	return body, err
}

// versions are those of the arms that say theirs.
func (k asked) versions() (list []string) {
	for _, s := range k.arms {
		_, release := s.release()
		if !manifest.ValidVersion(release) {
			release = ""
		}
		list = append(list, release)
	}
	return list
}

// inputsText writes inputs as they were read: 1.0 is not 1.
func inputsText(inputs []map[string]any) ([]json.RawMessage, error) {
	list := make([]json.RawMessage, len(inputs))
	for i, in := range inputs {
		text, err := wire.AppendJSON(nil, in)
		if err != nil {
			return nil, err
		}
		list[i] = text
	}
	return list, nil
}

// planBody is the plan in the server's words.
func (k asked) planBody() map[string]any {
	p := k.plan
	all := map[string]any{
		"metric": p.Metric, "hypothesis": p.Hypothesis, "margin": p.Margin, "alpha": p.Alpha, "rounds": p.Rounds, "calls": p.Calls,
		"warm-up": p.WarmUp, "callers": p.Callers, "rate": p.Rate, "open": p.OpenFor.Seconds(), "starts": p.Starts,
		"max-different": p.Different, "ignore": p.Compare.Ignore, "tolerance": p.Compare.Tolerance, "mask": p.Mask,
	}
	member := map[string]string{"warm-up": "warm_up", "open": "open_s", "max-different": "max_different"}
	plan := map[string]any{"seed": p.Seed}
	for flag, value := range all {
		if !k.flags.Changed(flag) {
			continue
		}
		if name, ok := member[flag]; ok {
			flag = name
		}
		plan[flag] = value
	}
	return plan
}

// followComparison starts one and waits for its report.
func (a *app) followComparison(ctx context.Context, cl *client, body map[string]any) (*compare.Report, error) {
	var s runtime.ComparisonStatus
	if err := cl.sendJSON(ctx, http.MethodPost, comparisonsPath, http.Header{}, body, &s); err != nil {
		return nil, err
	}
	path := comparisonsPath + "/" + url.PathEscape(s.ID)
	m := a.measuring()
	defer m.stop()
	err := a.awaitComparison(ctx, cl, path, m)
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx) // the report is what is waited for now, and a second Ctrl-C leaves
		_, _, err = cl.do(ctx, call{method: http.MethodDelete, path: path})
		if err == nil {
			err = a.awaitComparison(ctx, cl, path, m)
		}
	}
	if err != nil {
		return nil, err
	}
	_, text, err := cl.do(ctx, call{method: http.MethodGet, path: path + "/report?format=json"})
	if err != nil {
		return nil, err
	}
	return compare.Decode(text)
}

const comparisonsPath = "/v1/comparisons"

// awaitComparison looks until it is over.
func (a *app) awaitComparison(ctx context.Context, cl *client, path string, m *measuring) error {
	for {
		var s runtime.ComparisonStatus
		if _, err := cl.getJSON(ctx, path, &s); err != nil {
			return err
		}
		switch s.State {
		case runtime.ComparisonDone, runtime.ComparisonCanceled:
			return nil
		case runtime.ComparisonFailed:
			return problem.New(problem.NoReport, "the comparison failed: %s", s.Problem)
		}
		m.show(s.Progress)
		if err := sleep(ctx, lookEvery/2); err != nil {
			return err
		}
	}
}
