package rebind

import (
	"reflect"
	"strings"
)

// spell writes a type with the whole path of each package in it. Two types that
// read the same in their sources often differ in nothing else: a release's own
// packages have paths of their own.
func spell(t reflect.Type) string {
	if t.PkgPath() != "" {
		return t.PkgPath() + "." + t.Name()
	}
	if t.Name() != "" {
		return t.Name() // predeclared
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + spell(t.Elem())
	case reflect.Slice:
		return "[]" + spell(t.Elem())
	case reflect.Map:
		return "map[" + spell(t.Key()) + "]" + spell(t.Elem())
	case reflect.Func:
		return "func" + signature(t)
	}
	return t.String()
}

// signature is a function's type after the word func.
func signature(t reflect.Type) string {
	in := make([]string, t.NumIn())
	for i := range in {
		in[i] = spell(t.In(i))
	}
	if t.IsVariadic() {
		in[len(in)-1] = "..." + strings.TrimPrefix(in[len(in)-1], "[]")
	}
	out := make([]string, t.NumOut())
	for i := range out {
		out[i] = spell(t.Out(i))
	}
	text := "(" + strings.Join(in, ", ") + ")"
	switch len(out) {
	case 0:
		return text
	case 1:
		return text + " " + out[0]
	}
	return text + " (" + strings.Join(out, ", ") + ")"
}
