package compiler

import (
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// question is what the host asks the child; the module follows it.
type question struct {
	Engine      string     `json:"engine"`
	Dir         string     `json:"dir"`
	Limits      Limits     `json:"limits"`
	MemoryPages uint32     `json:"memory_pages"`
	Imports     []imported `json:"imports"`
}

// imported is a wasm.Import without its function, which a child never calls.
type imported struct {
	Module string         `json:"module"`
	Name   string         `json:"name"`
	Type   guard.FuncType `json:"type"`
}

// verdict is the child's answer. It is a success if Files alone is set.
type verdict struct {
	Files   []file  `json:"files,omitempty"`
	Refused string  `json:"refused,omitempty"` // by the engine: its words
	Limit   limited `json:"limit,omitempty"`   // was exceeded
}

// limited names one of the Limits.
type limited string

const (
	limitCPU    limited = "CPU time"
	limitWall   limited = "time"
	limitMemory limited = "memory"
	limitCode   limited = "machine code"
)

func ask(engine, dir string, l Limits, c wasm.Compile) question {
	q := question{Engine: engine, Dir: dir, Limits: l, MemoryPages: c.MemoryPages}
	for _, i := range c.Imports {
		q.Imports = append(q.Imports, imported{i.Module, i.Name, i.Type})
	}
	return q
}

// compile is what the engine of the child gets.
func (q question) compile() wasm.Compile {
	c := wasm.Compile{MemoryPages: q.MemoryPages}
	for _, i := range q.Imports {
		c.Imports = append(c.Imports, wasm.Import{Module: i.Module, Name: i.Name, Type: i.Type, Call: neverCalled})
	}
	return c
}

func neverCalled(*wasm.Host, wasm.Memory, []uint64) error { panic("a child runs no guest") }
