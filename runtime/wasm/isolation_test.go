package wasm_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

func TestIsolation(t *testing.T) {
	wasmtest.TestIsolation(t, func(tb testing.TB) driver.Driver { return open(tb, wazeroengine.Config{}) })
}
