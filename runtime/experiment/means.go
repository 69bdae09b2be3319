package experiment

import (
	"math"

	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// meanTest compares means of latencies, 0, or of instructions, 1.
func (p *Plan) meanTest(of int, t *Tally, alpha float64) test {
	if t.pairs != nil {
		return meanTest{j: t.pairs.joint[of], paired: true, alpha: alpha}
	}
	a, b := t.reference.counts[countInstructions].moments, t.candidate.counts[countInstructions].moments
	if of == 0 {
		a, b = momentsOf(t.reference.latency), momentsOf(t.candidate.latency)
	}
	return meanTest{reference: a, candidate: b, alpha: alpha}
}

// meanTest compares means by their quotient: the quotients q for which the mean of
// the candidate minus q times that of the reference may be 0.
type meanTest struct {
	reference, candidate moments
	j                    joint
	paired               bool
	alpha                float64
}

func (m meanTest) values() (reference, candidate float64) {
	if m.paired {
		return m.j.a / float64(m.j.n), m.j.b / float64(m.j.n)
	}
	return m.reference.sum / float64(m.reference.n), m.candidate.sum / float64(m.candidate.n)
}

func (m meanTest) units() (reference, candidate int64) {
	if m.paired {
		return m.j.n, m.j.n
	}
	return m.reference.n, m.candidate.n
}

// around is the interval of the difference for a quotient.
func (m meanTest) around(q, alpha float64) (lo, hi float64) {
	if m.paired {
		return sequential.Mean(m.j.n, m.j.b-q*m.j.a, m.j.bb-2*q*m.j.ab+q*q*m.j.aa, alpha)
	}
	return sequential.MeanChange(m.candidate.n, m.candidate.sum, m.candidate.squares,
		m.reference.n, q*m.reference.sum, q*q*m.reference.squares, alpha)
}

// furthest is how far from the quotient of the means an end is looked for.
const furthest = 1e6

func (m meanTest) interval() (lo, hi float64) {
	a, b := m.values()
	if !(a > 0 && b > 0) {
		return 0, math.Inf(1)
	}
	point := b / a
	lo = m.end(point, point/furthest, func(q float64) bool { l, _ := m.around(q, m.alpha); return l > 0 })
	hi = m.end(point, point*furthest, func(q float64) bool { _, h := m.around(q, m.alpha); return h < 0 })
	if lo == point/furthest {
		lo = 0
	}
	if hi == point*furthest {
		hi = math.Inf(1)
	}
	return lo, hi
}

// end is where, between the point and far away, quotients begin to be refuted; far
// away if none is.
func (m meanTest) end(point, far float64, refuted func(q float64) bool) float64 {
	if !refuted(far) {
		return far
	}
	near, beyond := math.Log(point), math.Log(far)
	for range 40 {
		middle := (near + beyond) / 2
		if refuted(math.Exp(middle)) {
			beyond = middle
		} else {
			near = middle
		}
	}
	return math.Exp(beyond)
}

func (m meanTest) above(bound float64) float64 {
	return refuted(func(level float64) bool { lo, _ := m.around(bound, 2*level); return lo > 0 })
}

func (m meanTest) below(bound float64) float64 {
	return refuted(func(level float64) bool { _, hi := m.around(bound, 2*level); return hi < 0 })
}

func (m meanTest) method() string { return "sequential, asymptotic, of means" }
