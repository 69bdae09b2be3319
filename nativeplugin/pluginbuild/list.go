package pluginbuild

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// contractModule is the module of the host and of the contract.
const contractModule = "github.com/swapline/swapline"

// isContract reports whether host and plugin share the package.
func isContract(importPath string) bool {
	return importPath == contractModule+"/abi" || importPath == contractModule+"/abi/wire"
}

// listed is what go list says about a package.
type listed struct {
	ImportPath string
	Name       string
	Dir        string
	Standard   bool
	DepOnly    bool
	Module     *listedModule

	GoFiles, CgoFiles, CFiles, CXXFiles, MFiles, HFiles, FFiles []string
	SFiles, SysoFiles, SwigFiles, SwigCXXFiles, EmbedFiles      []string
}

// listedModule is the module part of it.
type listedModule struct {
	Path, Version, Dir, GoVersion, GoMod string
	Replace                              *listedModule
}

// files are all files of the package that take part in the build.
func (p *listed) files() []string {
	return slices.Concat(p.GoFiles, p.CgoFiles, p.CFiles, p.CXXFiles, p.MFiles, p.HFiles, p.FFiles,
		p.SFiles, p.SysoFiles, p.SwigFiles, p.SwigCXXFiles, p.EmbedFiles)
}

// versioned reports whether the module's content follows from its version.
func (m *listedModule) versioned() bool { return m != nil && m.Version != "" && m.Replace == nil }

// list finds the packages to copy, the modules used as they are and where the
// contract's sources are.
func (b *build) list(ctx context.Context) error {
	work, err := b.runGo(ctx, b.config.Dir, nil, "env", "GOWORK")
	if err != nil {
		return err
	}
	b.authorWork = strings.TrimSpace(string(work))
	if err := b.listContract(ctx); err != nil {
		return err
	}
	args := append([]string{"list", "-deps", "-json=ImportPath,Name,Dir,Standard,DepOnly,Module,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SysoFiles,SwigFiles,SwigCXXFiles,EmbedFiles"}, b.flags.list...)
	out, err := b.runGo(ctx, b.config.Dir, nil, append(args, ".")...)
	if err != nil {
		return err
	}
	b.modules = map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &listed{}
		if err := d.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			return problem.New(problem.BuildFailed, "go list answered something else than JSON: %w", err)
		}
		if err := b.sort(p); err != nil {
			return err
		}
	}
	return b.checkMain()
}

// sort decides what becomes of one package.
func (b *build) sort(p *listed) error {
	switch {
	case p.Standard, isContract(p.ImportPath):
	case p.Module.versioned():
		b.modules[p.Module.Path] = p.Module.Version
	case p.Module == nil:
		return problem.New(problem.BuildFailed, "package %s belongs to no module", p.ImportPath).
			Cure("give the strategy a go.mod")
	default:
		b.packages = append(b.packages, p)
	}
	if !p.DepOnly {
		b.main = p
	}
	return nil
}

func (b *build) checkMain() error {
	switch {
	case b.main == nil:
		return problem.New(problem.BuildFailed, "no package in %s", b.config.Dir)
	case b.main.Name != "main":
		return problem.New(problem.BuildFailed, "package %s in %s is not a main package", b.main.Name, b.config.Dir).
			Want("package main").Got("package %s", b.main.Name).
			Cure("a strategy is a main package with func NewStrategy(abi.Host) (abi.Strategy, error) and an empty func main")
	case b.main.Module.versioned():
		return problem.New(problem.BuildFailed, "%s lies in the module cache", b.config.Dir).
			Cure("copy the sources into a module of your own")
	}
	return nil
}

// listContract finds the contract's module as the strategy's module sees it.
func (b *build) listContract(ctx context.Context) error {
	out, err := b.runGo(ctx, b.config.Dir, nil, "list", "-m", "-json=Path,Version,Dir,GoVersion,Replace", contractModule)
	if err != nil {
		return err
	}
	b.contract = &listedModule{}
	if err := json.Unmarshal(out, b.contract); err != nil {
		return problem.New(problem.BuildFailed, "go list answered something else than JSON: %w", err)
	}
	if host := b.hostVersion(); host != "" && b.contract.Version != host {
		return problem.New(problem.NativeDependency, "strategy and host use different versions of %s", contractModule).
			Want("%s", host).Got("%s", b.contract.Version).
			Cure("go get %s@%s", contractModule, host)
	}
	if b.contract.Dir == "" {
		return problem.New(problem.BuildFailed, "the sources of %s are not there", contractModule).
			Cure("go mod download %s", contractModule)
	}
	return nil
}

// hostVersion is the version of the host's module when it came out of the
// module cache, "" when it was built from a checkout.
func (b *build) hostVersion() string {
	if b.host.Main.Path == contractModule && b.host.Main.Sum != "" {
		return b.host.Main.Version
	}
	for _, d := range b.host.Deps {
		if d.Path == contractModule && d.Replace == nil && d.Sum != "" {
			return d.Version
		}
	}
	return ""
}

// moduleList names the modules used as they are, sorted.
func (b *build) moduleList(separator string) []string {
	var list []string
	for path, version := range b.modules {
		list = append(list, path+separator+version)
	}
	slices.SortFunc(list, strings.Compare)
	return list
}
