package nativeplugin

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// resident is everything a process has loaded, in load order: the host first.
// Of several definitions of one name the first wins, as in the dynamic loader.
type resident struct {
	host         *image
	fingerprints map[string]owned[string]
	data         map[string]owned[uint64]
	modules      map[string]owned[*debug.Module]
	plugins      map[string]string // plugin path -> file
}

// owned is a value and who brought it.
type owned[T any] struct {
	value T
	owner string
}

// hostName is how reports call the executable.
const hostName = "host"

func newResident(host *image) *resident {
	r := &resident{
		host:         host,
		fingerprints: map[string]owned[string]{},
		data:         map[string]owned[uint64]{},
		modules:      map[string]owned[*debug.Module]{},
		plugins:      map[string]string{},
	}
	r.add(host, hostName)
	return r
}

// add puts what an image brings behind what is there.
func (r *resident) add(im *image, owner string) {
	keep(r.fingerprints, im.fingerprints, owner)
	keep(r.data, im.data, owner)
	modules := map[string]*debug.Module{im.info.Main.Path: &im.info.Main}
	for _, d := range im.info.Deps {
		modules[d.Path] = d
	}
	keep(r.modules, modules, owner)
	if owner != hostName {
		r.plugins[im.info.Path] = owner
	}
}

func keep[T any](into map[string]owned[T], from map[string]T, owner string) {
	for name, v := range from {
		if _, ok := into[name]; !ok {
			into[name] = owned[T]{v, owner}
		}
	}
}

// preflight predicts whether the process could open the plugin and whether it
// should. It opens nothing.
func (r *resident) preflight(p *image) Report {
	report := Report{
		Path:       p.path,
		GoVersion:  p.info.GoVersion,
		ImportPath: p.info.Path,
		Packages:   len(p.fingerprints),
		Shared:     len(r.shared(p)),
		Libraries:  p.libraries,
	}
	for _, d := range p.info.Deps {
		report.Modules = append(report.Modules, d.Path+"@"+d.Version)
	}
	for _, compare := range []func(*image) []Difference{
		r.compareFile, r.compareBuild, r.comparePath, r.compareModules, r.compareFingerprints, r.compareData,
	} {
		report.Differences = append(report.Differences, compare(p)...)
	}
	return report
}

// shared lists the packages that the plugin has in common with the process.
func (r *resident) shared(p *image) []string {
	var list []string
	for _, pkg := range slices.Sorted(maps.Keys(p.fingerprints)) {
		if _, ok := r.fingerprints[pkg]; ok {
			list = append(list, pkg)
		}
	}
	return list
}

// comparePath refuses what package plugin would call already loaded.
func (r *resident) comparePath(p *image) []Difference {
	owner, ok := r.plugins[p.info.Path]
	if !ok {
		return nil
	}
	return []Difference{{
		What: "import path " + p.info.Path, Host: "loaded from " + owner, Plugin: "another build of the same path",
		Severity: Refused, Code: problem.NativeConflict,
		Cure: "build with swapline build, which gives every release an import path of its own, or restart the host",
	}}
}

// compareFingerprints predicts plugin.Open's "different version of package".
func (r *resident) compareFingerprints(p *image) []Difference {
	var list []Difference
	for _, pkg := range r.shared(p) {
		have := r.fingerprints[pkg]
		if have.value == p.fingerprints[pkg] {
			continue
		}
		d := Difference{
			What: "package " + pkg, Host: fmt.Sprintf("%x", have.value), Plugin: fmt.Sprintf("%x", p.fingerprints[pkg]),
			Severity: Refused, Code: problem.NativeDependency,
			Cure: "build the plugin with swapline build of this very host",
		}
		if have.owner != hostName {
			d.Host += " in " + have.owner
			d.Cure = "restart the host, or build with swapline build, which keeps the packages of releases apart"
			d.Code = problem.NativeConflict
		}
		list = append(list, d)
	}
	return list
}

// compareData finds variables of different size under one name: the loader
// would give both the memory of the first one.
func (r *resident) compareData(p *image) []Difference {
	var list []Difference
	for _, name := range slices.Sorted(maps.Keys(p.data)) {
		have, ok := r.data[name]
		if !ok || have.value == p.data[name] || name == "runtime.islibrary" || name == "go:buildinfo" {
			continue
		}
		list = append(list, Difference{
			What: "size of " + name, Host: fmt.Sprintf("%d bytes", have.value), Plugin: fmt.Sprintf("%d bytes", p.data[name]),
			Severity: Refused, Code: problem.NativeLayout,
			Cure: "build host and plugin from the same sources of the package",
		})
	}
	return list
}

// contractModule is the module that host and plugin share the contract of.
const contractModule = "github.com/swapline/swapline"

// compareModules holds shared packages to modules whose content follows from
// their version. Of the module of the contract only the contract is shared.
func (r *resident) compareModules(p *image) []Difference {
	var list []Difference
	seen := map[string]bool{}
	for _, pkg := range r.shared(p) {
		m := moduleOf(p.info, pkg)
		if m == nil {
			continue
		}
		if m.Path == contractModule && m.Sum == "" && !isContract(pkg) {
			list = append(list, Difference{
				What: "package " + pkg, Host: "part of the host", Plugin: "built into the plugin",
				Severity: Refused, Code: problem.NativeDependency,
				Cure: "build with swapline build: a plugin shares only the contract with its host",
			})
			continue
		}
		if seen[m.Path] {
			continue
		}
		seen[m.Path] = true
		if d, differs := r.compareModule(m); differs {
			list = append(list, d)
		}
	}
	return list
}

func isContract(pkg string) bool {
	return pkg == contractModule+"/abi" || pkg == contractModule+"/abi/wire"
}

func (r *resident) compareModule(m *debug.Module) (Difference, bool) {
	have, ok := r.modules[m.Path]
	if !ok {
		return Difference{}, false
	}
	d := Difference{
		What: "module " + m.Path, Host: describe(have.value), Plugin: describe(m),
		Severity: Refused, Code: problem.NativeDependency,
		Cure: fmt.Sprintf("require %s %s in the strategy's go.mod and build again", m.Path, have.value.Version),
	}
	if have.owner != hostName {
		d.Host += " in " + have.owner
	}
	checkout := m.Path == contractModule && m.Sum == "" && have.value.Sum == ""
	switch {
	case m.Replace != nil || have.value.Replace != nil:
		d.Cure = "remove the replace directive: its content does not follow from a version"
		return d, true
	case checkout:
		return Difference{}, false
	case m.Sum == "":
		d.Cure = "use a version of the module: the content of a checkout does not follow from its name"
		return d, true
	}
	return d, m.Version != have.value.Version || m.Sum != have.value.Sum
}

func describe(m *debug.Module) string {
	s := strings.TrimSpace(m.Version + " " + m.Sum)
	if m.Replace != nil {
		s += " => " + m.Replace.Path + " " + m.Replace.Version
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

// constructorSuffix ends the symbol name of every possible constructor.
const constructorSuffix = "." + abi.ConstructorSymbol
