package nativeplugin

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// contractModule is the module that host and plugin share the contract of.
const contractModule = "github.com/swapline/swapline"

func isContract(pkg string) bool {
	return pkg == contractModule+"/abi" || pkg == contractModule+"/abi/wire"
}

// compareModules holds shared packages to sources that are known to be equal:
// modules with a version and a checksum, or the contract with a digest. A
// fingerprint covers what other packages see of one, not its variables and the
// bodies of its functions.
func (c *comparison) compareModules() []Difference {
	var list []Difference
	lines := map[string]int{}
	for _, pkg := range c.shared {
		owner := c.fingerprints[pkg].owner
		d, differs := c.compareSources(pkg, moduleOf(owner.info, pkg), moduleOf(c.plugin.info, pkg))
		if !differs {
			continue
		}
		if owner.name != hostName {
			d.Host += " in " + owner.name
		}
		_, foreign := c.foreign[pkg]
		d.Severity, d.Code = failsIf(foreign), problem.NativeDependency
		at, known := lines[d.What+d.Host]
		if !known {
			lines[d.What+d.Host] = len(list)
			list = append(list, d)
		} else if foreign {
			list[at].Severity = Fails
		}
	}
	return list
}

// compareSources compares where the process and the plugin have a package from.
func (c *comparison) compareSources(pkg string, have, m *debug.Module) (Difference, bool) {
	ours := strings.HasPrefix(pkg, contractModule+"/")
	switch {
	case have == nil && m == nil && standard(pkg):
		return Difference{}, false
	case versioned(have) && versioned(m):
		return Difference{
			What: "module " + m.Path, Host: describe(have), Plugin: describe(m),
			Cure: fmt.Sprintf("go get %s@%s, then %s", have.Path, have.Version, cureBuild),
		}, *have != *m
	case isContract(pkg):
		return c.compareContract()
	case ours:
		return Difference{
			What: "package " + pkg, Host: "part of the host", Plugin: "built into the plugin",
			Cure: cureBuild + ": a plugin shares only the contract with its host",
		}, true
	}
	return unversioned(pkg, have, m), true
}

// unversioned tells of a package whose content does not follow from a version
// on both sides.
func unversioned(pkg string, have, m *debug.Module) Difference {
	d := Difference{What: "package " + pkg, Host: describe(have), Plugin: describe(m), Cure: cureBuild + ", which gives unversioned packages a path of their own"}
	switch {
	case m != nil && m.Replace != nil:
		d.What, d.Cure = "module "+m.Path, "go mod edit -dropreplace="+m.Path+", then "+cureBuild
	case m != nil && versioned(have):
		d.What, d.Cure = "module "+m.Path, fmt.Sprintf("go get %s@%s, not a checkout or a vendor folder, then %s", m.Path, have.Version, cureBuild)
	case m != nil:
		d.What = "module " + m.Path
	}
	return d
}

// compareContract accepts a contract without a version if builder and host have
// the same sources of it. What a recipe says is as good as its builder: this
// keeps from accidents, not from lies.
func (c *comparison) compareContract() (Difference, bool) {
	d := Difference{What: "contract (abi, abi/wire)", Host: orUnknown(c.profile.Contract), Plugin: orUnknown(""),
		Cure: cureBuild + ", from a checkout with the contract of the host"}
	if c.plugin.recipe == nil {
		d.Cure = cureBuild + ", which records what the contract was built from"
		return d, true
	}
	d.Plugin = orUnknown(c.plugin.recipe.Contract)
	return d, c.profile.Contract == "" || c.profile.Contract != c.plugin.recipe.Contract
}

func orUnknown(digest string) string {
	if digest == "" {
		return "no version and no digest"
	}
	return digest
}

// versioned reports whether a module's content follows from what is known of it.
func versioned(m *debug.Module) bool { return m != nil && m.Replace == nil && m.Sum != "" }

// standard reports whether a package may be one of the standard library: no dot
// in its first element.
func standard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".")
}

func describe(m *debug.Module) string {
	if m == nil {
		return "no module"
	}
	s := strings.TrimSpace(m.Version + " " + m.Sum)
	if m.Sum == "" {
		s = strings.TrimSpace(m.Version + " without checksum")
	}
	if m.Replace != nil {
		s += " => " + strings.TrimSpace(m.Replace.Path+" "+m.Replace.Version)
	}
	return s
}

// moduleOf finds the module of a package by the longest matching path; nil for
// the standard library.
func moduleOf(info *debug.BuildInfo, pkg string) *debug.Module {
	var best *debug.Module
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		inModule := pkg == m.Path || strings.HasPrefix(pkg, m.Path+"/")
		if m.Path != "" && inModule && (best == nil || len(m.Path) > len(best.Path)) {
			best = m
		}
	}
	return best
}
