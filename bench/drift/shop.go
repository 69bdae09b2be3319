package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/swapline/swapline"
	"github.com/swapline/swapline/nativeplugin"
)

// flavour is a way to build a host, and with it the plugins that fit it.
type flavour string

// Flavours.
const (
	plain   flavour = "plain"
	trimmed flavour = "trimpath"
	raced   flavour = "race"
)

func (f flavour) flags() []string {
	switch f {
	case trimmed:
		return []string{"-trimpath"}
	case raced:
		return []string{"-race"}
	}
	return nil
}

// shop has a folder with the contract's sources, a library that the hosts share
// with some plugins, hosts, and a folder for each build.
type shop struct {
	folder   string
	contract string // digest of the contract's sources
	sums     string // go.sum of the checkout
	hosts    map[flavour]*host
	built    map[string]string // files by flavour and name
}

// host is a program that opens plugins and nothing else.
type host struct {
	file    string
	profile *nativeplugin.Profile
}

// sources are files by their slash-separated names.
type sources map[string]string

func newShop(ctx context.Context, folder string) (*shop, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	s := &shop{folder: folder, hosts: map[flavour]*host{}, built: map[string]string{}}
	root, err := checkout(ctx)
	if err != nil {
		return nil, err
	}
	contract, err := contractIn(root)
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return nil, err
	}
	s.sums = string(sums)
	for dir, files := range map[string]sources{"contract": contract, "lib": library(2), "host": hostSources(s.sums)} {
		if err := s.write(dir, files); err != nil {
			return nil, err
		}
	}
	if s.contract, err = digestOf(s.path("contract")); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *shop) path(parts ...string) string {
	return filepath.Join(append([]string{s.folder}, parts...)...)
}

func (s *shop) write(dir string, files sources) error {
	for name, content := range files {
		path := s.path(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// checkout is the folder of the module that has the contract.
func checkout(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", contractModule).Output()
	if err != nil {
		return "", fmt.Errorf("where is the contract? run this in a checkout of Swapline: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// contractIn is the smallest checkout that has the contract and its digest.
func contractIn(root string) (sources, error) {
	files := sources{"go.mod": "module " + contractModule + "\n\ngo 1.26.0\n"}
	for _, folder := range append(swapline.ContractPackages(), ".") {
		names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			content, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			files[filepath.ToSlash(filepath.Join(folder, filepath.Base(name)))] = string(content)
		}
	}
	return files, nil
}

const contractModule = "github.com/swapline/swapline"

// host builds a host when it is first asked for.
func (s *shop) host(ctx context.Context, f flavour) (*host, error) {
	if h := s.hosts[f]; h != nil {
		return h, nil
	}
	work := "go 1.26.0\nuse (\n\t.\n\t../lib\n\t../contract\n)\n"
	if err := s.write("host", sources{"go.work": work}); err != nil {
		return nil, err
	}
	h := &host{file: s.path("host-" + string(f))}
	s.hosts[f] = h
	args := append([]string{"build", "-buildvcs=false", "-o", h.file}, f.flags()...)
	if err := s.run(ctx, "host", []string{"GOWORK=" + s.path("host", "go.work")}, append(args, ".")...); err != nil {
		return nil, err
	}
	var err error
	h.profile, err = nativeplugin.ProfileOf(h.file)
	if err == nil && h.profile.Contract != s.contract {
		err = fmt.Errorf("the host's file tells contract %q, its sources are %q", h.profile.Contract, s.contract)
	}
	return h, err
}

// run runs the go command in a folder of the shop.
func (s *shop) run(ctx context.Context, dir string, env []string, args ...string) error {
	return s.tool(ctx, dir, env, "go", args...)
}

func (s *shop) tool(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = s.path(dir)
	cmd.Env = append(append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=1", "GOTOOLCHAIN=local", "PWD="+cmd.Dir), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w of %s %s:\n%s", err, name, strings.Join(args, " "), text)
	}
	return nil
}

// build makes the candidate of a case, once.
func (s *shop) build(ctx context.Context, c mismatch) (string, error) {
	id := string(c.host) + "-" + strings.Map(plainLetter, c.name)
	if file, ok := s.built[id]; ok {
		return file, nil
	}
	if err := s.write(id, s.sources(c)); err != nil {
		return "", err
	}
	file := s.path(id + ".so")
	do := compile
	if c.make != nil {
		do = c.make
	}
	if err := do(ctx, s, c, id, file); err != nil {
		return "", err
	}
	s.built[id] = file
	return file, nil
}

func plainLetter(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '_'
}

// sources are those of a good plugin with the case's own instead and beside
// them; an empty one is left out.
func (s *shop) sources(c mismatch) sources {
	path := c.path
	if path == "" {
		path = "example.com/drift/" + strings.Map(plainLetter, c.name)
	}
	files := sources{
		"go.mod":    "module " + path + "\n\ngo 1.26.0\n" + c.require,
		"go.work":   "go 1.26.0\nuse (\n\t.\n\t../contract\n)\n",
		"go.sum":    s.sums,
		"main.go":   strategy,
		"recipe.go": recipe(path, s.contract),
	}
	maps.Copy(files, c.files)
	maps.DeleteFunc(files, func(_, content string) bool { return content == "" })
	return files
}

// compile is go build with the flags of the host and of the case.
func compile(ctx context.Context, s *shop, c mismatch, dir, file string) error {
	env := append([]string{"GOWORK=" + s.path(dir, "go.work")}, s.expand(c.env)...)
	for _, args := range c.before {
		if err := s.run(ctx, dir, append(slices.Clone(env), "GOWORK=off"), s.expand(args)...); err != nil {
			return err
		}
	}
	args := slices.Concat([]string{"build", "-buildmode=plugin", "-buildvcs=false", "-o", file}, c.host.flags(), s.expand(c.flags))
	if c.target == nil {
		return s.run(ctx, dir, env, append(args, ".")...)
	}
	return s.run(ctx, dir, env, append(args, c.target...)...)
}

// expand puts the shop's folder in the place of $SHOP.
func (s *shop) expand(words []string) []string {
	var list []string
	for _, w := range words {
		list = append(list, strings.ReplaceAll(w, "$SHOP", s.folder))
	}
	return list
}

// recipe is what swapline build would leave in the plugin.
func recipe(path, contract string) string {
	text, err := json.Marshal(nativeplugin.Recipe{Strategy: "drift", Version: "1.0.0", ImportPath: path, Go: runtime.Version(), Contract: contract})
	if err != nil {
		return err.Error()
	}
	return "package main\n\nvar " + nativeplugin.RecipeVariable + " = " + strconv.Quote(string(text)) + "\n"
}

// digestOf is the digest of the contract's sources below a folder.
func digestOf(folder string) (string, error) { return swapline.ContractDigest(os.DirFS(folder)) }
