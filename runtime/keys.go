package runtime

import (
	"context"

	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/rollout"
)

// keys finds the sticky keys of calls.
type keys struct {
	header  string          // "" for none
	pointer pointer.Pointer // the zero value for none
	given   bool            // one of them is
}

func newKeys(sticky rollout.Sticky) keys {
	k := keys{header: sticky.Header, given: sticky != rollout.Sticky{}}
	if sticky.Pointer != "" {
		k.pointer, _ = pointer.Parse(sticky.Pointer) // the policy was checked
	}
	return k
}

// of appends a call's sticky key to room.
func (k *keys) of(ctx context.Context, c *call, room []byte) ([]byte, bool) {
	switch {
	case !k.given:
		return nil, false
	case k.header != "":
		value := headerOf(ctx, k.header)
		return append(room, value...), value != ""
	case c.textual:
		raw, ok := k.pointer.InText(c.text)
		if !ok {
			return nil, false
		}
		return pointer.KeyOfText(room, raw)
	}
	value, ok := k.pointer.In(c.in)
	if !ok {
		return nil, false
	}
	return pointer.KeyOf(room, value)
}
