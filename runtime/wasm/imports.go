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

// hostImports lists everything that guests may import. All but the tick, which
// metering adds, and the clocks count as calls of host functions.
func hostImports() []Import {
	list := append([]Import{
		{abi.ImportModule, abi.ImportLog, signature("iii", ""), logImport},
		{abi.ImportModule, abi.ImportNow, signature("", "I"), nowImport},
		{abi.ImportModule, abi.ImportRandom, signature("ii", ""), randomImport},
		requestImport(abi.ImportEmit),
		requestImport(abi.ImportState),
		requestImport(abi.ImportHTTP),
		{abi.ImportModule, abi.ImportReply, signature("i", ""), replyImport},
	}, wasiImports()...)
	for i := range list {
		list[i] = counted(list[i])
	}
	return append(list, Import{meter.ImportModule, meter.ImportName, meter.ImportType(), tickImport})
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
	n, err := h.now()
	stack[0] = uint64(n)
	return err
}
