package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/swapline/swapline/runtime"
)

func (a *api) policy(c echo.Context) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	p, err := a.Runtime.Rollouts.Policy(c.Request().Context(), name)
	if err != nil {
		return err
	}
	return answerPolicy(c, p)
}

// setPolicy takes the body, a whole policy, as the operator's.
func (a *api) setPolicy(c echo.Context) error {
	return a.changePolicy(c, func(ch *runtime.PolicyChange) (err error) {
		ch.Policy, err = a.object(c)
		return err
	})
}

// deletePolicy takes the operator's away.
func (a *api) deletePolicy(c echo.Context) error {
	return a.changePolicy(c, func(*runtime.PolicyChange) error { return nil })
}

func (a *api) changePolicy(c echo.Context, read func(*runtime.PolicyChange) error) error {
	name, err := strategyName(c)
	if err != nil {
		return err
	}
	ch := runtime.PolicyChange{Strategy: name, Actor: actor(c)}
	if ch.IfRevision, err = basisOf(c, basis{address: "/v1/strategies/" + name + "/rollout-policy", first: "a policy that no operator has changed"}); err == nil {
		err = read(&ch)
	}
	if err != nil {
		return a.refusePolicy(c, name, err)
	}
	p, err := a.Runtime.Rollouts.SetPolicy(c.Request().Context(), ch)
	if err != nil {
		return a.refusePolicy(c, name, err)
	}
	return answerPolicy(c, p)
}

// refusePolicy adds the current ETag to a refusal of a known strategy.
func (a *api) refusePolicy(c echo.Context, name string, err error) error {
	if outdated(err) {
		if p, err := a.Runtime.Rollouts.Policy(c.Request().Context(), name); err == nil {
			c.Response().Header().Set("ETag", etag(p.Revision))
		}
	}
	return err
}

func answerPolicy(c echo.Context, p runtime.StrategyPolicy) error {
	c.Response().Header().Set("ETag", etag(p.Revision))
	return c.JSON(http.StatusOK, p)
}
