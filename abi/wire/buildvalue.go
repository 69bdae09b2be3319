package wire

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// Value writes a Go value; it takes what [Append] takes.
func (b *Builder) Value(v any) {
	switch x := v.(type) {
	case string:
		b.Text(x)
	case int64:
		b.Int(x)
	case map[string]any:
		b.mapping(x)
	case []any:
		b.list(x)
	case bool:
		b.Bool(x)
	case nil:
		b.Null()
	case float64:
		b.Float(x)
	case int:
		b.Int(int64(x))
	case []byte:
		b.Bytes(x)
	default:
		b.other(v)
	}
}

// other writes a value whose Go type is not of the domain.
func (b *Builder) other(v any) {
	n := normalizer{left: Limits{}.budget()}
	x, e := n.value(v)
	if e == nil {
		b.Value(x)
	} else if b.begin() {
		b.refuse(e)
	}
}

func (b *Builder) list(list []any) {
	if b.OpenList(); !b.takes(len(list)) {
		return
	}
	for _, v := range list {
		if b.Value(v); b.err != nil {
			return
		}
	}
	b.Close()
}

// takes reports whether n items can follow in the container that was opened.
func (b *Builder) takes(n int) bool {
	if n > mostItems-b.items {
		b.fail(ErrSize, "too many items")
	}
	return b.err == nil
}

// mapping writes the members in order.
func (b *Builder) mapping(m map[string]any) {
	if b.OpenMap(); !b.takes(len(m)) {
		return
	}
	start := len(b.members)
	for k, v := range m {
		b.members = append(b.members, member{k, v})
	}
	end := len(b.members)
	sortMembers(b.members[start:])
	for i := start; i < end && b.err == nil; i++ {
		b.Key(b.members[i].key)
		b.Value(b.members[i].value)
	}
	clear(b.members[start:]) // they would keep the values alive
	b.members = b.members[:start]
	b.Close()
}

// sortMembers sorts few members by insertion, which costs the least there.
func sortMembers(list []member) {
	if len(list) > fewMembers {
		slices.SortFunc(list, encodedOrder)
		return
	}
	for i := 1; i < len(list); i++ {
		m := list[i]
		at := i
		for ; at > 0 && before(m.key, list[at-1].key); at-- {
			list[at] = list[at-1]
		}
		list[at] = m
	}
}

// sort puts the members of a map that were written in another order into that
// of the encoding. It reports false if a key is there twice.
func (b *Builder) sort(f *frame) bool {
	body := string(b.dst[f.head+1:])
	members := make([]string, f.count)
	at := 0
	for i := range members {
		start := at
		at = skip(body, skip(body, at))
		members[i] = body[start:at]
	}
	slices.Sort(members) // keys come first, and none is the beginning of another
	b.dst = b.dst[:f.head+1]
	for i, m := range members {
		end := skip(m, 0)
		f.key = span{len(b.dst), len(b.dst) + end}
		b.dst = append(b.dst, m...)
		if i > 0 && strings.HasPrefix(members[i-1], m[:end]) {
			b.fail(ErrDuplicateKey, "")
			return false
		}
	}
	return true
}

// validEnd reports whether the last n bytes of b are UTF-8. It looks at eight
// bytes at a time for some that are not ASCII.
func validEnd(b []byte, n int) bool {
	if n < 8 && len(b) >= 8 {
		return binary.LittleEndian.Uint64(b[len(b)-8:])>>(64-8*n)&high == 0 || utf8.Valid(b[len(b)-n:])
	}
	return validLong(b[len(b)-n:])
}

const high = 0x8080_8080_8080_8080 // the bits that ASCII does not have

func validLong(b []byte) bool {
	found, i := uint64(0), 0
	for ; i+8 <= len(b); i += 8 {
		found |= binary.LittleEndian.Uint64(b[i:])
	}
	for ; i < len(b); i++ {
		found |= uint64(b[i])
	}
	return found&high == 0 || utf8.Valid(b)
}
