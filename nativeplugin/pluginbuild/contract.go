package pluginbuild

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/swapline/swapline"
	"github.com/swapline/swapline/runtime/problem"
)

// contract is the contract as the strategy's module sees it.
type contract struct {
	module *listedModule
	dir    string // of the sources, above abi
	digest string
}

// findContract finds all sources of the contract where a vendor folder has only
// the packages that the strategy imports.
func (b *build) findContract(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(b.contract.dir, "abi", "wire")); err == nil {
		return nil
	}
	out, err := b.runGo(ctx, b.config.Dir, nil, "list", "-mod=mod", "-m", "-f={{.Dir}}", contractModule)
	if err != nil {
		return err
	}
	b.contract.dir = strings.TrimSpace(string(out))
	return nil
}

// checkContract refuses a contract that the host would refuse, before anything
// is compiled.
func (b *build) checkContract() error {
	c := &b.contract
	var err error
	if c.digest, err = swapline.ContractDigest(os.DirFS(c.dir)); err != nil {
		return problem.New(problem.BuildFailed, "the sources of %s cannot be read: %w", contractModule, err)
	}
	switch host := b.hostVersion(); {
	case b.host == nil:
	case host != "" && c.module.Version != host:
		return problem.New(problem.NativeDependency, "strategy and host use different versions of %s", contractModule).
			Want("%s", host).Got("%s", c.module.Version).
			Cure("go get %s@%s", contractModule, host)
	case host == "" && b.host.Contract != "" && c.digest != b.host.Contract:
		return problem.New(problem.NativeDependency, "the sources of %s in %s are not those that the host was built from", contractModule, c.dir).
			Want("%s", b.host.Contract).Got("%s", c.digest).
			Cure("%s", b.contractCure())
	}
	return nil
}

func (b *build) contractCure() string {
	if revision := setting(b.host.Build, "vcs.revision"); revision != "" {
		return "git checkout " + revision + " there, or rebuild the host from it"
	}
	return "check out what the host was built from, or rebuild the host from it"
}

// hostVersion is the version of the host's module when it came out of the
// module cache, "" when it was built from a checkout.
func (b *build) hostVersion() string {
	if b.like != nil {
		for _, m := range b.like.recipe.Modules {
			if m.Path == contractModule && m.Shared == contractShared {
				return m.Version
			}
		}
		return ""
	}
	if main := b.host.Build.Main; main.Path == contractModule && main.Sum != "" {
		return main.Version
	}
	for _, d := range b.host.Build.Deps {
		if d.Path == contractModule && d.Replace == nil && d.Sum != "" {
			return d.Version
		}
	}
	return ""
}

// contractShared is why a contract of a version is not copied.
const contractShared = "the contract"
