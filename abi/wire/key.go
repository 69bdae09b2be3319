package wire

import "strings"

// BytesKey is the one key that no map of the domain has: JSON writes bytes as
// an object with this key alone.
const BytesKey = "$bytes"

func reserved(key string) *Error {
	if key == BytesKey {
		return fail(ErrDomain, "the key "+BytesKey+" is reserved for bytes in JSON").inKey(key)
	}
	return nil
}

// keyTable makes the strings of the keys of one document. A key that was seen
// lately is not made again, as in a list of like maps; new ones are packed
// into chunks, so that the keys of a small map cost one allocation and a key
// that is kept does not keep the document.
type keyTable struct {
	recent [32]string
	chunk  strings.Builder
}

// keyChunk is the size of a chunk in bytes; longer keys stand alone.
const keyChunk = 256

func (t *keyTable) get(key []byte) string {
	if len(key) == 0 {
		return ""
	}
	slot := &t.recent[(uint(key[0])^uint(key[len(key)-1])<<2^uint(len(key)))%uint(len(t.recent))]
	if *slot != string(key) {
		*slot = t.pack(key)
	}
	return *slot
}

func (t *keyTable) pack(key []byte) string {
	if len(key) > keyChunk/4 {
		return string(key)
	}
	if t.chunk.Cap()-t.chunk.Len() < len(key) {
		t.chunk = strings.Builder{}
		t.chunk.Grow(keyChunk)
	}
	start := t.chunk.Len()
	t.chunk.Write(key)
	return t.chunk.String()[start:]
}
