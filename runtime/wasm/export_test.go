package wasm

import "github.com/swapline/swapline/runtime/driver"

// Keeps reports whether an idle guest of the instance still holds something of a
// call: its context, its capabilities or a reply.
func Keeps(in driver.Instance) bool {
	p := in.(*instance).pool
	for range len(p.idle) {
		g := <-p.idle
		p.idle <- g
		h := g.host
		if g.ctx != nil || g.cancel != nil || h.ctx != nil || h.fuel.ctx != nil || h.call != nil || h.inCall || len(h.reply) > 0 {
			return true
		}
	}
	return false
}
