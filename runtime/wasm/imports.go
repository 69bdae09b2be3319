package wasm

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// signature makes a type from letters: i for i32, I for i64.
func signature(params, results string) guard.FuncType {
	return guard.FuncType{Params: letters(params), Results: letters(results)}
}

func letters(s string) []guard.ValueType {
	ts := make([]guard.ValueType, len(s))
	for i, c := range s {
		ts[i] = guard.I32
		if c == 'I' {
			ts[i] = guard.I64
		}
	}
	return ts
}

// hostImports lists everything that guests may import.
func hostImports() []Import {
	return append([]Import{
		{meter.ImportModule, meter.ImportName, meter.ImportType(), tickImport},
		{abi.ImportModule, abi.ImportLog, signature("iii", ""), logImport},
		{abi.ImportModule, abi.ImportNow, signature("", "I"), nowImport},
	}, wasiImports()...)
}

func logImport(h *Host, m Memory, stack []uint64) error {
	ptr, size := uint32(stack[1]), uint32(stack[2])
	b, ok := m.Read(ptr, size)
	if !ok {
		return h.broke("a log line at %d, %d bytes long, is outside of the memory", ptr, size)
	}
	return h.message(abi.Level(int32(uint32(stack[0]))), b)
}

func nowImport(h *Host, _ Memory, stack []uint64) error {
	stack[0] = uint64(h.clock().UnixNano())
	return nil
}
