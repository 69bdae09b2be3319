package experiment

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// writer writes the parts that a Checkpoint is made of.
type writer struct{ b []byte }

func (w *writer) counts(list ...int64) {
	for _, n := range list {
		w.b = binary.AppendUvarint(w.b, uint64(n)) //nolint:gosec // counts are not negative
	}
}

func (w *writer) floats(list ...float64) {
	for _, x := range list {
		w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(x))
	}
}

// row writes counts of which most are 0.
func (w *writer) row(counts []int64) {
	filled := int64(0)
	for _, n := range counts {
		if n != 0 {
			filled++
		}
	}
	w.counts(filled)
	next := 0
	for i, n := range counts {
		if n != 0 {
			w.counts(int64(i-next), n)
			next = i + 1
		}
	}
}

// sparse lists the bits of words by how many are not set before each; false if the
// words themselves are as short.
func sparse(words []uint64) ([]byte, bool) {
	n := 0
	for _, word := range words {
		n += bits.OnesCount64(word)
	}
	if n >= bitmap {
		return nil, false
	}
	w := &writer{b: make([]byte, 0, n+n/4+16)}
	w.counts(int64(n))
	next := 0
	for i, word := range words {
		for ; word != 0; word &= word - 1 {
			at := 64*i + bits.TrailingZeros64(word)
			w.counts(int64(at - next))
			next = at + 1
		}
	}
	return w.b, len(w.b) < bitmap
}

// reader reads what a writer wrote. After the first mistake all that it reads is 0,
// and the mistake is its error.
type reader struct {
	b   []byte
	err error
}

// mostCounted is more than anybody counts, and so little that a row's sum is a
// number.
const mostCounted = 1 << 48

// must notes a mistake unless what has to be so is.
func (r *reader) must(so bool, otherwise string) {
	if !so && r.err == nil {
		r.err = fmt.Errorf("%w: %s", errDamaged, otherwise)
	}
}

// end is the error of all that was read.
func (r *reader) end() error {
	r.must(len(r.b) == 0, "it is too long")
	return r.err
}

// take is the next n bytes; nil if there are not so many.
func (r *reader) take(n int) []byte {
	if r.must(n <= len(r.b), "it is too short"); r.err != nil {
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.b)
	if r.must(n > 0, "it is too short"); r.err != nil {
		return 0
	}
	r.b = r.b[n:]
	return x
}

// count reads a number or a time.
func (r *reader) count() int64 {
	x := r.uvarint()
	if r.must(x <= math.MaxInt64>>2, "a number too large"); r.err != nil {
		return 0
	}
	return int64(x) //nolint:gosec // it was just held against that
}

// any reads a float, also one that is no number, float one that is.
func (r *reader) any() float64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

func (r *reader) float() float64 {
	x := r.any()
	if r.must(!math.IsNaN(x) && !math.IsInf(x, 0), "what is no number"); r.err != nil {
		return 0
	}
	return x
}

// row reads a row of a length.
func (r *reader) row(length int) []int64 {
	out := make([]int64, length)
	r.fill(out)
	return out
}

// fill reads a row into counts that are 0.
func (r *reader) fill(out []int64) {
	next, length := int64(0), len(out)
	for n := r.count(); n > 0 && r.err == nil; n-- {
		skipped, count := r.count(), r.count()
		r.must(skipped < int64(length) && next+skipped < int64(length) && count > 0 && count < mostCounted, "a count where none is")
		if r.err == nil {
			out[next+skipped] = count
			next += skipped + 1
		}
	}
}
