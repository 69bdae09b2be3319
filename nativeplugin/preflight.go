package nativeplugin

import (
	"fmt"
	"maps"
	"slices"

	"github.com/swapline/swapline/runtime/problem"
)

// comparison is one plugin beside all that its process has loaded.
type comparison struct {
	*resident
	plugin  *image
	shared  []string           // packages that both have, sorted
	foreign map[string]*member // those of them whose fingerprints differ -> whose is in the process
}

// preflight predicts whether the process could open the plugin and whether it
// should. It opens nothing.
func (r *resident) preflight(p *image) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &comparison{resident: r, plugin: p, foreign: map[string]*member{}}
	for _, pkg := range slices.Sorted(maps.Keys(p.fingerprints)) {
		have, ok := r.fingerprints[pkg]
		if !ok {
			continue
		}
		c.shared = append(c.shared, pkg)
		if have.value != p.fingerprints[pkg] {
			c.foreign[pkg] = have.owner
		}
	}
	return c.report()
}

func (c *comparison) report() Report {
	p := c.plugin
	report := Report{
		Path:        p.path,
		GoVersion:   p.info.GoVersion,
		ImportPath:  p.info.Path,
		Packages:    len(p.fingerprints),
		Shared:      len(c.shared),
		Libraries:   p.libraries,
		Modules:     []string{},
		Differences: []Difference{},
	}
	for _, l := range c.profile.Loaded {
		report.Loaded = append(report.Loaded, l.Owner)
	}
	for _, d := range p.info.Deps {
		report.Modules = append(report.Modules, d.Path+"@"+d.Version)
	}
	for _, compare := range []func() []Difference{
		c.compareFile, c.compareLibraries, c.compareCLibrary, c.compareBuild, c.comparePath, c.compareModules, c.compareFingerprints, c.compareData,
	} {
		report.Differences = append(report.Differences, compare()...)
	}
	return report
}

// failsIf is the severity of what stands in the way of plugin.Open, or else is
// refused by this package alone.
func failsIf(fails bool) Severity {
	if fails {
		return Fails
	}
	return Dangerous
}

// foreignToHost reports whether a package has another fingerprint in the host:
// the mark that a flag which differs leaves behind.
func (c *comparison) foreignToHost() bool {
	for _, owner := range c.foreign {
		if owner.name == hostName {
			return true
		}
	}
	return false
}

// comparePath predicts what package plugin calls already loaded, and what it
// cannot find because the linker was told another path than the compiler.
func (c *comparison) comparePath() []Difference {
	path, own := c.plugin.pluginPath()
	if !own && c.plugin.mode() == modePlugin {
		return []Difference{{
			What: "plugin path", Host: c.plugin.info.Path, Plugin: "another one, by -ldflags=-pluginpath",
			Severity: failsIf(c.plugin.hasConstructor()), Code: problem.NativeConflict,
			Cure: "build without -pluginpath; swapline build gives every release an import path of its own",
		}}
	}
	owner, ok := c.plugins[path]
	if !ok {
		return nil
	}
	return []Difference{{
		What: "import path " + path, Host: "loaded from " + owner.name, Plugin: "another build of the same path",
		Severity: Fails, Code: problem.NativeConflict,
		Cure: cureBuild + "; or renew the process: swapline renew",
	}}
}

// compareFingerprints predicts plugin.Open's "different version of package".
func (c *comparison) compareFingerprints() []Difference {
	var list []Difference
	for _, pkg := range slices.Sorted(maps.Keys(c.foreign)) {
		d := Difference{
			What: "package " + pkg, Host: c.fingerprints[pkg].value, Plugin: c.plugin.fingerprints[pkg],
			Severity: Fails, Code: problem.NativeDependency, Cure: cureBuild,
		}
		if owner := c.foreign[pkg]; owner.name != hostName {
			d.Host += " in " + owner.name
			d.Cure += ", which keeps the packages of releases apart; or renew the process: swapline renew"
			d.Code = problem.NativeConflict
		}
		list = append(list, d)
	}
	return list
}

// ofTheLinker reports whether the linker makes a variable for each file anew, and
// each file uses its own or may use any.
func ofTheLinker(name string) bool {
	switch name {
	case "go:buildinfo", "runtime.islibrary", "runtime.defaultGOROOT.str", "runtime.modinfo.str":
		return true
	}
	return false
}

// compareData finds variables of different size under one name: the loader
// gives both the memory of the first one, and the larger would overlap its
// neighbours there.
func (c *comparison) compareData() []Difference {
	var list []Difference
	for _, name := range slices.Sorted(maps.Keys(c.plugin.data)) {
		have, ok := c.data[name]
		size := c.plugin.data[name]
		if !ok || have.value == size || ofTheLinker(name) {
			continue
		}
		d := Difference{
			What: "size of " + name, Host: fmt.Sprintf("%d bytes", have.value), Plugin: fmt.Sprintf("%d bytes", size),
			Severity: Dangerous, Code: problem.NativeLayout, Cure: cureBuild + ", from the sources that the host has of the package",
		}
		if have.owner.name != hostName {
			d.Host += " in " + have.owner.name
		}
		list = append(list, d)
	}
	return list
}
