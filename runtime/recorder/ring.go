package recorder

// entryCost is what an input takes besides its bytes.
const entryCost = 48

// ring holds the newest inputs within two bounds.
type ring struct {
	last  int   // inputs, at most
	bytes int64 // of all of them, at most

	list [][]byte // grows up to last; the oldest is at next once it is full
	next int
	n    int   // inputs that are there
	used int64 // bytes
	kept int64 // inputs that there were
}

// add takes a masked input, and lets the oldest go until there is room. It
// reports false if there cannot be room.
func (r *ring) add(entry []byte) bool {
	cost := int64(len(entry)) + entryCost
	if r.last == 0 || cost > r.bytes {
		return false
	}
	for r.n > 0 && (r.n == r.last || r.used+cost > r.bytes) {
		r.drop()
	}
	r.grow()
	r.list[(r.next+r.n)%len(r.list)] = entry
	r.n++
	r.used += cost
	r.kept++
	return true
}

// drop lets the oldest go.
func (r *ring) drop() {
	r.used -= int64(len(r.list[r.next])) + entryCost
	r.list[r.next] = nil
	r.next = (r.next + 1) % len(r.list)
	r.n--
}

// grow makes room for one more: a strategy with few calls does not pay for the
// bound.
func (r *ring) grow() {
	if r.n < len(r.list) {
		return
	}
	list := make([][]byte, min(max(2*len(r.list), 16), r.last))
	copy(list, r.newest(r.n))
	r.list, r.next = list, 0
}

// newest returns the last n entries, the newest last.
func (r *ring) newest(n int) [][]byte {
	n = min(max(n, 0), r.n)
	out := make([][]byte, 0, n)
	for i := r.n - n; i < r.n; i++ {
		out = append(out, r.list[(r.next+i)%len(r.list)])
	}
	return out
}

// clear lets go of all.
func (r *ring) clear() { r.list, r.next, r.n, r.used = nil, 0, 0, 0 }
