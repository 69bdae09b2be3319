package runtime

import (
	"sync"
	"time"
)

// Bounds of the stream of events.
const (
	happeningsKept = 1024 // entries that a late listener can still get
	happeningsRead = 256  // entries of one answer of Happenings
)

// happenings is the hub of events: a ring of the newest ones, and a channel that
// closes with the next. Nobody who listens can hold up whoever tells: a listener
// comes back for more, and what was overwritten meanwhile is lost to it. The zero
// value is ready; it is safe for concurrent use.
//
// Ids begin with the time at which the process did, in microseconds, and rise by
// one. So they rise over restarts, too: an id that a listener brings from the
// process before is older than all of this one, and never taken for one of them.
// They are below 2^53, the largest integer that every JSON parser keeps.
type happenings struct {
	mu    sync.Mutex
	first uint64            // the first id; 0 before it is chosen
	next  uint64            // the id of the next entry
	ring  []Happening       // entry with id n is at (n-first) % happeningsKept
	gone  map[string]uint64 // the newest id that was overwritten, by strategy; "" for all
	more  chan struct{}     // closes with the next entry; nil while nobody listens
	ended bool
}

// tell tells listeners what happened. It takes data as it is: nothing in it may
// change afterwards, and it must marshal to JSON.
func (r *Runtime) tell(typ, strategy string, data any) {
	r.happenings.add(Happening{Type: typ, Strategy: strategy, At: r.cfg.Now(), Data: data})
}

func (h *happenings) add(e Happening) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return
	}
	h.beginLocked()
	e.ID = h.next
	h.next++
	if len(h.ring) < happeningsKept {
		h.ring = append(h.ring, e)
	} else {
		old := &h.ring[(e.ID-h.first)%happeningsKept]
		h.gone[old.Strategy], h.gone[""] = old.ID, old.ID
		*old = e
	}
	h.wakeLocked()
}

// beginLocked chooses the first id.
func (h *happenings) beginLocked() {
	if h.first == 0 {
		h.first = uint64(time.Now().UnixMicro())
		h.next, h.gone = h.first, map[string]uint64{}
	}
}

func (h *happenings) wakeLocked() {
	if h.more != nil {
		close(h.more)
		h.more = nil
	}
}

// since is Happenings. An id that this process never gave means that others were
// lost; 0 means all that is kept.
func (h *happenings) since(strategy string, after uint64) (list []Happening, lost bool, more <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beginLocked()
	known := after >= h.first-1 && after < h.next
	lost = after != 0 && (!known || after < h.gone[strategy])
	if !known {
		after = h.first - 1
	}
	for id := max(after+1, h.oldestLocked()); id < h.next && len(list) < happeningsRead; id++ {
		if e := h.ring[(id-h.first)%happeningsKept]; strategy == "" || e.Strategy == strategy {
			list = append(list, e)
		}
	}
	if !h.ended && h.more == nil {
		h.more = make(chan struct{})
	}
	return list, lost, h.more
}

func (h *happenings) oldestLocked() uint64 { return h.next - uint64(len(h.ring)) }

// newest is the id of the newest entry, or one below the first: whoever listens
// from there on gets what happens from now on.
func (h *happenings) newest() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beginLocked()
	return h.next - 1
}

// close lets listeners go.
func (h *happenings) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.wakeLocked()
}

// Newest returns the id of the newest entry that Happenings can return, or one
// before the first: from there on come those that happen from now on.
func (r *Rollouts) Newest() uint64 { return r.rt.happenings.newest() }
