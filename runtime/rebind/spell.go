package rebind

import (
	"reflect"
	"strings"
)

// Spell writes a type with the whole path of each package in it. Two types that
// read the same in their sources often differ in nothing else: a release's own
// packages have paths of their own.
func Spell(t reflect.Type) string {
	if t.PkgPath() != "" {
		return t.PkgPath() + "." + t.Name()
	}
	if t.Name() != "" {
		return t.Name() // predeclared
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + Spell(t.Elem())
	case reflect.Slice:
		return "[]" + Spell(t.Elem())
	case reflect.Map:
		return "map[" + Spell(t.Key()) + "]" + Spell(t.Elem())
	case reflect.Func:
		return "func" + signature(t)
	}
	return t.String()
}

// signature is a function's type after the word func.
func signature(t reflect.Type) string {
	in := make([]string, t.NumIn())
	for i := range in {
		in[i] = Spell(t.In(i))
	}
	if t.IsVariadic() {
		in[len(in)-1] = "..." + strings.TrimPrefix(in[len(in)-1], "[]")
	}
	out := make([]string, t.NumOut())
	for i := range out {
		out[i] = Spell(t.Out(i))
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
