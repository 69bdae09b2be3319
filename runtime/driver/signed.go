package driver

import (
	"reflect"
	"slices"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/rebind"
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
	list := []string{abi.ConstructorSymbol + " " + rebind.Spell(reflect.TypeFor[abi.Constructor]())}
	has := reflect.ValueOf(s)
	for _, name := range contractMethods() {
		if m := has.MethodByName(name); m.IsValid() {
			list = append(list, name+" "+rebind.Spell(m.Type()))
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
