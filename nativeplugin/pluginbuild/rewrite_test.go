package pluginbuild

import (
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

func TestOnlyImportSpecificationsChange(t *testing.T) {
	renamed := map[string]string{"example.com/a": "unique/a", "example.com/a/b": "unique/a/b", "example.com/yaml.v3": "unique/yaml.v3"}
	for _, c := range []struct{ name, src, want string }{
		{"grouped and named", "package p\n\nimport (\n\t\"fmt\"\n\tx \"example.com/a\"\n\t. `example.com/a/b`\n)\n", "package p\n\nimport (\n\t\"fmt\"\n\tx \"unique/a\"\n\t. \"unique/a/b\"\n)\n"},
		{"strings and comments stay", "package p // example.com/a\n\nimport _ \"example.com/a\"\n\nconst s = \"example.com/a\"\n", "package p // example.com/a\n\nimport _ \"unique/a\"\n\nconst s = \"example.com/a\"\n"},
		{"longer paths stay", "package p\n\nimport _ \"example.com/ab\"\n", "package p\n\nimport _ \"example.com/ab\"\n"},
		{"line directives do not mislead", "package p\n\n//line other.go:100\nimport _ \"example.com/a\"\n", "package p\n\n//line other.go:100\nimport _ \"unique/a\"\n"},
		{"build tags stay", "//go:build linux\n\npackage p\n\nimport \"example.com/a\"\n", "//go:build linux\n\npackage p\n\nimport \"unique/a\"\n"},
		{"linknames", "package p\n\nimport _ \"example.com/a\"\n\n//go:linkname x example.com/a/b.y\nfunc x()\n\n//go:linkname z runtime.z\n//go:linkname w\n//go:linkname example.com/a  example.com/a.(*T).m\n// go:linkname v example.com/a.v\n", "package p\n\nimport _ \"unique/a\"\n\n//go:linkname x unique/a/b.y\nfunc x()\n\n//go:linkname z runtime.z\n//go:linkname w\n//go:linkname example.com/a  unique/a.(*T).m\n// go:linkname v example.com/a.v\n"},
		{"linknames with dots", "package p\n\n//go:linkname x example.com/yaml%2ev3.y\nfunc x()\n", "package p\n\n//go:linkname x unique/yaml%2ev3.y\nfunc x()\n"},
		{"linknames in strings stay", "package p\n\nconst s = `\n//go:linkname x example.com/a.y\n`\n", "package p\n\nconst s = `\n//go:linkname x example.com/a.y\n`\n"},
		{"what is no Go stays for the compiler", "package\n", "package\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(rewrite([]byte(c.src), renamed)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// FuzzRewrite holds that every import becomes what it shall be and that a file
// stays Go.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte("package p\n\nimport (\n\tx \"a\"\n\t. `b/c`\n)\n\n//go:linkname y a.z\nfunc y()\n"))
	f.Add([]byte("package p; import\"a\";import _\"\\x61\" //go:linkname a b.c d\n"))
	renamed := map[string]string{"a": "unique/a", "b/c": "unique/b/c", "fmt": "unique/fmt"}
	f.Fuzz(func(t *testing.T, src []byte) {
		before, err := parser.ParseFile(token.NewFileSet(), "", src, modeFor(src))
		if err != nil {
			return
		}
		out := rewrite(src, renamed)
		after, err := parser.ParseFile(token.NewFileSet(), "", out, modeFor(out))
		if err != nil || len(after.Imports) != len(before.Imports) {
			t.Fatalf("%v\n%s", err, out)
		}
		for i, spec := range before.Imports {
			want, _ := strconv.Unquote(spec.Path.Value)
			if to, ok := renamed[want]; ok {
				want = to
			}
			if got, _ := strconv.Unquote(after.Imports[i].Path.Value); got != want {
				t.Fatalf("import %q, want %q\n%s", got, want, out)
			}
		}
	})
}
