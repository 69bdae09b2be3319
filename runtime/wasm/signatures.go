package wasm

import (
	"slices"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
)

// Signatures implements driver.Signed: the exports of the calling convention that
// the runtime depends on, with the types that Load has found them to have. What
// only the toolchain decides is left out: start-up code, and the export for a
// Validate that the strategy does not have.
func (i *instance) Signatures() []string {
	var list []string
	for _, e := range conventionExports() {
		if e.name == abi.ExportInitialize || e.name == abi.ExportValidate && !slices.Contains(i.methods, abi.MethodValidate) {
			continue
		}
		list = append(list, e.name+" "+e.typ.String())
	}
	slices.Sort(list)
	return list
}

var _ driver.Signed = (*instance)(nil)
