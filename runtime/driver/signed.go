package driver

import (
	"reflect"
	"slices"
	"strings"

	"github.com/swapline/swapline/abi"
)

// Signed is an optional interface of instances that know the types behind
// Methods. The runtime records the signatures of the first release of a kind and
// refuses later ones that differ.
type Signed interface {
	// Signatures lists the constructor and what the loaded code has of the
	// contract, each by its name and its whole type, sorted and distinct. The
	// same code gives the same list on every host of this contract version.
	Signatures() []string
}

// SignaturesOf asks an instance for its signatures; one that cannot tell has
// none.
func SignaturesOf(i Instance) []string {
	if s, ok := i.(Signed); ok {
		return s.Signatures()
	}
	return nil
}

// GoSignatures are those of a Go strategy: its constructor and its methods of the
// names that the contract knows, the optional ones too. A method that has the
// name and another type is listed as it is: the strategy then lacks the contract's
// method, and the list shows why.
//
//	Execute func(context.Context, map[string]interface {}) (map[string]interface {}, error)
//	NewStrategy func(github.com/swapline/swapline/abi.Host) (github.com/swapline/swapline/abi.Strategy, error)
//	Validate func(context.Context) error
func GoSignatures(s abi.Strategy) []string {
	list := []string{abi.ConstructorSymbol + " " + typeText(reflect.TypeFor[abi.Constructor]())}
	has := reflect.TypeOf(s)
	for _, name := range contractMethods() {
		if m, ok := has.MethodByName(name); ok {
			list = append(list, name+" func"+signatureText(m.Type, 1))
		}
	}
	slices.Sort(list)
	return list
}

// contractMethods are the names of the methods of Strategy and of the optional
// interfaces.
func contractMethods() []string {
	var names []string
	for _, t := range []reflect.Type{
		reflect.TypeFor[abi.Strategy](), reflect.TypeFor[abi.Validator](), reflect.TypeFor[abi.Exposer](), reflect.TypeFor[abi.Binder](),
	} {
		for m := range t.NumMethod() {
			names = append(names, t.Method(m).Name)
		}
	}
	return names
}

// typeText writes a type with the whole import paths of named ones, which
// reflect.Type.String leaves out: two packages may have the same name.
func typeText(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		return t.PkgPath() + "." + t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeText(t.Elem())
	case reflect.Slice:
		return "[]" + typeText(t.Elem())
	case reflect.Map:
		return "map[" + typeText(t.Key()) + "]" + typeText(t.Elem())
	case reflect.Func:
		return "func" + signatureText(t, 0)
	default: // channels, arrays and literal types, which the contract has none of
		return t.String()
	}
}

// signatureText writes parameters, without the first ones, and results.
func signatureText(t reflect.Type, skip int) string {
	var in, out []string
	for i := skip; i < t.NumIn(); i++ {
		in = append(in, typeText(t.In(i)))
	}
	if n := len(in) - 1; t.IsVariadic() {
		in[n] = "..." + strings.TrimPrefix(in[n], "[]")
	}
	for i := range t.NumOut() {
		out = append(out, typeText(t.Out(i)))
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
