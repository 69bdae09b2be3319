package pluginbuild

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
)

// writeRecipe tells what decides the bytes, all but the import path, which
// follows from it.
func (b *build) writeRecipe() *nativeplugin.Recipe {
	r := &nativeplugin.Recipe{
		Strategy: b.config.Strategy,
		Version:  b.config.Version,
		Main:     b.main.ImportPath,
		Go:       b.goVersion(),
		Flags:    b.flags.build,
		Env:      b.flags.env,
		Packages: []string{},
		Modules:  []nativeplugin.RecipeModule{},
		Sources:  b.sources(),
		Contract: b.contract.digest,
	}
	for _, p := range b.copied() {
		r.Packages = append(r.Packages, p.ImportPath)
	}
	slices.Sort(r.Packages)
	for _, m := range modulesOf(b.packages) {
		if one, ok := b.ingredient(m); ok {
			r.Modules = append(r.Modules, one)
		}
	}
	if v := b.hostVersion(); v != "" {
		r.Modules = append(r.Modules, nativeplugin.RecipeModule{Path: contractModule, Version: v, Sum: b.contract.module.Sum, Shared: contractShared})
	}
	return r
}

// ingredient describes a module by what its content follows from. A module in
// a folder of the author's is not described: its files are in the digest.
func (b *build) ingredient(m *listedModule) (nativeplugin.RecipeModule, bool) {
	one := nativeplugin.RecipeModule{Path: m.Path, Version: m.Version, Sum: m.Sum, Shared: b.shared[m.Path]}
	if m.Replace != nil {
		one.Path, one.Version, one.Sum = m.Replace.Path, m.Replace.Version, m.Replace.Sum
	}
	return one, one.Version != ""
}

// like is a plugin that shall be built again.
type like struct {
	recipe *nativeplugin.Recipe
	bytes  []byte
}

func readLike(file string) (*like, error) {
	recipe, err := nativeplugin.RecipeOf(file)
	if err != nil {
		return nil, err
	}
	if recipe == nil {
		return nil, problem.New(problem.BuildFailed, "%s holds no recipe", filepath.Base(file)).
			Cure("only what swapline build made can be built again")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, problem.New(problem.BuildFailed, "%w", err)
	}
	return &like{recipe, content}, nil
}

// matchesRecipe compares what is about to be built with what shall be built
// again: the first thing that differs explains the rest.
func (b *build) matchesRecipe() error {
	if b.like == nil {
		return nil
	}
	want, have := b.like.recipe, b.recipe
	for _, c := range []struct{ what, want, have, cure string }{
		{"the release", want.Strategy + " " + want.Version, have.Strategy + " " + have.Version, "check out the sources that the plugin was built from"},
		{"the contract", want.Contract, have.Contract, "build with the contract that the plugin was built with"},
		{"the packages", strings.Join(want.Packages, " "), strings.Join(have.Packages, " "), "check out the sources that the plugin was built from"},
		{"the modules", moduleText(want), moduleText(have), "use the plugin's versions in go.mod"},
		{"the sources", want.Sources, have.Sources, "check out the sources that the plugin was built from"},
		{"the import path", want.ImportPath, have.ImportPath, "use the release of swapline that built the plugin"},
	} {
		if c.want != c.have {
			return problem.New(problem.BuildFailed, "the plugin cannot be built again: %s differs", c.what).
				Want("%s", c.want).Got("%s", c.have).Cure("%s", c.cure)
		}
	}
	return nil
}

func moduleText(r *nativeplugin.Recipe) string {
	var list []string
	for _, m := range r.Modules {
		list = append(list, m.String())
	}
	return strings.Join(list, ", ")
}

// reproduced compares the bytes.
func (b *build) reproduced(built []byte) error {
	if bytes.Equal(built, b.like.bytes) {
		return nil
	}
	cure := "use the C compiler and linker that built the plugin"
	if !slices.Contains(b.flags.build, "-trimpath") {
		cure = "build host and plugin with -trimpath: without it they hold the names of folders"
	}
	return problem.New(problem.BuildFailed, "the recipe and the sources are those of the plugin, the bytes are not").Cure("%s", cure)
}
