package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/rollout"
)

// peeks is how often each experiment is looked at.
const peeks = 1000

// watch is one kind of live experiment.
type watch struct {
	market    market
	plan      string // its name for people
	doc       map[string]any
	calls     int
	candidate served
	weight    rollout.Weight // what the candidate really gets; 0: what the plan says
	truth     float64        // of the plan's metric
	stop      bool           // at the first verdict
}

// watched is what came of one trial.
type watched struct {
	first    compare.Word // the first verdict there was
	units    int64        // of both arms, then
	last     compare.Word
	better   bool // at any look
	worse    bool
	lacked   bool // the interval lacked the truth at any look
	ranks    bool // a repeated test of Mann and Whitney at 5 % found a difference
	ratio    bool // the check of the sample ratio was red at any look
	checks   bool // another check was
	reported int64
}

func (w *watch) trial(random *rand.Rand) watched {
	plan, err := experiment.Decode(w.doc)
	if err != nil {
		panic(err) // a mistake in this program
	}
	v := visit{watch: w, plan: plan, set: experiment.NewSet(plan), stream: w.market.open(random, w.calls), random: random}
	v.weight = plan.Weight
	if w.weight > 0 {
		v.weight = w.weight
	}
	v.out.first, v.out.last = compare.Undecided, compare.Undecided
	for i := 1; i <= w.calls; i++ {
		v.call()
		if i*peeks/w.calls > (i-1)*peeks/w.calls && v.look() && w.stop {
			break
		}
	}
	return v.out
}

// visit is a trial under way.
type visit struct {
	*watch
	plan   *experiment.Plan
	set    *experiment.Set
	stream *stream
	random *rand.Rand
	weight rollout.Weight
	naive  [2]durations
	out    watched
}

func (v *visit) call() {
	d := v.stream.next()
	if v.plan.Mode == compare.ModePaired {
		v.pair(d)
		return
	}
	release := served{slower: 1}
	if v.stream.bucket(&d) < v.weight {
		d.call.Candidate, release = true, v.candidate
	}
	release.answers(&d, v.random)
	v.set.Record(0, &d.call)
	v.naive[count(d.call.Candidate)].add(d.call.Latency)
}

func (v *visit) pair(d draft) {
	// What an input takes is the same for both, but for a part.
	d.factor *= math.Exp(sigmaLatency * v.random.NormFloat64())
	p := experiment.Pair{CandidateFirst: v.random.Uint64()&1 == 0, Compared: true, Different: v.random.Float64() < v.candidate.answer}
	a, b := d, d
	served{slower: 0.6}.answers(&a, v.random)
	served{slower: 0.6 * v.candidate.slower}.answers(&b, v.random)
	second := &b
	if p.CandidateFirst {
		second = &a
	}
	second.call.Latency -= time.Duration(v.market.second * float64(second.call.Latency))
	p.Reference, p.Candidate = a.call, b.call
	v.set.Record(0, &d.call)
	v.set.RecordPair(&p)
	v.naive[0].add(a.call.Latency)
	v.naive[1].add(b.call.Latency)
}

// look judges, and reports whether there is a verdict.
func (v *visit) look() bool {
	f := v.plan.Look(v.set.Tally(), 0)
	o, i := &v.out, f.Verdict.Value
	if o.first == compare.Undecided && f.Decided {
		o.first, o.units = f.Verdict.Word, f.Proof.Units
	}
	o.last = f.Verdict.Word
	o.better = o.better || o.last == compare.Better
	o.worse = o.worse || o.last == compare.Worse
	o.lacked = o.lacked || i.Known() && (v.truth < i.Lo || v.truth > i.Hi)
	o.ranks = o.ranks || math.Abs(rankScore(v.naive[1][:], v.naive[0][:])) > 1.96
	for _, c := range f.Health {
		if c.Light == compare.Red && c.Name == "sample ratio" {
			if !o.ratio {
				o.reported = f.Proof.Units
			}
			o.ratio = true
		} else if c.Light == compare.Red {
			o.checks = true
		}
	}
	if v.weight != v.plan.Weight { // is that found?
		return o.ratio
	}
	return f.Decided
}

// rankScore is the z-statistic of Mann and Whitney's test, with ties in buckets; 0
// for fewer than 100 values of either.
func rankScore(a, b []int64) float64 {
	var n, m, u, ties float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		u += x*m + x*y/2 // how many of b are faster
		n, m = n+x, m+y
		ties += (x + y) * ((x+y)*(x+y) - 1)
	}
	if n < 100 || m < 100 {
		return 0
	}
	all := n + m
	return (u - n*m/2) / math.Sqrt(n*m/12*(all+1-ties/(all*(all-1))))
}

// durations counts calls for the test that is repeated.
type durations [histogram.Size]int64

func (d *durations) add(took time.Duration) { d[histogram.Index(took)]++ }
