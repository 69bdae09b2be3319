package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/rollout"
)

// market is what live calls of a strategy are like, whichever release answers them.
type market struct {
	name   string
	keys   int     // customers, of whom few call often (Zipf); 0: calls have no key
	spread float64 // how much customers' latencies differ, as sigma of a log-normal
	drift  bool    // latency rises and falls by a third, three times
	bursts bool    // now and then, for up to 300 calls, all is five times slower and 30 % fail
	second float64 // paired: how much less time whoever runs second takes, warm as all is
}

// What all markets share.
const (
	middleLatency = 20 * time.Millisecond
	sigmaLatency  = 0.5
	failures      = 0.01
)

// customer is who calls.
type customer struct {
	hash   uint64
	factor float64
}

// stream makes the calls of one trial.
type stream struct {
	market    market
	random    *rand.Rand
	customers []customer
	who       *rand.Zipf
	of        int // calls in all
	n         int
	storm     int // calls left of a burst
}

func (m market) open(random *rand.Rand, calls int) *stream {
	s := &stream{market: m, random: random, of: calls}
	if m.keys == 0 {
		return s
	}
	s.customers = make([]customer, m.keys)
	hasher := rollout.NewHasher("pricing", string(binary.LittleEndian.AppendUint64(nil, random.Uint64())))
	var key [8]byte
	for i := range s.customers {
		binary.LittleEndian.PutUint64(key[:], uint64(i))
		s.customers[i] = customer{hasher.Sum(key[:]), math.Exp(m.spread * random.NormFloat64())}
	}
	s.who = rand.NewZipf(random, 1.1, 200, uint64(m.keys-1))
	return s
}

// draft is a call before a release has answered it.
type draft struct {
	call   experiment.Call
	factor float64
	errors float64
}

func (s *stream) next() draft {
	d := draft{factor: 1, errors: failures}
	s.n++
	if s.market.drift {
		d.factor = 1 + 0.33*math.Sin(6*math.Pi*float64(s.n)/float64(s.of))
	}
	if s.storm == 0 && s.market.bursts && s.random.Float64() < 0.0005 {
		s.storm = 1 + s.random.IntN(300)
	}
	if s.storm > 0 {
		s.storm--
		d.factor, d.errors = 5*d.factor, 0.3
	}
	if s.who != nil {
		c := s.customers[s.who.Uint64()]
		d.call.Key, d.call.Keyed = c.hash, true
		d.factor *= c.factor
	}
	return d
}

// bucket is what the arm follows from.
func (s *stream) bucket(d *draft) rollout.Weight {
	if d.call.Keyed {
		return rollout.Bucket(d.call.Key)
	}
	return rollout.Bucket(s.random.Uint64())
}

// served is what a release does to its calls.
type served struct {
	slower float64
	answer float64 // share of the answers that differ
}

func (p served) answers(d *draft, random *rand.Rand) {
	d.call.Latency = time.Duration(float64(middleLatency) * d.factor * p.slower * math.Exp(sigmaLatency*random.NormFloat64()))
	d.call.Fault = random.Float64() < d.errors
	d.call.Instructions = 1000 + random.Int64N(1000)
}
