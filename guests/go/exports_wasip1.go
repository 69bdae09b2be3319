package guest

import (
	"context"
	"unsafe"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

//go:wasmexport swapline_abi_version
func abiVersion() int32 { return abi.Version }

// alloc gives room for an input, or 0 if the size makes no sense.
//
//go:wasmexport swapline_alloc
func alloc(size int32) unsafe.Pointer {
	p := &instance
	if size <= 0 || int(size) > wire.DefaultLimits().Bytes {
		return nil
	}
	if cap(p.input) < int(size) {
		p.input = make([]byte, size, max(int(size), 1024))
	}
	p.input = p.input[:size]
	return unsafe.Pointer(unsafe.SliceData(p.input))
}

//go:wasmexport swapline_init
func initialize(ptr unsafe.Pointer, size int32) int64 {
	p := &instance
	in, err := p.received(ptr, size)
	if err != nil {
		return p.fault(err.Error())
	}
	return p.start(in)
}

//go:wasmexport swapline_execute
func execute(ptr unsafe.Pointer, size int32) int64 {
	p := &instance
	in, err := p.received(ptr, size)
	if err != nil {
		return p.fault(err.Error())
	}
	return p.execute(in)
}

//go:wasmexport swapline_validate
func validate() (answer int64) {
	p := &instance
	defer p.recovered(&answer)
	if err := p.validate(); err != nil {
		return p.reject(err)
	}
	return p.ok(nil)
}

// received decodes what the host wrote to the room it was given.
func (p *program) received(ptr unsafe.Pointer, size int32) (map[string]any, error) {
	if ptr != unsafe.Pointer(unsafe.SliceData(p.input)) || int(size) != len(p.input) {
		return nil, errNotOurs
	}
	return wire.DecodeMap(p.input)
}

func (p *program) start(in map[string]any) (answer int64) {
	defer p.recovered(&answer)
	if p.construct == nil {
		return p.fault("no strategy is registered: add `var _ = guest.Register(NewStrategy)` to package main")
	}
	config, _ := in[abi.KeyConfig].(map[string]any)
	s, err := p.construct(&host{config: config})
	if err != nil {
		return p.reject(err)
	}
	if s == nil {
		return p.fault("the constructor returned neither a strategy nor an error")
	}
	p.strategy = s
	p.validator, _ = s.(abi.Validator)
	methods := []any{abi.MethodExecute}
	if p.validator != nil {
		methods = append(methods, abi.MethodValidate)
	}
	return p.ok(map[string]any{abi.KeyMethods: methods})
}

func (p *program) execute(in map[string]any) (answer int64) {
	defer p.recovered(&answer)
	if p.strategy == nil {
		return p.fault("execute was called before init")
	}
	out, err := p.strategy.Execute(context.Background(), in)
	if err != nil {
		return p.reject(err)
	}
	if out == nil {
		out = map[string]any{}
	}
	return p.ok(out)
}
