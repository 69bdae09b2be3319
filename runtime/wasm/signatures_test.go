package wasm_test

import (
	"slices"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

func TestSignaturesAreTheExportsThatTheRuntimeDependsOn(t *testing.T) {
	always := []string{"swapline_abi_version func() i32", "swapline_alloc func(i32) i32", "swapline_execute func(i32, i32) i64", "swapline_init func(i32, i32) i64"}
	checks := append(slices.Clone(always), "swapline_validate func() i64")
	validate := w.Return(0, 0)
	lists := w.Encoded(abi.StatusOK, map[string]any{abi.KeyMethods: []any{abi.MethodExecute}})
	for name, c := range map[string]struct {
		guest w.Guest
		want  []string
	}{
		"as little as can be":             {w.Guest{}, always},
		"with start-up code":              {w.Guest{Extras: w.Extras{Initialize: []byte{}}}, always},
		"with Validate":                   {w.Guest{Extras: w.Extras{Validate: validate}}, checks},
		"with the export for Validate":    {w.Guest{Extras: w.Extras{Validate: validate}, Data: [][]byte{lists}, Init: w.Guest{Data: [][]byte{lists}}.Answer(0)}, always},
		"with exports of the toolchain's": {w.Guest{Extras: w.Extras{Initialize: []byte{}, Validate: validate}}, checks},
	} {
		t.Run(name, func(t *testing.T) {
			if got := driver.SignaturesOf(load(t, specOf(t, c.guest.Module()))); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
