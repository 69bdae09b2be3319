package recorder

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
)

// scratch is room for one input on its way into the ring.
type scratch struct {
	encoded []byte
	builder wire.Builder
}

// mask returns the encoding of an input with its masks applied, in memory of its
// own. What is not masked stands nowhere but in the input when it has returned.
func (s *scratch) mask(in input, masks pointer.Patterns) ([]byte, error) {
	encoded := in.raw
	if !in.encoded {
		defer s.wipe()
		s.encoded = slices.Grow(s.encoded[:0], 5*len(in.raw)) // a buffer that grows leaves copies behind
		var err error
		if s.encoded, err = wire.JSONMapToCBOR(s.encoded[:0], in.raw); err != nil {
			return nil, err
		}
		encoded = s.encoded
	}
	if masks.Empty() {
		return bytes.Clone(encoded), nil
	}
	// A string of its own could not be wiped. The view ends before the buffer is
	// written to.
	view := wire.TrustedView(unsafe.String(unsafe.SliceData(encoded), len(encoded)))
	s.builder.Reset(make([]byte, 0, len(encoded)))
	s.copy(view, masks)
	return s.builder.Finish()
}

// wipe overwrites all that the encoder used, and gives a large buffer back.
func (s *scratch) wipe() {
	clear(s.encoded[:cap(s.encoded)])
	if cap(s.encoded) > keptBuffer {
		s.encoded = nil
	}
}

// copy writes a value with the masks below it applied.
func (s *scratch) copy(v wire.View, masks pointer.Patterns) {
	switch {
	case masks.Hit():
		s.blank(v)
	case v.Kind() == wire.KindMap:
		s.builder.OpenMap()
		for key, member := range v.Members() {
			s.builder.Key(key)
			s.copy(member, masks.Step(key))
		}
		s.builder.Close()
	case v.Kind() == wire.KindList:
		s.builder.OpenList()
		i := 0
		for element := range v.Elements() {
			s.copy(element, s.element(masks, i))
			i++
		}
		s.builder.Close()
	default:
		s.scalar(v)
	}
}

// element steps into a list; where no mask goes on no index is written.
func (s *scratch) element(masks pointer.Patterns, i int) pointer.Patterns {
	if masks.Empty() {
		return masks
	}
	return masks.Step(strconv.Itoa(i))
}

func (s *scratch) scalar(v wire.View) {
	switch v.Kind() {
	case wire.KindBool:
		b, _ := v.Bool()
		s.builder.Bool(b)
	case wire.KindInt:
		i, _ := v.Int()
		s.builder.Int(i)
	case wire.KindFloat:
		f, _ := v.Float()
		s.builder.Float(f)
	case wire.KindText:
		t, _ := v.Text()
		s.builder.Text(t)
	case wire.KindBytes:
		b, _ := v.Bytes()
		s.builder.Bytes(b)
		clear(b)
	default:
		s.builder.Null()
	}
}

// blank writes what stands for a masked value.
func (s *scratch) blank(v wire.View) {
	switch v.Kind() {
	case wire.KindBool:
		s.builder.Bool(false)
	case wire.KindInt:
		s.builder.Int(0)
	case wire.KindFloat:
		s.builder.Float(0)
	case wire.KindText:
		t, _ := v.Text()
		s.builder.Text(strings.Repeat("x", len(t)))
	case wire.KindBytes:
		b, _ := v.Bytes()
		clear(b)
		s.builder.Bytes(b)
	case wire.KindMap:
		s.builder.OpenMap()
		for key, member := range v.Members() {
			s.builder.Key(key)
			s.blank(member)
		}
		s.builder.Close()
	case wire.KindList:
		s.builder.OpenList()
		for element := range v.Elements() {
			s.blank(element)
		}
		s.builder.Close()
	default:
		s.builder.Null()
	}
}
