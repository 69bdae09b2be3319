package wasm

import (
	"errors"

	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// frozen is the state of a guest after it was warmed up: its memory and its
// mutable globals. Its tables and segments are those that the module declares,
// because only modules that cannot change them are frozen.
type frozen struct {
	image   *snapshot.Image
	globals []uint64
	host    hostImage
}

// freeze takes the present state of the guest.
func (g *guest) freeze() (_ *frozen, err error) {
	defer rescue(&err)
	f := &frozen{host: g.host.freeze()}
	for _, global := range g.globals {
		f.globals = append(f.globals, global.Get())
	}
	if f.image, err = g.engine.Freeze(); err != nil { // last: somebody must close it
		return nil, err
	}
	return f, nil
}

// thaw sets the globals, and the clock, of a guest that was instantiated with the
// image.
func (g *guest) thaw(f *frozen) {
	g.host.thaw(f.host)
	for i, v := range f.globals {
		g.globals[i].Set(v)
	}
}

// errUsed says that a guest cannot serve a second request.
var errUsed = errors.New("the guest's module changes tables or segments")

// rest makes the guest what it was before the call. After an error it is of no
// further use.
func (g *guest) rest() (err error) {
	defer rescue(&err)
	switch {
	case g.once:
		return errUsed
	case g.between == nil:
		return nil
	}
	if err := g.engine.Restore(g.between.image); err != nil {
		return err
	}
	g.thaw(g.between)
	return nil
}
