package pluginbuild

import (
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// share decides which modules keep their import paths, and pins them to what
// the process has.
func (b *build) share() error {
	b.byPath, b.shared = map[string]*listed{}, map[string]string{}
	for _, p := range b.packages {
		b.byPath[p.ImportPath] = p
	}
	if err := b.shareAsked(); err != nil {
		return err
	}
	for _, p := range b.packages {
		if err := b.shareOne(p); err != nil {
			return err
		}
	}
	if err := b.spread(); err != nil {
		return err
	}
	return b.pin()
}

// copied are the packages that are not shared.
func (b *build) copied() []*listed {
	return slices.DeleteFunc(slices.Clone(b.packages), func(p *listed) bool { return b.isShared(p) })
}

func (b *build) isShared(p *listed) bool { return b.shared[p.Module.Path] != "" }

// shareAsked shares what the author wants to be shared.
func (b *build) shareAsked() error {
	for _, asked := range b.config.Share {
		i := slices.IndexFunc(b.packages, func(p *listed) bool { return p.Module.Path == asked })
		if i < 0 {
			return problem.New(problem.BuildFailed, "the strategy uses no module %s that could be shared", asked).
				Cure("name the path of a module as in go.mod, without a version")
		}
		if err := b.keep(b.packages[i], "as asked"); err != nil {
			return err
		}
	}
	return nil
}

// shareOne shares the module of a package that cannot be copied.
func (b *build) shareOne(p *listed) error {
	why := ""
	if name := b.spelled(p); name != "" {
		why = "its assembly spells out " + name
	} else if p.Module.versioned() {
		why = b.obstacle(p)
	}
	if why == "" {
		return nil
	}
	return b.keep(p, why)
}

// keep marks the module of a package as shared. The first reason stays.
func (b *build) keep(p *listed, why string) error {
	if !p.Module.versioned() || p.Module.Path == contractModule {
		return problem.New(problem.BuildFailed, "package %s can be neither copied (%s) nor shared, as its module has no version", p.ImportPath, why).
			Cure("change the package, or use a version of its module without a replace directive")
	}
	if !b.isShared(p) {
		b.shared[p.Module.Path] = why
		b.changed = true
	}
	return nil
}

// spread shares what shared modules need, and who may not import them under
// another path, until nothing changes.
func (b *build) spread() error {
	for b.changed = true; b.changed; {
		b.changed = false
		for _, p := range b.packages {
			if err := b.spreadFrom(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *build) spreadFrom(p *listed) error {
	for _, name := range p.needs() {
		q := b.byPath[name]
		if q == nil || b.isShared(p) == b.isShared(q) {
			continue
		}
		var err error
		if b.isShared(p) {
			err = b.keep(q, fmt.Sprintf("the shared module %s needs it", p.Module.Path))
		} else if slices.Contains(strings.Split(name, "/"), "internal") {
			err = b.keep(p, "it imports "+name+", which is internal and shared")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// needs are the packages that a package imports or names in go:linkname.
func (p *listed) needs() []string {
	if p.needed != nil {
		return p.needed
	}
	p.needed = slices.Clone(p.Imports)
	for _, f := range p.content {
		mode := modeFor(f.content)
		if path.Ext(f.name) != ".go" || mode == parser.ImportsOnly {
			continue
		}
		if parsed, err := parser.ParseFile(token.NewFileSet(), "", f.content, mode); err == nil {
			for _, l := range linknames(parsed) {
				p.needed = append(p.needed, l.path)
			}
		}
	}
	return p.needed
}

// pin refuses shared packages that the process has in another version.
func (b *build) pin() error {
	if b.host == nil {
		return nil
	}
	for _, p := range b.packages {
		if !b.isShared(p) {
			continue
		}
		err := b.pinTo(p, "the host", problem.NativeDependency, b.host.Build, b.host.Fingerprints)
		for _, l := range b.host.Loaded {
			if err == nil {
				err = b.pinTo(p, l.Owner+", which the host has loaded,", problem.NativeConflict, l.Build, l.Fingerprints)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *build) pinTo(p *listed, owner string, code problem.Code, build *debug.BuildInfo, has map[string]string) error {
	if has[p.ImportPath] == "" {
		return nil
	}
	have := moduleIn(build, p.Module.Path)
	if have == nil || have.Replace == nil && have.Version == p.Module.Version {
		return nil
	}
	cure := fmt.Sprintf("go get %s@%s", p.Module.Path, have.Version)
	if have.Replace != nil || have.Sum == "" {
		cure = "build " + strings.TrimSuffix(owner, ",") + " with a version of the module"
	}
	return problem.New(code, "module %s cannot be copied (%s), and %s has another version of it", p.Module.Path, b.shared[p.Module.Path], owner).
		Want("%s", describe(have)).Got("%s", p.Module.Version).Cure("%s", cure)
}

func moduleIn(build *debug.BuildInfo, path string) *debug.Module {
	if build.Main.Path == path {
		return &build.Main
	}
	for _, m := range build.Deps {
		if m.Path == path {
			return m
		}
	}
	return nil
}

func describe(m *debug.Module) string {
	if m.Replace != nil {
		return m.Version + ", replaced"
	}
	return m.Version
}
