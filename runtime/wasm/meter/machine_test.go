package meter_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/meter"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
)

// machine runs modules one after the other.
type machine interface {
	// start instantiates a module, whose tick is the host's.
	start(t testing.TB, module []byte, h *host) instance
}

// instance is what the proofs need of a running module.
type instance interface {
	call(export string, args []uint64, results int) ([]uint64, error)
	get(global string) uint64
	set(global string, v uint64)
	memory() []byte
	close()
}

// machines are both of wazero's, and wasmtime if the build has it.
func machines(t testing.TB) map[string]machine {
	all := map[string]machine{}
	for name, config := range engines() {
		all[name] = wazeroMachine{config}
	}
	if e, err := wasmtimeengine.New(wasmtimeengine.Config{}); err == nil {
		t.Cleanup(func() { _ = e.Close(context.Background()) })
		all["wasmtime"] = engineMachine{e}
	}
	return all
}

type wazeroMachine struct{ config wazero.RuntimeConfig }

func (m wazeroMachine) start(t testing.TB, module []byte, h *host) instance {
	r := wazero.NewRuntimeWithConfig(context.Background(), m.config)
	h.offer(t, r)
	i, err := r.InstantiateWithConfig(context.Background(), module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	return wazeroInstance{r, i}
}

type wazeroInstance struct {
	runtime wazero.Runtime
	module  api.Module
}

func (i wazeroInstance) call(export string, args []uint64, _ int) ([]uint64, error) {
	return i.module.ExportedFunction(export).Call(context.Background(), args...)
}
func (i wazeroInstance) get(global string) uint64    { return i.module.ExportedGlobal(global).Get() }
func (i wazeroInstance) set(global string, v uint64) { set(i.module, global, v) }
func (i wazeroInstance) memory() []byte {
	b, _ := i.module.Memory().Read(0, i.module.Memory().Size())
	return b
}
func (i wazeroInstance) close() { _ = i.runtime.Close(context.Background()) }

// engineMachine runs modules as the runtime does.
type engineMachine struct{ engine wasm.Engine }

func (m engineMachine) start(t testing.TB, module []byte, h *host) instance {
	ctx := context.Background()
	tick := wasm.Import{Module: meter.ImportModule, Name: meter.ImportName, Type: meter.ImportType(),
		Call: func(_ *wasm.Host, _ wasm.Memory, stack []uint64) (err error) {
			stack[0], err = h.tick(stack[0], stack[1])
			return err
		}}
	compiled, err := m.engine.Compile(ctx, module, wasm.Compile{Imports: []wasm.Import{tick}, MemoryPages: 4096})
	if err != nil {
		t.Fatal(err)
	}
	g, err := compiled.Instantiate(ctx, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return engineInstance{compiled, g}
}

type engineInstance struct {
	module wasm.Module
	guest  wasm.Guest
}

func (i engineInstance) call(export string, args []uint64, results int) ([]uint64, error) {
	stack := make([]uint64, max(len(args), results))
	copy(stack, args)
	err := i.guest.Func(export)(context.Background(), stack)
	return stack[:results], err
}
func (i engineInstance) get(global string) uint64    { return i.guest.Global(global).Get() }
func (i engineInstance) set(global string, v uint64) { i.guest.Global(global).Set(v) }
func (i engineInstance) memory() []byte {
	b, _ := i.guest.Read(0, i.guest.Size())
	return b
}
func (i engineInstance) close() {
	_ = i.guest.Close(context.Background())
	_ = i.module.Close(context.Background())
}

// ending names an error; that the stack is exhausted has two names.
func ending(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if strings.Contains(text, "stack overflow") || strings.Contains(text, meter.ErrDepth.Error()) {
		return "stack exhausted"
	}
	for _, trap := range []string{"unreachable", "out of bounds memory access", "integer overflow", "integer divide by zero", "invalid conversion to integer",
		"invalid table access", "indirect call type mismatch", "out of bounds table access"} {
		if strings.Contains(text, trap) {
			return trap
		}
	}
	return "refused"
}
