package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/rollout"
)

// world is what the calls of a strategy are like, whichever release answers them.
type world struct {
	name   string
	rate   float64 // calls a second, on average
	keys   int     // customers; 0: calls have no key
	zipf   float64 // exponent of how often each calls; 0: all alike
	broken float64 // share of customers whose every call fails
	spread float64 // how much customers' latencies differ, as sigma of a log-normal
	// bursts is how long it is on average from one burst to the next, in which for
	// half a second to three much fails and all is slow, on every arm; 0: none.
	bursts time.Duration
	drift  bool // load rises and falls by half, and latency with it
	look   time.Duration
}

// What all worlds share: a median of 20 ms, of which a tenth is above 38 ms, and 1 %
// of errors.
const (
	median    = 20 * time.Millisecond
	sigma     = 0.5
	errorRate = 0.01
	approvals = 0.7
)

// release is what a release does to its calls.
type release struct {
	errors  float64 // added to the rate of errors
	slower  float64 // factor of latency
	tail    float64 // share of calls that are ten times slower
	approve float64 // added to the share of approvals
}

func same() release { return release{slower: 1} }

// customers are the keys of one trial.
type customers struct {
	hash   []uint64
	factor []float64
	broken []bool
	draw   *rand.Zipf
}

func (w *world) customers(random *rand.Rand, hasher rollout.Hasher) *customers {
	if w.keys == 0 {
		return nil
	}
	c := &customers{hash: make([]uint64, w.keys), factor: make([]float64, w.keys), broken: make([]bool, w.keys)}
	var key [8]byte
	for i := range w.keys {
		binary.LittleEndian.PutUint64(key[:], uint64(i))
		c.hash[i] = hasher.Sum(key[:])
		c.factor[i] = math.Exp(w.spread * random.NormFloat64())
		c.broken[i] = random.Float64() < w.broken
	}
	if w.zipf > 1 {
		c.draw = rand.NewZipf(random, w.zipf, 20, uint64(w.keys-1))
	}
	return c
}

// traffic makes the calls of one trial, in the order of time.
type traffic struct {
	world  *world
	random *rand.Rand
	people *customers
	now    time.Duration
	// storm is when the present or next burst begins, and ends.
	storm, calm time.Duration
}

func newTraffic(w *world, random *rand.Rand, hasher rollout.Hasher) *traffic {
	return &traffic{world: w, random: random, people: w.customers(random, hasher)}
}

// draft is a call before a release has answered it.
type draft struct {
	key    arm.Key
	bucket rollout.Weight
	factor float64 // of the latency
	errors float64 // probability
}

func (t *traffic) next() draft {
	load := t.load()
	t.now += time.Duration(t.random.ExpFloat64() / (t.world.rate * load) * float64(time.Second))
	d := draft{factor: 1, errors: errorRate}
	if t.world.drift {
		d.factor = 0.7 + 0.3*load
	}
	if t.stormy() {
		d.factor, d.errors = d.factor*5, 0.3
	}
	t.caller(&d)
	return d
}

// load is the present part of the average rate.
func (t *traffic) load() float64 {
	if !t.world.drift {
		return 1
	}
	return 1 + 0.5*math.Sin(t.now.Minutes()*2*math.Pi/7)
}

// stormy reports whether there is a burst now.
func (t *traffic) stormy() bool {
	if t.world.bursts == 0 {
		return false
	}
	for t.now >= t.calm {
		t.storm = t.calm + time.Duration(t.random.ExpFloat64()*float64(t.world.bursts))
		t.calm = t.storm + time.Duration((0.5+2.5*t.random.Float64())*float64(time.Second))
	}
	return t.now >= t.storm
}

// caller says who calls.
func (t *traffic) caller(d *draft) {
	if t.people == nil {
		d.bucket = rollout.Bucket(t.random.Uint64())
		return
	}
	i := t.who()
	d.key = arm.Key{Hash: t.people.hash[i], Given: true}
	d.bucket = rollout.Bucket(d.key.Hash)
	d.factor *= t.people.factor[i]
	if t.people.broken[i] {
		d.errors = 1
	}
}

func (t *traffic) who() int {
	if t.people.draw != nil {
		return int(t.people.draw.Uint64())
	}
	return t.random.IntN(t.world.keys)
}

// answer is what a release makes of a draft.
func (r release) answer(d *draft, random *rand.Rand, c *arm.Call, answers *answers) {
	took := float64(median) * math.Exp(sigma*random.NormFloat64()) * d.factor * r.slower
	if r.tail > 0 && random.Float64() < r.tail {
		took *= 10
	}
	*c = arm.Call{Latency: time.Duration(took)}
	if random.Float64() < d.errors+r.errors {
		c.Fault = true
		return
	}
	c.Out = answers.refused
	if random.Float64() < approvals+r.approve {
		c.Out = answers.approved
	}
}

// answers are made once: nobody changes them.
type answers struct{ approved, refused map[string]any }

func newAnswers() *answers {
	return &answers{map[string]any{"decision": "approve"}, map[string]any{"decision": "refuse"}}
}
