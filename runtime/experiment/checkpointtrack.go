package experiment

import "time"

// write writes the course.
func (t *Track) write(w *writer) {
	w.counts(int64(t.gap), int64(len(t.moments)))
	var before moment
	for i := range t.moments {
		m := &t.moments[i]
		p := &m.proof
		w.counts(int64(p.At-before.proof.At), p.Units)
		w.floats(p.Change.Lo, p.Change.Point, p.Change.Hi, p.Worse, p.Better, p.Equivalent)
		for a := range m.latencies {
			var grown [coarseSize]int64
			for b, n := range m.latencies[a] {
				grown[b] = int64(n - before.latencies[a][b])
			}
			w.row(grown[:])
		}
		before = *m
	}
}

func (t *Track) read(r *reader) {
	t.gap = time.Duration(r.count())
	n := r.count()
	r.must(t.gap <= 2*longest && n <= mostMoments, "a course too long")
	if r.err != nil {
		return
	}
	t.moments = make([]moment, 0, n)
	var m moment
	var grown [coarseSize]int64
	for i := int64(0); i < n && r.err == nil; i++ {
		p := &m.proof
		p.At += time.Duration(r.count())
		r.must(p.At >= 0 && p.At <= 2*longest, "a moment after the end")
		p.Units = r.count()
		p.Change.Lo, p.Change.Point, p.Change.Hi = r.any(), r.any(), r.any()
		p.Worse, p.Better, p.Equivalent = r.float(), r.float(), r.float()
		for a := range m.latencies {
			clear(grown[:])
			r.fill(grown[:])
			for b, n := range grown {
				m.latencies[a][b] += uint32(n) //nolint:gosec // as it was written
			}
		}
		t.moments = append(t.moments, m)
	}
}
