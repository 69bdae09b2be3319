package runtime

import (
	"context"
	"errors"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rebind"
	"github.com/swapline/swapline/runtime/store"
)

// rebinds reports whether there is something to check: the release, or the one
// that its strategy serves, exposes points or supplies values.
func (p *pipeline) rebinds(rel *release) bool {
	in, ok := rel.instance.(driver.Rebinding)
	return ok && in.Rebinds() || p.rt.points.Knows(p.name)
}

// rebind checks what the release exposes and supplies. Until the change has
// ended no other one can change points, so publish cannot fail.
func (p *pipeline) rebind(ctx context.Context, rel *release) (string, error) {
	claims, err := rel.claim(ctx)
	if err != nil {
		return "", err
	}
	admission, err := p.rt.points.Admit(ctx, rebind.Release{
		Strategy: p.name, Version: rel.info.Version, Points: claims.Points, Bindings: claims.Bindings,
	}, p.rebindRigour())
	if err != nil {
		return "", err
	}
	p.undo = append(p.undo, func(bool) error { admission.End(); return nil })
	rel.points = admission
	for _, unbound := range admission.Unbound() {
		p.rt.cfg.Log.WarnContext(ctx, "a point does not get its value", "strategy", p.name, "action", p.action, "error", unbound)
	}
	return admission.Summary(), nil
}

// claim asks the strategy once.
func (rel *release) claim(ctx context.Context) (driver.Claims, error) {
	in, ok := rel.instance.(driver.Rebinding)
	if !ok {
		return driver.Claims{}, nil
	}
	if rel.claims == nil {
		claims, err := in.Claims(ctx)
		if err != nil {
			return driver.Claims{}, err
		}
		rel.claims = &claims
	}
	return *rel.claims, nil
}

// golden runs the golden cases. A release whose build serves already shares its
// variables, and if others have bound them a wrong answer may come of that. What
// goes back was right when it was accepted and is not held up by it.
func (p *pipeline) golden(ctx context.Context, rel *release) (string, error) {
	detail, err := rel.checkGolden(ctx)
	var wrong *problem.Error
	if !errors.As(err, &wrong) || wrong.Code != problem.GoldenCaseFailed {
		return detail, err
	}
	claims, failed := rel.claim(ctx)
	if failed != nil {
		return detail, err
	}
	point, by := p.rt.points.Bound(claims.Points)
	switch {
	case by == "":
		return detail, err
	case p.rebindRigour() == rebind.Deploy:
		return detail, wrong.Cure("%s; or, as its build serves already and %s has bound %s, build it anew or roll that one back", wrong.Remedy, by, point)
	}
	p.rt.cfg.Log.WarnContext(ctx, "golden cases were not judged", "strategy", p.name, "point", point, "bound_by", by, "error", err)
	return "not judged: " + by + " has bound " + point, nil
}

// rebindRigour is how strict the check is. What goes back is exempt from what
// others need, a withdrawal, which nobody asked for, from what the release itself
// needs as well, and a restart from the order in which releases come back.
func (p *pipeline) rebindRigour() rebind.Rigour {
	switch p.action {
	case store.ActionDeploy, store.ActionSwitch, actionDryRun, actionHold:
		return rebind.Deploy
	case store.ActionRollback:
		return rebind.Rollback
	}
	return rebind.Restart
}
