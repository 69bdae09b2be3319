package pluginbuild

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// writeWorkspace makes go.work, one go.mod for each copied module, and go.sum.
func (b *build) writeWorkspace() error {
	work := &strings.Builder{}
	fmt.Fprintf(work, "go %s\n", b.languageVersion())
	for _, m := range b.copiedModules() {
		fmt.Fprintf(work, "use %q\n", b.moduleDir(m))
		if err := b.writeModule(m); err != nil {
			return err
		}
	}
	if b.hostVersion() == "" {
		fmt.Fprintf(work, "use %q\n", b.contract.dir)
	}
	if err := b.writeOverlay(); err != nil {
		return err
	}
	recipe := filepath.Join(b.copyOf(b.main), recipeFile)
	if err := b.save(recipe, recipeSource(b.recipe)); err != nil {
		return err
	}
	return b.save(b.workFile(), []byte(work.String()))
}

func (b *build) workFile() string    { return filepath.Join(b.temp, "go.work") }
func (b *build) overlayFile() string { return filepath.Join(b.temp, "overlay.json") }

// writeOverlay hides the requirements of the contract's checkout: the contract
// has none, and those of the host would raise the versions of shared modules.
func (b *build) writeOverlay() error {
	replace := map[string]string{}
	if b.hostVersion() == "" {
		bare := filepath.Join(b.temp, "contract.mod")
		replace[filepath.Join(b.contract.dir, "go.mod")] = bare
		if err := b.save(bare, moduleFile(contractModule, b.contract.module.GoVersion)); err != nil {
			return err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return problem.New(problem.BuildFailed, "temporary folder: %w", err)
	}
	return b.save(b.overlayFile(), text)
}

// copiedModules are the modules with at least one copied package, sorted.
func (b *build) copiedModules() []*listedModule {
	return modulesOf(b.copied())
}

func modulesOf(packages []*listed) []*listedModule {
	var list []*listedModule
	for _, p := range packages {
		list = append(list, p.Module)
	}
	slices.SortFunc(list, func(x, y *listedModule) int { return strings.Compare(x.Path, y.Path) })
	return slices.CompactFunc(list, func(x, y *listedModule) bool { return x.Path == y.Path })
}

// languageVersion is the toolchain's: at least that of every module.
func (b *build) languageVersion() string {
	version, _, _ := strings.Cut(strings.TrimPrefix(b.goVersion(), "go"), "-X:")
	version, _, _ = strings.Cut(version, " ")
	return version
}

// moduleFile is a go.mod without requirements. The language version is the
// original's.
func moduleFile(path, goVersion string) []byte {
	return fmt.Appendf(nil, "module %s\n\ngo %s\n", path, cmp.Or(goVersion, "1.16"))
}

// writeModule writes the go.mod of a copy. That of the main package requires
// the shared modules in the versions of the strategy's build list.
func (b *build) writeModule(m *listedModule) error {
	mod := moduleFile(b.tree.importPath(m.Path), m.GoVersion)
	if m.Path == b.main.Module.Path {
		for _, s := range modulesOf(b.packages) {
			if b.shared[s.Path] != "" {
				mod = fmt.Appendf(mod, "\nrequire %s %s\n", s.Path, s.Version)
			}
		}
		if v := b.hostVersion(); v != "" {
			mod = fmt.Appendf(mod, "\nrequire %s %s\n", contractModule, v)
		}
		if err := b.save(filepath.Join(b.moduleDir(m), "go.sum"), b.sums()); err != nil {
			return err
		}
	}
	return b.save(filepath.Join(b.moduleDir(m), "go.mod"), mod)
}

// sums collects the checksums known where the strategy is built.
func (b *build) sums() []byte {
	var all [][]byte
	files := []string{strings.TrimSuffix(b.main.Module.GoMod, ".mod") + ".sum"}
	if b.authorWork != "" && b.authorWork != "off" {
		files = append(files, b.authorWork+".sum")
	}
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil {
			all = append(all, bytes.TrimRight(data, "\n"), nil)
		}
	}
	return bytes.Join(all, []byte("\n"))
}

func (b *build) save(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return problem.New(problem.BuildFailed, "temporary folder: %w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return problem.New(problem.BuildFailed, "temporary folder: %w", err)
	}
	return nil
}
