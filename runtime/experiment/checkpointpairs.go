package experiment

// writePairs writes what was counted of arms that ran beside the calls.
func (c *Counts) writePairs(w *writer) {
	p := c.pairs
	w.counts(c.live, c.dropped)
	for i := range p.arms {
		s := &p.arms[i]
		w.counts(s.calls, s.faults, s.business)
		for _, m := range s.counts {
			w.counts(m.n)
			w.floats(m.sum, m.squares)
		}
		w.row(s.latency)
	}
	for _, ratios := range p.ratios {
		w.row(ratios)
	}
	for _, o := range p.only {
		w.counts(o.First, o.Second, o.All)
	}
	for _, j := range p.joint {
		w.counts(j.n)
		w.floats(j.a, j.b, j.aa, j.bb, j.ab)
	}
	w.counts(p.compared, p.different)
}

func (c *Counts) readPairs(r *reader) {
	p := &pairCounts{}
	c.live, c.dropped = r.count(), r.count()
	for i := range p.arms {
		p.arms[i] = readPairedSide(r)
	}
	n := p.arms[0].units
	r.must(p.arms[1].units == n, "pairs of one arm")
	for i := range p.ratios {
		p.ratios[i] = r.row(ratioSize)
	}
	r.must(total(p.ratios[0])+total(p.ratios[1]) == n, "pairs without a ratio")
	for i := range p.only {
		o := &p.only[i]
		o.First, o.Second, o.All = r.count(), r.count(), r.count()
		r.must(o.First+o.Second <= o.All && o.All <= n, "more events than pairs")
	}
	for i := range p.joint {
		j := &p.joint[i]
		j.n = r.count()
		j.a, j.b, j.aa, j.bb, j.ab = r.float(), r.float(), r.float(), r.float(), r.float()
		r.must(j.n <= n && min(j.a, j.b, j.aa, j.bb, j.ab) >= 0, "more values than pairs")
	}
	p.compared, p.different = r.count(), r.count()
	r.must(p.different <= p.compared && p.compared <= n, "more answers than pairs")
	c.pairs = p
}

func readPairedSide(r *reader) side {
	s := side{calls: r.count(), faults: r.count(), business: r.count()}
	s.units = s.calls
	for i := range s.counts {
		m := &s.counts[i].moments
		m.n, m.sum, m.squares = r.count(), r.float(), r.float()
		r.must(m.n <= s.units && m.sum >= 0 && m.squares >= 0, "more values than pairs")
	}
	s.latency = r.row(size)
	r.must(total(s.latency) == s.units && s.faults+s.business <= s.calls, "more of a part than of all")
	return s
}
