package guest

import (
	"unsafe"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// decode reads an input and runs nothing of the strategy. It is for measurements, as
// echo is: together they tell what of a call is the strategy's. For a strategy that
// reads its input in place all values are read there, each once, and counted.
//
//go:wasmexport swapline_decode
func decode(ptr unsafe.Pointer, size int32) int64 {
	p := &instance
	if !p.received(ptr, size) {
		return p.fault(errNotOurs.Error())
	}
	if p.encoded != nil {
		return p.send(abi.StatusOK, visit(wire.TrustedView(p.document()), nil))
	}
	if _, err := p.decoded(); err != nil {
		return p.fault(err.Error())
	}
	return p.ok(nil)
}

// echo reads an input in the same way and answers with it.
//
//go:wasmexport swapline_echo
func echo(ptr unsafe.Pointer, size int32) int64 {
	p := &instance
	if !p.received(ptr, size) {
		return p.fault(errNotOurs.Error())
	}
	if p.encoded != nil {
		p.begin(abi.StatusOK)
		visit(wire.TrustedView(p.document()), &p.out)
		return p.finish()
	}
	in, err := p.decoded()
	if err != nil {
		return p.fault(err.Error())
	}
	return p.ok(in)
}

// visit reads the values inside of v, each once, and returns their number. It writes
// v, if there is where to.
func visit(v wire.View, to *wire.Builder) (n int64) {
	kind := v.Kind()
	switch {
	case kind != wire.KindMap && kind != wire.KindList:
		visitOne(v, to)
		return 0
	case to != nil && kind == wire.KindMap:
		to.OpenMap()
	case to != nil:
		to.OpenList()
	}
	for key, member := range v.Members() { // of a list there are none
		if to != nil {
			to.Key(key)
		}
		n += 1 + visit(member, to)
	}
	for item := range v.Elements() {
		n += 1 + visit(item, to)
	}
	if to != nil {
		to.Close()
	}
	return n
}

// visitOne reads what is neither list nor map.
func visitOne(v wire.View, to *wire.Builder) {
	switch v.Kind() {
	case wire.KindBool:
		if b, _ := v.Bool(); to != nil {
			to.Bool(b)
		}
	case wire.KindInt:
		if n, _ := v.Int(); to != nil {
			to.Int(n)
		}
	case wire.KindFloat:
		if f, _ := v.Float(); to != nil {
			to.Float(f)
		}
	case wire.KindText:
		if s, _ := v.Text(); to != nil {
			to.Text(s)
		}
	case wire.KindBytes:
		if b, _ := v.Bytes(); to != nil {
			to.Bytes(b)
		}
	default:
		if to != nil {
			to.Null()
		}
	}
}
