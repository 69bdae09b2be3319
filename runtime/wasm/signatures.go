package wasm

import (
	"slices"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
)

// Signatures implements driver.Signed: the exports of the calling convention that
// the runtime depends on, with the types that Load has found them to have. What
// only the toolchain decides is left out: start-up code, what is for measurements, and
// the export for a Validate that the strategy does not have.
func (i *instance) Signatures() []string {
	var list []string
	for _, e := range conventionExports() {
		if i.leavesOut(e.name) {
			continue
		}
		list = append(list, e.name+" "+e.typ.String())
	}
	slices.Sort(list)
	return list
}

func (i *instance) leavesOut(name string) bool {
	switch name {
	case abi.ExportInitialize, exportDecode, exportEcho:
		return true
	case abi.ExportValidate:
		return !slices.Contains(i.methods, abi.MethodValidate)
	}
	return false
}

var _ driver.Signed = (*instance)(nil)
