package pluginbuild

import (
	"bytes"
	"cmp"
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
		fmt.Fprintf(work, "use %q\n", b.contract.Dir)
	}
	return b.save(b.workFile(), []byte(work.String()))
}

func (b *build) workFile() string { return filepath.Join(b.temp, "go.work") }

// copiedModules are the modules with at least one copied package, sorted.
func (b *build) copiedModules() []*listedModule {
	var list []*listedModule
	for _, p := range b.packages {
		list = append(list, p.Module)
	}
	slices.SortFunc(list, func(x, y *listedModule) int { return strings.Compare(x.Path, y.Path) })
	return slices.CompactFunc(list, func(x, y *listedModule) bool { return x.Path == y.Path })
}

// languageVersion is the toolchain's: at least that of every module.
func (b *build) languageVersion() string {
	version, _, _ := strings.Cut(strings.TrimPrefix(b.host.GoVersion, "go"), "-X:")
	version, _, _ = strings.Cut(version, " ")
	return version
}

// writeModule writes the go.mod of a copy. The language version is the
// original's; the modules used as they are keep the versions of the strategy's
// build list.
func (b *build) writeModule(m *listedModule) error {
	mod := &strings.Builder{}
	fmt.Fprintf(mod, "module %s\n\ngo %s\n\n", b.tree.importPath(m.Path), cmp.Or(m.GoVersion, "1.16"))
	if m.Path == b.main.Module.Path {
		for _, line := range b.moduleList(" ") {
			fmt.Fprintf(mod, "require %s\n", line)
		}
		if v := b.hostVersion(); v != "" && b.modules[contractModule] == "" {
			fmt.Fprintf(mod, "require %s %s\n", contractModule, v)
		}
		if err := b.save(filepath.Join(b.moduleDir(m), "go.sum"), b.sums()); err != nil {
			return err
		}
	}
	return b.save(filepath.Join(b.moduleDir(m), "go.mod"), []byte(mod.String()))
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
