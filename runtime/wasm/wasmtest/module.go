// Package wasmtest makes modules for tests: real guests built by the go tool,
// and small ones assembled byte by byte, valid or hostile, without any other
// tool.
//
// A module is a list of sections:
//
//	m := wasmtest.Module(
//		wasmtest.Section(1, wasmtest.Vec(wasmtest.Func("", "i"))),     // types
//		wasmtest.Section(3, wasmtest.Vec(wasmtest.U32(0))),            // functions
//		wasmtest.Section(10, wasmtest.Vec(wasmtest.Body(wasmtest.I32(7)))), // code
//	)
//
// Function types are written with letters: i is i32, I is i64.
package wasmtest

// Header is the magic number and the version.
const Header = "\x00asm\x01\x00\x00\x00"

// Module joins sections behind the header.
func Module(sections ...[]byte) []byte {
	m := []byte(Header)
	for _, s := range sections {
		m = append(m, s...)
	}
	return m
}

// Section is one section with its size.
func Section(id byte, content ...[]byte) []byte { return append([]byte{id}, Sized(content...)...) }

// Sized joins parts behind their length in bytes.
func Sized(parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return Join(append([][]byte{U32(uint32(n))}, parts...)...)
}

// Join joins parts.
func Join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// Vec joins items behind their number.
func Vec(items ...[]byte) []byte {
	return Join(append([][]byte{U32(uint32(len(items)))}, items...)...)
}

// U32 is an unsigned LEB128.
func U32(n uint32) []byte {
	var b []byte
	for ; n > 0x7f; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// S64 is a signed LEB128.
func S64(n int64) []byte {
	var b []byte
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// Name is a string.
func Name(s string) []byte { return Sized([]byte(s)) }

// Func is a function type.
func Func(params, results string) []byte {
	return Join([]byte{0x60}, valueTypes(params), valueTypes(results))
}

func valueTypes(letters string) []byte {
	b := make([]byte, len(letters))
	for i, c := range letters {
		b[i] = 0x7f
		if c == 'I' {
			b[i] = 0x7e
		}
	}
	return Sized(b)
}

// Body is the code of a function without locals.
func Body(code ...[]byte) []byte { return BodyWith([]byte{0}, code...) }

// BodyWith is the code of a function with the given local declarations.
func BodyWith(locals []byte, code ...[]byte) []byte {
	return Sized(append(append([][]byte{locals}, code...), []byte{0x0b})...)
}

// I32 pushes a constant.
func I32(n int32) []byte { return append([]byte{0x41}, S64(int64(n))...) }

// I64 pushes a constant.
func I64(n int64) []byte { return append([]byte{0x42}, S64(n)...) }

// Op is raw code.
func Op(b ...byte) []byte { return b }
