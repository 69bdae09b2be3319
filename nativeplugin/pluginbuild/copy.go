package pluginbuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
)

// tree is the copied sources.
type tree struct {
	root string // unique import path prefix
	main string // path of the module of the main package
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
	name    string // slash-separated, below the package's folder
	content []byte
}

// copy reads every file, decides which packages can be copied, derives the
// unique prefix from what decides the bytes and writes the copies.
func (b *build) copy(context.Context) error {
	if err := b.read(); err != nil {
		return err
	}
	if err := b.share(); err != nil {
		return err
	}
	b.recipe = b.writeRecipe()
	b.tree = tree{main: b.main.Module.Path, root: b.root()}
	b.recipe.ImportPath = b.tree.importPath(b.main.ImportPath)
	if err := b.matchesRecipe(); err != nil {
		return err
	}
	renamed, err := b.renamed()
	if err != nil {
		return err
	}
	for _, p := range b.copied() {
		if err := b.writePackage(p, renamed); err != nil {
			return err
		}
	}
	return b.writeWorkspace()
}

func (b *build) writePackage(p *listed, renamed map[string]string) error {
	for _, f := range p.content {
		if f.name == recipeFile || f.name == hiddenFile {
			return problem.New(problem.BuildFailed, "%s is a name that swapline build uses itself", filepath.Join(p.Dir, f.name)).
				Cure("rename the file")
		}
		if err := b.write(p, f, renamed); err != nil {
			return err
		}
	}
	if len(p.CgoFiles) == 0 {
		return nil
	}
	return b.save(filepath.Join(b.copyOf(p), hiddenFile), hiddenSource(p.Name))
}

func (b *build) read() error {
	for _, p := range b.packages {
		names := p.files()
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return problem.New(problem.BuildFailed, "package %s: %w", p.ImportPath, err)
			}
			p.content = append(p.content, file{filepath.ToSlash(name), content})
		}
	}
	return nil
}

// root is the prefix of all import paths of the release. Its digest covers the
// recipe, so that whatever makes two builds differ makes their paths differ.
func (b *build) root() string {
	text, err := json.Marshal(b.recipe)
	if err != nil {
		panic(err) // strings only
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("swapline.release/%s/v%s_%s", strings.Map(plain, b.recipe.Strategy),
		strings.Map(plain, b.recipe.Version), hex.EncodeToString(sum[:4]))
}

// plain maps what is not a letter, a digit or a hyphen to an underscore, so
// that the result is one element of an import path.
func plain(r rune) rune {
	if r == '-' || r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
		return r
	}
	return '_'
}

// renamed are the new import paths of the copied packages.
func (b *build) renamed() (map[string]string, error) {
	to, from := map[string]string{}, map[string]string{}
	for _, p := range b.copied() {
		path := b.tree.importPath(p.ImportPath)
		if other, taken := from[path]; taken {
			return nil, problem.New(problem.BuildFailed, "the packages %s and %s would get one import path", other, p.ImportPath).
				Cure("rename the folder of one of them")
		}
		to[p.ImportPath], from[path] = path, p.ImportPath
	}
	return to, nil
}

func (b *build) write(p *listed, f file, renamed map[string]string) error {
	content := f.content
	if slices.Contains(p.GoFiles, f.name) || slices.Contains(p.CgoFiles, f.name) {
		content = rewrite(content, renamed)
	}
	return b.save(filepath.Join(b.copyOf(p), filepath.FromSlash(f.name)), content)
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

// sources is the hex SHA-256 over the copied files under their original import
// paths.
func (b *build) sources() string {
	var lines []string
	for _, p := range b.copied() {
		for _, f := range p.content {
			lines = append(lines, fmt.Sprintf("%s %s %x\n", p.ImportPath, f.name, sha256.Sum256(f.content)))
		}
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// recipeFile is the file of the main package's copy that holds the recipe.
const recipeFile = "swapline_recipe.go"

// recipeSource is its content.
func recipeSource(r *nativeplugin.Recipe) []byte {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings only
	}
	return []byte("package main\n\nvar " + nativeplugin.RecipeVariable + " = " + strconv.Quote(string(text)) + "\n")
}

// hiddenFile keeps the C symbols of a package inside of the plugin. A process
// has one C function of a name, and that of the release that came first would
// serve all later ones.
const hiddenFile = "swapline_hidden.go"

func hiddenSource(packageName string) []byte {
	return []byte("package " + packageName + "\n\n// #cgo CFLAGS: -fvisibility=hidden\n// #cgo CXXFLAGS: -fvisibility=hidden\nimport \"C\"\n")
}
