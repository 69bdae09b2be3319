package wazeroengine

import (
	"fmt"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// memory gives wazero the memory of one guest. The guest owns it, not wazero,
// which frees memories while calls still run in them, and does not free those
// of modules that did not start.
type memory struct {
	image  *snapshot.Image
	region *snapshot.Memory // nil until wazero asks; modules without memory never do
	err    error            // why there is none
}

// Allocate implements experimental.MemoryAllocator.
func (m *memory) Allocate(_, most uint64) experimental.LinearMemory {
	m.region, m.err = snapshot.NewMemory(most, m.image)
	return m
}

// Reallocate implements experimental.LinearMemory. With an image the memory is
// as large as that from the beginning.
func (m *memory) Reallocate(size uint64) []byte {
	if m.region == nil {
		return nil
	}
	return m.region.Reallocate(size)
}

// bytes is the content.
func (m *memory) bytes() []byte {
	if m.region == nil {
		return nil
	}
	return m.region.Bytes()
}

// problem explains a panic of the engine: it has no other way to say that there
// is no memory.
func (m *memory) problem(panicked any) error {
	if m.err != nil {
		return m.err
	}
	return fmt.Errorf("the engine panicked: %v", panicked)
}

// Free implements experimental.LinearMemory.
func (m *memory) Free() {}

// free gives back the memory.
func (m *memory) free() error {
	r := m.region
	if m.region = nil; r == nil {
		return nil
	}
	return r.Free()
}

var (
	_ experimental.MemoryAllocator = (*memory)(nil)
	_ experimental.LinearMemory    = (*memory)(nil)
)
