package pluginbuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// tree is the copied sources.
type tree struct {
	root   string // unique import path prefix
	digest string // hex SHA-256
	main   string // path of the module of the main package
}

// importPath is the path that a copied package or module gets. What lies in the
// module of the main package loses that module's path.
func (t tree) importPath(original string) string {
	if original == t.main {
		return t.root
	}
	return t.root + "/" + strings.TrimPrefix(original, t.main+"/")
}

// file is one file of a package, read once.
type file struct {
	pkg     *listed
	name    string // slash-separated, below the package's folder
	content []byte
}

// copy reads every file, derives the unique prefix from what was read and
// writes the copies.
func (b *build) copy(context.Context) error {
	files, err := b.read()
	if err != nil {
		return err
	}
	b.tree = tree{main: b.main.Module.Path, digest: b.digest(files)}
	version := strings.Map(plain, b.config.Version)
	b.tree.root = fmt.Sprintf("swapline.release/%s/v%s_%s", strings.Map(plain, b.config.Strategy), version, b.tree.digest[:8])
	renamed := map[string]string{}
	for _, p := range b.packages {
		renamed[p.ImportPath] = b.tree.importPath(p.ImportPath)
	}
	for _, f := range files {
		if err := b.write(f, renamed); err != nil {
			return err
		}
	}
	return b.writeWorkspace()
}

// plain maps what is not a letter, a digit or a hyphen to an underscore, so
// that the result is one element of an import path.
func plain(r rune) rune {
	if r == '-' || r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
		return r
	}
	return '_'
}

func (b *build) read() ([]file, error) {
	var files []file
	for _, p := range b.packages {
		names := p.files()
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return nil, problem.New(problem.BuildFailed, "package %s: %w", p.ImportPath, err)
			}
			files = append(files, file{p, filepath.ToSlash(name), content})
		}
	}
	slices.SortFunc(files, func(x, y file) int {
		return strings.Compare(x.pkg.ImportPath+"/"+x.name, y.pkg.ImportPath+"/"+y.name)
	})
	return files, nil
}

// digest covers the files under their original import paths and the versions
// of the modules used: what makes two builds of one release differ.
func (b *build) digest(files []file) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%x %s %s\n", sha256.Sum256(f.content), f.pkg.ImportPath, f.name)
	}
	for _, m := range b.moduleList(" ") {
		fmt.Fprintf(h, "module %s\n", m)
	}
	fmt.Fprintf(h, "main %s\n", b.main.ImportPath)
	return hex.EncodeToString(h.Sum(nil))
}

func (b *build) write(f file, renamed map[string]string) error {
	content := f.content
	if strings.HasSuffix(f.name, ".go") && !slices.Contains(f.pkg.EmbedFiles, f.name) {
		content = rewriteImports(content, renamed)
	}
	target := filepath.Join(b.copyOf(f.pkg), filepath.FromSlash(f.name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return problem.New(problem.BuildFailed, "temporary folder: %w", err)
	}
	if err := os.WriteFile(target, content, 0o644); err != nil {
		return problem.New(problem.BuildFailed, "temporary folder: %w", err)
	}
	return nil
}

// copyOf is the folder of a package's copy.
func (b *build) copyOf(p *listed) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, p.Module.Path), "/")
	return filepath.Join(b.moduleDir(p.Module), filepath.FromSlash(rel))
}

// moduleDir is the folder of a module's copy: a flat list, so that no module
// lies inside of another one.
func (b *build) moduleDir(m *listedModule) string {
	sum := sha256.Sum256([]byte(m.Path))
	return filepath.Join(b.temp, "src", path.Base(m.Path)+"-"+hex.EncodeToString(sum[:4]))
}

// rewriteImports replaces import paths and nothing else. What is no Go stays as
// it is, for the compiler to complain about.
func rewriteImports(src []byte, renamed map[string]string) []byte {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return src
	}
	out := slices.Clone(src)
	for _, spec := range slices.Backward(parsed.Imports) {
		old, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if to, ok := renamed[old]; ok {
			from, end := fset.PositionFor(spec.Path.Pos(), false).Offset, fset.PositionFor(spec.Path.End(), false).Offset
			out = slices.Replace(out, from, end, []byte(strconv.Quote(to))...)
		}
	}
	return out
}
