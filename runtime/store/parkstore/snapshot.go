package parkstore

import (
	"context"
	"math"
	"slices"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// reader is the part of a store that changes nothing.
type reader interface {
	Artifact(ctx context.Context, digest manifest.Digest) (store.Artifact, error)
	Release(ctx context.Context, strategy string, digest manifest.Digest) (store.Release, error)
	Releases(ctx context.Context, strategy string) ([]store.Release, error)
	Strategies(ctx context.Context) ([]string, error)
	Route(ctx context.Context, strategy string) (store.Route, error)
	Routes(ctx context.Context) ([]store.Route, error)
	Changes(ctx context.Context, strategy string, through uint64, limit int) ([]store.Change, error)
	Rollout(ctx context.Context, strategy string, id uint64) (store.Rollout, error)
	Rollouts(ctx context.Context, strategy string, limit int) ([]store.Rollout, error)
	Decisions(ctx context.Context, strategy string, id, after uint64, limit int) ([]store.Decision, error)
	Final(ctx context.Context, strategy string, digest manifest.Digest) (uint64, error)
	RolloutPolicy(ctx context.Context, strategy string) (store.RolloutPolicy, error)
	RolloutPolicies(ctx context.Context) ([]store.RolloutPolicy, error)
	Comparisons(ctx context.Context) ([]store.Comparison, error)
	ComparisonReport(ctx context.Context, number uint64) ([]byte, error)
	Policy(ctx context.Context) ([]byte, error)
}

// answer is what the store said to one question, refusals included: a damaged
// record is reported from memory as it was from the disk.
type answer[T any] struct {
	value T
	err   error
}

// snapshot is everything that can be read. It is immutable.
type snapshot struct {
	strategies []string
	routes     answer[[]store.Route]
	policy     answer[[]byte]
	route      map[string]answer[store.Route]
	releases   map[string]answer[[]store.Release]
	changes    map[string]answer[[]store.Change]
	artifacts  map[manifest.Digest]answer[store.Artifact]
	past
	compared
}

// take copies what s holds.
func take(ctx context.Context, s reader) (*snapshot, error) {
	names, err := s.Strategies(ctx)
	if err != nil {
		return nil, err
	}
	c := &snapshot{strategies: names, route: map[string]answer[store.Route]{}, releases: map[string]answer[[]store.Release]{},
		changes: map[string]answer[[]store.Change]{}, artifacts: map[manifest.Digest]answer[store.Artifact]{}, past: newPast()}
	c.routes.value, c.routes.err = s.Routes(ctx)
	c.policy.value, c.policy.err = s.Policy(ctx)
	for _, name := range names {
		c.add(ctx, s, name)
	}
	c.addPolicies(ctx, s, names)
	c.addComparisons(ctx, s)
	return c, ctx.Err()
}

func (c *snapshot) add(ctx context.Context, s reader, name string) {
	var route answer[store.Route]
	route.value, route.err = s.Route(ctx, name)
	var changes answer[[]store.Change]
	changes.value, changes.err = s.Changes(ctx, name, store.Newest, math.MaxInt)
	var releases answer[[]store.Release]
	releases.value, releases.err = s.Releases(ctx, name)
	c.route[name], c.changes[name], c.releases[name] = route, changes, releases
	c.addRollouts(ctx, s, name, route.value.Rollout)
	for _, r := range releases.value {
		c.addFinal(ctx, s, name, r.Digest)
		if _, ok := c.artifacts[r.Artifact]; ok {
			continue
		}
		var a answer[store.Artifact]
		a.value, a.err = s.Artifact(ctx, r.Artifact)
		c.artifacts[r.Artifact] = a
	}
}

// Artifact knows the artifacts that a release refers to.
func (c *snapshot) Artifact(_ context.Context, digest manifest.Digest) (store.Artifact, error) {
	a, ok := c.artifacts[digest]
	if !ok {
		return store.Artifact{}, problem.New(problem.ArtifactMissing, "artifact %s is not in the store", digest.Short()).Cure("upload the release again")
	}
	return a.value, a.err
}

func (c *snapshot) Release(_ context.Context, strategy string, digest manifest.Digest) (store.Release, error) {
	all := c.releases[strategy]
	if all.err != nil {
		return store.Release{}, all.err
	}
	for _, r := range all.value {
		if r.Digest == digest {
			return own(r), nil
		}
	}
	return store.Release{}, problem.New(problem.UnknownRelease, "strategy %s has no release %s", strategy, digest.Short()).Cure("list its releases")
}

func (c *snapshot) Releases(_ context.Context, strategy string) ([]store.Release, error) {
	var list []store.Release
	for _, r := range c.releases[strategy].value {
		list = append(list, own(r))
	}
	return list, c.releases[strategy].err
}

func (c *snapshot) Strategies(context.Context) ([]string, error) {
	return slices.Clone(c.strategies), nil
}

func (c *snapshot) Route(_ context.Context, strategy string) (store.Route, error) {
	a, ok := c.route[strategy]
	if !ok {
		return store.Route{}, problem.New(problem.UnknownStrategy, "nothing was ever activated as %q", strategy)
	}
	a.value.Methods = slices.Clone(a.value.Methods)
	return a.value, a.err
}

func (c *snapshot) Routes(context.Context) ([]store.Route, error) {
	list := slices.Clone(c.routes.value)
	for i := range list {
		list[i].Methods = slices.Clone(list[i].Methods)
	}
	return list, c.routes.err
}

func (c *snapshot) Changes(_ context.Context, strategy string, through uint64, limit int) ([]store.Change, error) {
	var list []store.Change
	for _, e := range c.changes[strategy].value {
		if e.Generation <= through && len(list) < limit {
			list = append(list, e)
		}
	}
	return list, c.changes[strategy].err
}

func (c *snapshot) Policy(context.Context) ([]byte, error) {
	return slices.Clone(c.policy.value), c.policy.err
}

// own copies what a caller might change.
func own(r store.Release) store.Release {
	r.Envelope = slices.Clone(r.Envelope)
	return r
}

var (
	_ reader = (*snapshot)(nil)
	_ reader = store.Store(nil)
)
