package swapline_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is where a file has to be split by concept.
const maxLines = 500

// goFile is one Go file of the module.
type goFile struct {
	path   string // relative to the module's root
	folder string
	text   string
	test   bool
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	walk(t, func(name string) {
		if path.Ext(name) != ".go" {
			return
		}
		files = append(files, goFile{path: name, folder: path.Dir(name), text: read(t, name), test: strings.HasSuffix(name, "_test.go")})
	})
	if len(files) < 50 {
		t.Fatalf("only %d Go files found", len(files))
	}
	return files
}

// walk visits the module's files, without what is built or hidden.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (name == "bin" || name == "dist" || e.Name() == "node_modules" || name != "." && strings.HasPrefix(e.Name(), ".") && e.Name() != ".ci"):
			return fs.SkipDir
		case !e.IsDir():
			visit(filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t *testing.T, f goFile) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), f.path, f.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestEveryPackageHasAComment wants one that begins as go doc expects.
func TestEveryPackageHasAComment(t *testing.T) {
	comment := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test || strings.Contains(f.path, "/testdata/") {
			continue
		}
		tree := parse(t, f)
		begin := "Package " + tree.Name.Name + " "
		if tree.Name.Name == "main" {
			begin = "Command "
		}
		has := strings.HasPrefix(strings.Join(strings.Fields(tree.Doc.Text()), " "), begin)
		if tree.Doc != nil && !has {
			t.Errorf("%s: the package comment does not begin with %q", f.path, begin)
		}
		comment[f.folder] = comment[f.folder] || has
	}
	for folder, has := range comment {
		if !has {
			t.Errorf("%s has no package comment", folder)
		}
	}
}

// TestNoInitFunctions: what runs at import cannot be ordered, tested or given
// arguments. A guest registers itself at package level, see guests/go.
func TestNoInitFunctions(t *testing.T) {
	for _, f := range goFiles(t) {
		if matchesAny([]string{"guests/...", "examples/..."}, f.folder) {
			continue
		}
		for _, d := range parse(t, f).Decls {
			if function, ok := d.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name == "init" {
				t.Errorf("%s has a function init", f.path)
			}
		}
	}
}

// TestFilesAreSmall: a file that grows holds more than one concept.
func TestFilesAreSmall(t *testing.T) {
	for _, f := range goFiles(t) {
		if n := strings.Count(f.text, "\n"); n > maxLines {
			t.Errorf("%s has %d lines, more than %d", f.path, n, maxLines)
		}
	}
}

// TestNoJunkDrawers: a name that fits everything tells nothing.
func TestNoJunkDrawers(t *testing.T) {
	junk := []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "types", "manager", "managers", "base"}
	for _, f := range goFiles(t) {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".go"), "_test")
		for _, name := range append(strings.Split(f.folder, "/"), stem) {
			if slices.Contains(junk, name) {
				t.Errorf("%s is named after nothing: %s", f.path, name)
			}
		}
	}
}

// TestNothingIsPutOff: what is left to do is an issue, not a comment.
func TestNothingIsPutOff(t *testing.T) {
	mark := regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}, "|") + `)\b`)
	walk(t, func(name string) {
		switch path.Ext(name) {
		case ".go", ".md", ".yaml", ".yml", ".json", ".tmpl", "":
			if where := mark.FindStringIndex(read(t, name)); where != nil {
				t.Errorf("%s puts something off", name)
			}
		}
	})
}

// TestNoArtifactsAreCommitted: guests are built, never stored.
func TestNoArtifactsAreCommitted(t *testing.T) {
	walk(t, func(name string) {
		if strings.Contains(name, "/testdata/") {
			return
		}
		if ext := path.Ext(name); ext == ".so" || ext == ".wasm" || ext == ".dsse" || ext == ".pem" {
			t.Errorf("%s does not belong into the tree", name)
		}
	})
}

// TestReadmeNamesWhatExists: every make target, test and file that the README
// mentions is there.
func TestReadmeNamesWhatExists(t *testing.T) {
	for _, problem := range missing(t, read(t, "README.md")) {
		t.Error(problem)
	}
}

func missing(t *testing.T, text string) []string {
	t.Helper()
	var out []string
	makefile := read(t, "Makefile")
	for _, m := range regexp.MustCompile("(?m)(?:`|^)make ([a-z]+(?:-[a-z]+)*)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			out = append(out, "no target of the Makefile: "+m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\bTest[A-Za-z0-9_]+\*?`).FindAllString(text, -1) {
		if !testExists(t, m) {
			out = append(out, "no such test: "+m)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			out = append(out, fmt.Sprint("broken link: ", err))
		}
	}
	return out
}

// testExists looks for a test by name; a star at the end stands for any rest.
func testExists(t *testing.T, name string) bool {
	t.Helper()
	prefix, open := strings.CutSuffix(name, "*")
	declared := "func " + prefix + "("
	if open {
		declared = "func " + prefix
	}
	return slices.ContainsFunc(goFiles(t), func(f goFile) bool { return f.test && strings.Contains(f.text, "\n"+declared) })
}

func TestMissingThingsAreFound(t *testing.T) {
	text := "`make nonsense`\nmake test\n`Test" + "NothingLikeThis` `TestEvery*` `TestFilesAreSmall` [a](no/such/file.md) [b](README.md) [c](https://example.com)"
	if got := missing(t, text); len(got) != 3 {
		t.Errorf("found %q", got)
	}
}
