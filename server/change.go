package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// maxReason bounds the text that goes into the journal, in bytes.
const maxReason = 500

// act is what Switch and Rollback have in common.
type act = func(*runtime.Runtime, context.Context, runtime.Change) (runtime.Outcome, error)

// change handles switch and rollback: {"release": "...", "reason": "..."}.
func (a *api) change(do act) echo.HandlerFunc {
	return func(c echo.Context) error {
		name, err := strategyName(c)
		if err != nil {
			return err
		}
		ch, err := a.changeOf(c, name)
		if err != nil {
			return a.refuseChange(c, name, err)
		}
		out, err := do(a.Runtime, c.Request().Context(), ch)
		if err != nil {
			return a.refuseChange(c, name, err)
		}
		c.Response().Header().Set("ETag", etag(out.Generation))
		return c.JSON(http.StatusOK, out)
	}
}

func (a *api) changeOf(c echo.Context, name string) (runtime.Change, error) {
	generation, err := a.requireGeneration(c, name)
	if err != nil {
		return runtime.Change{}, err
	}
	body, err := a.object(c)
	if err != nil {
		return runtime.Change{}, err
	}
	ch := runtime.Change{Strategy: name, IfGeneration: generation, Actor: actor(c)}
	if ch.Release, err = text(body, "release", 80); err != nil {
		return ch, err
	}
	if ch.Reason, err = text(body, "reason", maxReason); err != nil {
		return ch, err
	}
	return ch, onlyKeys(body, "release", "reason")
}

// refuseChange adds the current ETag to a refusal of a known strategy.
func (a *api) refuseChange(c echo.Context, name string, err error) error {
	if code := problem.CodeOf(err); code == problem.StaleGeneration || code == problem.IfMatchRequired {
		a.tellGeneration(c, name)
	}
	return err
}

// text reads an optional string of at most limit bytes.
func text(body map[string]any, key string, limit int) (string, error) {
	v, given := body[key]
	s, ok := v.(string)
	if given && !ok {
		return "", problem.New(problem.BadRequest, "%s must be a string", key).At("/" + key)
	}
	if len(s) > limit {
		return "", problem.New(problem.BadRequest, "%s is too long", key).At("/"+key).
			Want("at most %d bytes", limit).Got("%d bytes", len(s))
	}
	return s, nil
}

// onlyKeys refuses keys that mean nothing here: a misspelt "reason" must not be
// lost silently.
func onlyKeys(body map[string]any, known ...string) error {
	for k := range body {
		if !slices.Contains(known, k) {
			return problem.New(problem.BadRequest, "the body has an unknown key %.80q", k).Want("only %q", known)
		}
	}
	return nil
}
