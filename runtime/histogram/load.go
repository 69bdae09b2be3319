package histogram

// Load makes the histogram hold what another one has read, and nothing else. It is
// for one that nobody records in meanwhile. Buckets that c lacks are empty.
func (h *Histogram) Load(c Counts) {
	for i := range h.lanes {
		for b := range h.lanes[i].buckets {
			n := int64(0)
			if i == 0 && b < len(c.Buckets) {
				n = c.Buckets[b]
			}
			h.lanes[i].buckets[b].Store(n)
		}
	}
}
