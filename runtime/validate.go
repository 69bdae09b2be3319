package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// rigour says which checks a way into the slot leaves out, and why it may.
type rigour struct {
	// baseline: Rollback and a withdrawal are exempt, the release was accepted
	// before.
	baseline bool
	// renew: it is to become the new baseline.
	renew bool
	// own: a restart does not ask the strategy for its dependencies.
	own bool
}

// check is one named question to a loaded release; its first result says what
// was found good.
type check struct {
	name string
	ask  func(context.Context) (string, error)
}

// validate asks every question in order. The first no refuses the release.
func (p *pipeline) validate(ctx context.Context, l loaded, want rigour) (validated, error) {
	checks := []check{
		{"abi_version", func(context.Context) (string, error) { return l.checkABI() }},
		{"method_set", func(context.Context) (string, error) { return l.checkMethods() }},
	}
	if want.baseline {
		checks = append(checks, check{"baseline", func(context.Context) (string, error) { return l.checkBaseline(p.route, want.renew) }})
	}
	if want.own {
		checks = append(checks, check{"validate", l.checkOwn})
	}
	checks = append(checks, check{"golden_cases", func(ctx context.Context) (string, error) { return p.golden(ctx, l.release) }})
	if p.rebinds(l.release) {
		checks = append(checks, check{"rebind", func(ctx context.Context) (string, error) { return p.rebind(ctx, l.release) }})
	}
	for _, c := range checks {
		if err := p.step(ctx, c.name, c.ask); err != nil {
			return validated{}, err
		}
	}
	return validated(l), nil
}

func (rel *release) checkABI() (string, error) {
	got, want := rel.instance.ABIVersion(), abi.Version
	if got != want || rel.manifest.ABIVersion != int64(want) {
		return "", problem.New(problem.ABIVersionMismatch, "%s speaks another contract version than this host", rel.label()).
			Want("%d", want).Got("%d in the artifact, %d in the manifest", got, rel.manifest.ABIVersion).
			Cure("build the release against this host's version of package abi")
	}
	return fmt.Sprint(got), nil
}

// checkMethods also keeps what the instance tells of itself: once is enough, and
// here a driver may panic.
func (rel *release) checkMethods() (string, error) {
	rel.methods, rel.signatures = rel.instance.Methods(), driver.SignaturesOf(rel.instance)
	got, want := rel.methods, slices.Sorted(slices.Values(rel.manifest.Methods))
	if !slices.Equal(got, want) {
		return "", problem.New(problem.MethodSetMismatch, "%s does not have the methods that its manifest states", rel.label()).At("/methods").
			Want("%s", listed(want)).Got("%s", listed(got)).Cure("sign the manifest of the artifact that was built")
	}
	return listed(got), nil
}

func listed(methods []string) string {
	if len(methods) == 0 {
		return "none"
	}
	return strings.Join(methods, ", ")
}

// checkOwn runs the strategy's own Validate, with a panic of the driver
// recovered.
func (rel *release) checkOwn(ctx context.Context) (detail string, err error) {
	if !slices.Contains(rel.instance.Methods(), abi.MethodValidate) {
		return "the strategy has none", nil
	}
	defer func() {
		if p := recover(); p != nil {
			detail, err = "", rel.invalid(driver.PanicFault(p))
		}
	}()
	if err := rel.instance.Validate(ctx); err != nil {
		return "", rel.invalid(err)
	}
	return "the strategy agrees", nil
}

func (rel *release) invalid(err error) error {
	if problem.CodeOf(err) == problem.Canceled {
		return err
	}
	return problem.New(problem.ValidateFailed, "%s would not work: its own Validate says %w", rel.label(), err).
		Cure("correct the config or make the dependency reachable, then deploy again")
}

// checkGolden runs the manifest's golden cases. They leave no trace outside of
// the strategy.
func (rel *release) checkGolden(ctx context.Context) (string, error) {
	ctx = capability.Rehearsal(ctx)
	for i, c := range rel.manifest.Golden {
		if err := rel.golden(ctx, c); err != nil {
			return "", err.At(fmt.Sprintf("/golden/%d", i))
		}
	}
	return fmt.Sprintf("%d cases", len(rel.manifest.Golden)), nil
}

func (rel *release) golden(ctx context.Context, c manifest.GoldenCase) *problem.Error {
	wrong := problem.New(problem.GoldenCaseFailed, "golden case %q of %s got another answer", c.Name, rel.label()).
		Want("%s", shown(c.Output)).Cure("correct the strategy, or the case if the new answer is right")
	if c.Rejected != "" {
		wrong = wrong.Want("business error %s", c.Rejected)
	}
	attempt := &call{in: c.Input}
	err := rel.rehearse(ctx, attempt, new(Response))
	var business *abi.Error
	switch {
	case errors.As(err, &business):
		if c.Rejected == "" || c.Rejected != business.Code {
			return wrong.Got("business error %s", business.Code)
		}
	case err != nil:
		wrong = wrong.Got("%v", err)
		wrong.Cause = err
		return wrong
	case c.Rejected != "" || !wire.Equal(attempt.out, orEmpty(c.Output)):
		return wrong.Got("%s", shown(attempt.out))
	}
	return nil
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// shown is a value as JSON, cut to what fits into a message.
func shown(m map[string]any) string {
	const room = 400
	text, err := wire.AppendJSON(nil, orEmpty(m))
	if err != nil {
		return err.Error()
	}
	if len(text) > room {
		return strings.ToValidUTF8(string(text[:room]), "") + "…"
	}
	return string(text)
}
