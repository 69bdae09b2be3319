package snapshot

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Image is the content of a memory at one moment. It does not change and is
// safe for concurrent use. It counts who uses it: what it holds is given back
// when it was closed and every Memory with it was freed.
type Image struct {
	bytes []byte
	file  file
	users atomic.Int64
}

// NewImage copies b, whole pages of 64 KiB.
func NewImage(b []byte) (*Image, error) {
	if len(b)%guard.PageSize != 0 {
		return nil, fmt.Errorf("an image has whole pages, not %d bytes", len(b))
	}
	i := &Image{}
	i.users.Store(1)
	if err := i.fill(b); err != nil {
		return nil, fmt.Errorf("image of a memory: %w", err)
	}
	return i, nil
}

// Bytes returns the content itself; do not change it. It is valid until Close.
func (i *Image) Bytes() []byte { return i.bytes }

// Close ends the use of the image by its owner. It must be called once.
func (i *Image) Close() error { return i.leave() }

// join counts one more user, unless there is none left.
func (i *Image) join() error {
	for {
		n := i.users.Load()
		if n == 0 {
			return errors.New("the image is closed")
		}
		if i.users.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

// leave undoes join.
func (i *Image) leave() error {
	if i.users.Add(-1) > 0 {
		return nil
	}
	return i.drop()
}
