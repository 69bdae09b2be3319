package pluginbuild

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// edit replaces a part of a file.
type edit struct {
	from, end int
	text      string
}

// rewrite replaces import paths, in import specifications and in go:linkname
// directives, and nothing else. What is no Go stays as it is, for the compiler
// to complain about.
func rewrite(src []byte, renamed map[string]string) []byte {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", src, modeFor(src))
	if err != nil {
		return src
	}
	var edits []edit
	at := func(p token.Pos) int { return fset.PositionFor(p, false).Offset }
	for _, spec := range parsed.Imports {
		old, err := strconv.Unquote(spec.Path.Value)
		if to, ok := renamed[old]; ok && err == nil {
			edits = append(edits, edit{at(spec.Path.Pos()), at(spec.Path.End()), strconv.Quote(to)})
		}
	}
	for _, l := range linknames(parsed) {
		if to, ok := renamed[l.path]; ok {
			from := at(l.pos)
			edits = append(edits, edit{from, from + len(l.written), symbolPath(to)})
		}
	}
	out := slices.Clone(src)
	slices.SortFunc(edits, func(x, y edit) int { return y.from - x.from })
	for _, e := range edits {
		out = slices.Replace(out, e.from, e.end, []byte(e.text)...)
	}
	return out
}

// linknamePrefix begins the directive that names a symbol of any package.
const linknamePrefix = "//go:linkname "

// modeFor parses no more of a file than is needed to find import paths.
func modeFor(src []byte) parser.Mode {
	if bytes.Contains(src, []byte(linknamePrefix)) {
		return parser.ParseComments | parser.SkipObjectResolution
	}
	return parser.ImportsOnly
}

// linkname is the package in a go:linkname directive.
type linkname struct {
	pos           token.Pos // of written
	written, path string    // as in symbols, as in imports
}

func linknames(f *ast.File) []linkname {
	var list []linkname
	for _, group := range f.Comments {
		for _, c := range group.List {
			fields := strings.Fields(c.Text)
			if !strings.HasPrefix(c.Text, linknamePrefix) || len(fields) != 3 {
				continue
			}
			written := packageOf(fields[2])
			list = append(list, linkname{
				pos:     c.Pos() + token.Pos(strings.LastIndex(c.Text, fields[2])),
				written: written,
				path:    strings.ReplaceAll(written, "%2e", "."),
			})
		}
	}
	return list
}

// packageOf is the path in a symbol's name: all before the first dot of the
// last element.
func packageOf(symbol string) string {
	slash := strings.LastIndex(symbol, "/") + 1
	if dot := strings.IndexByte(symbol[slash:], '.'); dot >= 0 {
		return symbol[:slash+dot]
	}
	return symbol
}

// symbolPath is an import path as it stands in symbols, where dots of the last
// element are written as %2e.
func symbolPath(importPath string) string {
	slash := strings.LastIndex(importPath, "/") + 1
	return importPath[:slash] + strings.ReplaceAll(importPath[slash:], ".", "%2e")
}
