package wire

import "math"

// Value makes the Go value of a view, of the types of the domain; ok is false if
// the document is damaged. Texts and keys share the document's memory, nothing
// else does.
func (v View) Value() (value any, ok bool) {
	limits := DefaultLimits()
	r := viewReader{s: v.at, depth: limits.Depth, items: limits.Items}
	value = r.value()
	return value, !r.damaged
}

// Map is [View.Value] for a map.
func (v View) Map() (m map[string]any, ok bool) {
	if v.Kind() != KindMap {
		return nil, false
	}
	value, ok := v.Value()
	m, _ = value.(map[string]any)
	return m, ok
}

// viewReader makes values from a document that is taken to be right. It checks
// what it needs to stay inside of it.
type viewReader struct {
	s       string
	at      int
	depth   int // containers that may be opened inside each other
	items   int // that may be in all containers
	damaged bool
}

func (r *viewReader) value() any {
	s, at := r.s, r.at
	n, next := head(s, at)
	if next == 0 {
		return r.damage()
	}
	r.at = next
	switch s[at] &^ 31 {
	case majorUint:
		return int64(n & math.MaxInt64)
	case majorInt:
		return ^int64(n & math.MaxInt64)
	case majorText:
		return r.text(n)
	case majorBytes:
		return []byte(r.text(n))
	case majorMap:
		return r.mapping(n)
	case majorList:
		return r.list(n)
	}
	return r.other(s[at], n)
}

// damage ends the reading.
func (r *viewReader) damage() any {
	r.at, r.damaged = len(r.s), true
	return nil
}

func (r *viewReader) text(n uint64) string {
	if n > uint64(len(r.s)-r.at) {
		r.damage()
		return ""
	}
	start := r.at
	r.at += int(n)
	return r.s[start:r.at]
}

// open enters a container.
func (r *viewReader) open(n uint64) bool {
	if n > uint64(len(r.s)-r.at) || n > uint64(r.items) || r.depth == 0 {
		r.damage()
		return false
	}
	r.depth--
	r.items -= int(n)
	return true
}

func (r *viewReader) list(n uint64) any {
	if !r.open(n) {
		return nil
	}
	list := make([]any, n)
	for i := range list {
		list[i] = r.value()
	}
	r.depth++
	return list
}

func (r *viewReader) mapping(n uint64) any {
	if !r.open(n) {
		return nil
	}
	m := make(map[string]any, n)
	for range n {
		size, next := head(r.s, r.at)
		if next == 0 {
			return r.damage()
		}
		r.at = next
		key := r.text(size)
		m[key] = r.value()
	}
	r.depth++
	return m
}

func (r *viewReader) other(first byte, n uint64) any {
	switch first {
	case cborFalse:
		return false
	case cborTrue:
		return true
	case cborNull:
		return nil
	case cborFloat16, cborFloat32, cborFloat64:
		return floatOf(n, 1<<(first&31-24))
	}
	return r.damage()
}
