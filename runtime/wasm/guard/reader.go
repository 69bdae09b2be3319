package guard

import (
	"unicode/utf8"

	"github.com/swapline/swapline/runtime/problem"
)

// reader walks the module once from front to back. The first problem sticks:
// every later read returns zero and moves nothing, so callers test err where a
// loop or a decision depends on it.
type reader struct {
	b   []byte
	pos int
	end int // reads stop here: the end of the enclosing section or body
	err *problem.Error
}

func (r *reader) malformed(format string, args ...any) {
	if r.err == nil {
		r.err = problem.New(problem.WasmMalformed, "byte %d: "+format, append([]any{r.pos}, args...)...).
			In("wasm_structure").Cure("build the module again with a current toolchain")
	}
}

func (r *reader) unsupported(format string, args ...any) {
	if r.err == nil {
		r.err = problem.New(problem.WasmMalformed, "byte %d: "+format, append([]any{r.pos}, args...)...).
			In("wasm_structure").Cure("build the module for WebAssembly 2.0 without SIMD, threads, tail calls and garbage collection")
	}
}

// tooLarge reports that what has a limit of at most max.
func (r *reader) tooLarge(what string, max, found int) {
	if r.err == nil {
		r.err = problem.New(problem.WasmTooLarge, "byte %d: too many or too large: %s", r.pos, what).
			In("wasm_structure").Want("at most %d", max).Got("%d", found).
			Cure("make the module smaller, or split what it does")
	}
}

// within fails unless n is at most max and reports whether it is.
func (r *reader) within(what string, n uint32, max int) bool {
	if r.err == nil && int64(n) > int64(max) {
		r.tooLarge(what, max, int(n))
	}
	return r.err == nil
}

func (r *reader) remaining() int { return r.end - r.pos }

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= r.end {
		r.malformed("unexpected end")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

func (r *reader) skip(n uint32) {
	if r.err != nil {
		return
	}
	if int64(n) > int64(r.remaining()) {
		r.malformed("%d bytes announced, %d left", n, r.remaining())
		return
	}
	r.pos += int(n)
}

// u32 reads an unsigned LEB128 of at most 32 bits in at most five bytes.
func (r *reader) u32() uint32 {
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		if shift == 28 && c > 0x0f {
			r.malformed("an unsigned number exceeds 32 bits")
			return 0
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	return 0
}

// signed reads a signed LEB128 of at most bits bits.
func (r *reader) signed(bits int) int64 {
	var v int64
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if left := bits - shift; left < 7 && !signExtends(c, left) {
			r.malformed("a signed number exceeds %d bits", bits)
			return 0
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if shift += 7; shift < 64 && c&0x40 != 0 {
				v |= -1 << shift
			}
			return v
		}
	}
}

// signExtends reports whether the last byte of a signed LEB128, of which only
// the low bits count, ends the number there and repeats its sign above them.
func signExtends(c byte, bits int) bool {
	top := int8(c<<1) >> bits // arithmetic: sign bit and everything above it
	return c < 0x80 && (top == 0 || top == -1)
}

// count reads the length of a vector whose elements take at least size bytes.
func (r *reader) count(what string, size, max int) int {
	n := r.u32()
	if !r.within(what, n, max) {
		return 0
	}
	if int64(n)*int64(size) > int64(r.remaining()) {
		r.malformed("%d %s announced in %d bytes", n, what, r.remaining())
		return 0
	}
	return int(n)
}

// index reads an index that must be below n.
func (r *reader) index(what string, n int) uint32 {
	i := r.u32()
	if r.err == nil && int64(i) >= int64(n) {
		r.malformed("%s %d does not exist, there are %d", what, i, n)
		return 0
	}
	return i
}

// name reads a string of valid UTF-8.
func (r *reader) name(max int) string {
	n := r.u32()
	if !r.within("bytes in a name", n, max) {
		return ""
	}
	start := r.pos
	r.skip(n)
	if r.err != nil {
		return ""
	}
	if !utf8.Valid(r.b[start:r.pos]) {
		r.malformed("a name is not UTF-8")
		return ""
	}
	return string(r.b[start:r.pos])
}

// enter narrows the reader to the next size bytes and returns the outer end
// for leave.
func (r *reader) enter(size uint32) (outer int) {
	outer = r.end
	if r.err == nil && int64(size) > int64(r.remaining()) {
		r.malformed("%d bytes announced, %d left", size, r.remaining())
	}
	if r.err == nil {
		r.end = r.pos + int(size)
	}
	return outer
}

// leave ends what enter began; every byte must have been read.
func (r *reader) leave(outer int) {
	if r.err == nil && r.pos != r.end {
		r.malformed("%d bytes too many", r.remaining())
	}
	r.end = outer
}
