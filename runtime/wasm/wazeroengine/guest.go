package wazeroengine

import (
	"context"
	"errors"
	"math"

	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// guest is one module instance.
type guest struct {
	module   *module
	host     *wasm.Host
	instance api.Module // nil after Close
	memory   memory
}

// Func implements wasm.Guest.
func (g *guest) Func(name string) wasm.Func {
	if g.instance == nil {
		return nil
	}
	f := g.instance.ExportedFunction(name)
	if f == nil {
		return nil
	}
	return func(ctx context.Context, stack []uint64) error {
		if g.instance == nil {
			return errClosed // its code would run without its memory
		}
		if err := f.CallWithStack(ctx, stack); err != nil {
			return interrupted(err)
		}
		return nil
	}
}

var errClosed = errors.New("the guest is closed")

// Global implements wasm.Guest.
func (g *guest) Global(name string) wasm.Global {
	if g.instance == nil {
		return nil
	}
	if m, ok := g.instance.ExportedGlobal(name).(api.MutableGlobal); ok {
		return m
	}
	return nil
}

// Freeze implements wasm.Guest.
func (g *guest) Freeze() (*snapshot.Image, error) {
	switch {
	case g.instance == nil:
		return nil, errClosed
	case g.memory.region == nil:
		return snapshot.NewImage(nil)
	}
	return g.memory.region.Freeze()
}

// Restore implements wasm.Guest.
func (g *guest) Restore(image *snapshot.Image) error {
	switch {
	case g.instance == nil:
		return errClosed
	case g.memory.region == nil:
		return nil
	}
	return g.memory.region.Restore(image)
}

// Close implements wasm.Guest.
func (g *guest) Close(ctx context.Context) error {
	if g.instance == nil {
		return nil
	}
	i := g.instance
	g.instance = nil
	g.module.guests.Delete(i)
	return errors.Join(i.Close(ctx), g.memory.free())
}

// Read implements wasm.Memory.
func (g *guest) Read(ptr, size uint32) ([]byte, bool) {
	b := g.memory.bytes()
	end := uint64(ptr) + uint64(size)
	if end > uint64(len(b)) {
		return nil, false
	}
	return b[ptr:end:end], true
}

// Write implements wasm.Memory.
func (g *guest) Write(ptr uint32, b []byte) bool {
	to, ok := g.Read(ptr, uint32(min(len(b), math.MaxUint32)))
	copy(to, b)
	return ok
}

// Size implements wasm.Memory.
func (g *guest) Size() uint32 { return uint32(min(len(g.memory.bytes()), math.MaxUint32)) }

var _ wasm.Guest = (*guest)(nil)
