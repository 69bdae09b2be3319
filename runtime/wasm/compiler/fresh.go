package compiler

import (
	"context"
	"crypto/rand"

	"github.com/swapline/swapline/runtime/wasm"
)

// compileFresh compiles a module that nobody has compiled: the same one with another
// custom section, which no cache knows. What the child made goes when it is loaded.
func (e *engine) compileFresh(ctx context.Context, module []byte, c wasm.Compile) (wasm.Module, error) {
	c.Fresh = false
	unheard := unheardOf(module)
	defer e.store.drop(keyOf(e.source, unheard))
	return e.Compile(ctx, unheard, c)
}

// unheardOf is the module with a custom section that is named by chance.
func unheardOf(module []byte) []byte {
	name := rand.Text() // 26 letters and digits
	b := make([]byte, 0, len(module)+3+len(name))
	b = append(b, module...)
	b = append(b, 0, byte(1+len(name)), byte(len(name)))
	return append(b, name...)
}
