package runtime

import (
	"context"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// grant compares what a release asks for with what the policy of today allows. A
// release that was accepted under another policy does not come back with more.
func (p *pipeline) grant(ctx context.Context, m *manifest.Manifest) (g *capability.Grant, err error) {
	err = p.step(ctx, "grant", func(context.Context) (string, error) {
		if err := p.rt.cfg.allowsEngine(m.Engine); err != nil {
			return "", err
		}
		r := p.rt.cfg.Policy.Capabilities(m.Name)
		rule := capability.Rule{Allow: r.Allow, HTTPHosts: r.HTTPHosts, PlainHTTP: r.PlainHTTP}
		if g, err = p.rt.cfg.Capabilities.Grant(m, rule); err != nil {
			return "", err
		}
		return listed(g.Words()), nil
	})
	return g, err
}

// allowsEngine judges the engine that a manifest names.
func (c Config) allowsEngine(name string) error {
	allowed := c.Policy.Engines()
	if allowed == nil {
		allowed = c.Engines
	}
	if name == "" || slices.Contains(allowed, name) {
		return nil
	}
	return problem.New(problem.EngineDenied, "the operator does not allow the engine %q", name).At("/engine").
		Want("no engine, or one of %s", strings.Join(allowed, ", ")).Got("%s", name).
		Cure("leave engine out of strategy.json; or the operator adds %q to engines of the trust policy", name)
}
