package pluginbuild

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// obstacle says why a package of a versioned module should not be there twice;
// "" if it may.
func (b *build) obstacle(p *listed) string {
	if len(p.CgoFiles)+len(p.SwigFiles)+len(p.SwigCXXFiles)+len(p.SysoFiles) > 0 {
		return "it has C code, whose symbols a process has once"
	}
	for _, f := range p.content {
		if call := registration(f); call != "" {
			return "it calls " + call + " when it starts, which takes a name once"
		}
		if isAssembly(f) && regexp.MustCompile(`(?m)^\s*#include\s+"[^"]*/`).Match(f.content) {
			return "its assembly includes a file of another folder"
		}
	}
	return ""
}

func isAssembly(f file) bool { return strings.EqualFold(path.Ext(f.name), ".s") }

// spelled is the package that the assembly of a package names by its whole
// path, which copying would change; "" if there is none.
func (b *build) spelled(p *listed) string {
	for _, f := range p.content {
		if !isAssembly(f) {
			continue
		}
		for _, name := range regexp.MustCompile(`[^\s,;:()<>+*$"]+·`).FindAllString(string(f.content), -1) {
			name = strings.NewReplacer("·", ".", "∕", "/", "%2e", ".").Replace(strings.TrimSuffix(name, "·"))
			if b.byPath[name] != nil {
				return name
			}
		}
	}
	return ""
}

// registrations are the functions of the standard library that enter a name
// into a table of the process and fail when it is there. Two copies of a package
// that calls one of them when it starts cannot be in one process.
func registrations() map[string][]string {
	return map[string][]string{
		"archive/zip":   {"RegisterCompressor", "RegisterDecompressor"},
		"database/sql":  {"Register"},
		"encoding/gob":  {"RegisterName"},
		"expvar":        {"Publish", "NewFloat", "NewInt", "NewMap", "NewString"},
		"net/http":      {"Handle", "HandleFunc"},
		"runtime/pprof": {"NewProfile"},
		"flag": {"Bool", "BoolFunc", "BoolVar", "Duration", "DurationVar", "Float64", "Float64Var", "Func", "Int", "Int64", "Int64Var",
			"IntVar", "String", "StringVar", "TextVar", "Uint", "Uint64", "Uint64Var", "UintVar", "Var"},
	}
}

// registration finds such a call in the functions init and in the initial
// values of variables: "sql.Register".
func registration(f file) string {
	tables := registrations()
	if path.Ext(f.name) != ".go" {
		return ""
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), "", f.content, parser.ImportsOnly)
	if err != nil {
		return ""
	}
	names := map[string]string{} // of the packages in this file
	for _, spec := range parsed.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if tables[imported] == nil {
			continue
		}
		if names[path.Base(imported)] = imported; spec.Name != nil {
			names[spec.Name.Name] = imported
		}
	}
	if len(names) == 0 {
		return ""
	}
	if parsed, err = parser.ParseFile(token.NewFileSet(), "", f.content, parser.SkipObjectResolution); err != nil {
		return ""
	}
	found := ""
	for _, start := range startCode(parsed) {
		ast.Inspect(start, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && found == "" {
				if x, ok := s.X.(*ast.Ident); ok && slices.Contains(tables[names[x.Name]], s.Sel.Name) {
					found = path.Base(names[x.Name]) + "." + s.Sel.Name
				}
			}
			return found == ""
		})
	}
	return found
}

// startCode is what runs when a package starts.
func startCode(f *ast.File) []ast.Node {
	var list []ast.Node
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" && d.Body != nil {
				list = append(list, d.Body)
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				list = append(list, d)
			}
		}
	}
	return list
}
