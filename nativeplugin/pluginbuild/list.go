package pluginbuild

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"

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
	Imports    []string

	GoFiles, CgoFiles, CFiles, CXXFiles, MFiles, HFiles, FFiles []string
	SFiles, SysoFiles, SwigFiles, SwigCXXFiles, EmbedFiles      []string

	content []file   // by read
	needed  []string // by needs
}

// listedFields are the fields that go list is asked for.
const listedFields = "-json=ImportPath,Name,Dir,Standard,DepOnly,Module,Imports," +
	"GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SysoFiles,SwigFiles,SwigCXXFiles,EmbedFiles"

// listedModule is the module part of it.
type listedModule struct {
	Path, Version, Sum, Dir, GoVersion, GoMod string
	Replace                                   *listedModule
}

// files are all files of the package that take part in the build.
func (p *listed) files() []string {
	return slices.Concat(p.GoFiles, p.CgoFiles, p.CFiles, p.CXXFiles, p.MFiles, p.HFiles, p.FFiles,
		p.SFiles, p.SysoFiles, p.SwigFiles, p.SwigCXXFiles, p.EmbedFiles)
}

// versioned reports whether the module's content follows from its version.
func (m *listedModule) versioned() bool { return m != nil && m.Version != "" && m.Replace == nil }

// list finds the packages of the strategy and where the contract's sources are.
func (b *build) list(ctx context.Context) error {
	if err := b.checkToolchain(ctx); err != nil {
		return err
	}
	args := append([]string{"list", "-deps", listedFields}, b.flags.list...)
	out, err := b.runGo(ctx, b.config.Dir, nil, append(args, ".")...)
	if err != nil {
		return err
	}
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
	if err := b.checkMain(); err != nil {
		return err
	}
	if err := b.findContract(ctx); err != nil {
		return err
	}
	return b.checkContract()
}

// sort decides what kind of package this is.
func (b *build) sort(p *listed) error {
	if !p.DepOnly {
		b.main = p
	}
	switch {
	case p.Standard:
	case p.Module == nil:
		return problem.New(problem.BuildFailed, "package %s belongs to no module", p.ImportPath).
			Cure("give the strategy a go.mod")
	case isContract(p.ImportPath):
		if p.ImportPath == contractModule+"/abi" {
			b.contract = contract{module: p.Module, dir: filepath.Dir(p.Dir)}
		}
	default:
		b.packages = append(b.packages, p)
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
	case b.contract.module == nil:
		return problem.New(problem.BuildFailed, "nothing in %s imports %s/abi", b.config.Dir, contractModule).
			Cure("a strategy is a main package with func NewStrategy(abi.Host) (abi.Strategy, error) and an empty func main")
	}
	return nil
}
