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
	p.input = p.place(int(size))
	return unsafe.Pointer(unsafe.SliceData(p.input))
}

// shared is the greatest length of an input whose texts are parts of the input
// itself. One text that the strategy keeps then keeps all of it.
const shared = 4 << 10

// place is fresh memory for a short input and always the same for long ones.
func (p *program) place(size int) []byte {
	if size <= shared {
		return make([]byte, size)
	}
	if cap(p.room) < size {
		p.room = make([]byte, size)
	}
	return p.room[:size]
}

//go:wasmexport swapline_init
func initialize(ptr unsafe.Pointer, size int32) int64 {
	p := &instance
	if !p.received(ptr, size) {
		return p.fault(errNotOurs.Error())
	}
	in, err := wire.DecodeMap(p.input)
	if err != nil {
		return p.fault(err.Error())
	}
	return p.start(in)
}

//go:wasmexport swapline_execute
func execute(ptr unsafe.Pointer, size int32) int64 {
	p := &instance
	switch {
	case !p.received(ptr, size):
		return p.fault(errNotOurs.Error())
	case p.strategy == nil:
		return p.fault("execute was called before init")
	case p.encoded != nil:
		return p.executeEncoded(wire.TrustedView(p.document()))
	}
	in, err := p.decoded()
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

// received reports whether the host wrote to the room it was given.
func (p *program) received(ptr unsafe.Pointer, size int32) bool {
	return ptr == unsafe.Pointer(unsafe.SliceData(p.input)) && int(size) == len(p.input)
}

// document is the input as text that nobody will write to: the host writes
// before the call, and the memory of a short input serves for one call only.
func (p *program) document() string {
	if len(p.input) <= shared {
		return unsafe.String(unsafe.SliceData(p.input), len(p.input))
	}
	return string(p.input)
}

// decoded is the input as a map. The host writes what wire.Append writes, so
// that nothing is checked again, but for long inputs, whose texts must not keep
// it as a whole.
func (p *program) decoded() (map[string]any, error) {
	if len(p.input) > shared {
		return wire.DecodeMap(p.input)
	}
	in, ok := wire.TrustedView(p.document()).Map()
	if !ok {
		return nil, errNotOurs
	}
	return in, nil
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
	p.encoded, _ = s.(Encoded)
	p.validator, _ = s.(abi.Validator)
	methods := []any{abi.MethodExecute}
	if p.validator != nil {
		methods = append(methods, abi.MethodValidate)
	}
	return p.ok(map[string]any{abi.KeyMethods: methods})
}

func (p *program) execute(in map[string]any) (answer int64) {
	defer p.recovered(&answer)
	out, err := p.strategy.Execute(context.Background(), in)
	if err != nil {
		return p.reject(err)
	}
	if out == nil {
		out = map[string]any{}
	}
	return p.ok(out)
}

func (p *program) executeEncoded(in wire.View) (answer int64) {
	defer p.recovered(&answer)
	p.begin(abi.StatusOK)
	if err := p.encoded.ExecuteEncoded(context.Background(), in, &p.out); err != nil {
		return p.reject(err)
	}
	if p.out.Empty() {
		p.out.Value(map[string]any{})
	}
	return p.finish()
}
