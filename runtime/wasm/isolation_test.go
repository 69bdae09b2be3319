package wasm_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

func TestIsolation(t *testing.T) {
	wasmtest.TestIsolation(t, func(tb testing.TB) driver.Driver { return open(tb, "") })
}
