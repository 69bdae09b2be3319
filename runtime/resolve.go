package runtime

import (
	"fmt"
	"strings"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// minPrefix is the fewest hex digits that may stand for a digest.
const minPrefix = 8

// pick finds the one release that name means: a payload digest with or without
// "sha256:", at least eight of its first hex digits, or a version. A whole
// digest wins over a prefix, a version over a prefix that reads the same.
func pick(strategy string, releases []store.Release, name string) (store.Release, error) {
	for _, means := range []func(store.Release) bool{
		func(r store.Release) bool { return name == string(r.Digest) || name == r.Digest.Hex() },
		func(r store.Release) bool { return name == r.Version },
		func(r store.Release) bool { return isPrefix(name, r.Digest) },
	} {
		var found []store.Release
		for _, r := range releases {
			if means(r) {
				found = append(found, r)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return store.Release{}, ambiguous(strategy, name, found)
		}
	}
	return store.Release{}, problem.New(problem.UnknownRelease, "strategy %s has no release %q", strategy, name).
		Cure("list its releases and name one by digest, by %d or more of the digest's first digits, or by version", minPrefix)
}

func isPrefix(name string, d manifest.Digest) bool {
	digits := strings.TrimPrefix(name, "sha256:")
	return len(digits) >= minPrefix && strings.HasPrefix(d.Hex(), digits)
}

func ambiguous(strategy, name string, found []store.Release) error {
	names := make([]string, len(found))
	for i, r := range found {
		names[i] = fmt.Sprintf("%s (%s %s, sequence %d)", r.Digest.Short(), r.Version, r.Kind, r.Sequence)
	}
	return problem.New(problem.AmbiguousRelease, "%q means %d releases of %s", name, len(found), strategy).
		Want("one release").Got("%s", strings.Join(names, "; ")).Cure("name the release by the digits of its digest")
}
