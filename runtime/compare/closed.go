package compare

import (
	"context"
	"slices"
	"time"

	"github.com/swapline/swapline/abi/wire"
)

// atOnce is how many inputs are copied before the calls that use them are timed, and
// leastAtOnce how many for an arm that allocates so much that the collector runs.
const (
	atOnce      = 256
	leastAtOnce = 16
)

// first is how many calls at the beginning of a round are not counted: the garbage
// collector ran before it.
const first = 16

// round is what one arm did in one round of the closed loop.
type round struct {
	at           time.Duration // when it began
	calls        []float64     // how long each took, ns; faults are left out
	made         int           // calls, with those that failed
	wall         time.Duration // of all calls, without what was done between them
	used         window        // by all of them
	own          window        // by those during which no collection ran
	empty        meter         // by no calls
	elsewhere    Apart         // what the arm's other process used for all that were
	served       int           // there, with those that are not counted
	collecting   float64       // processor time of a collection, ns for each byte that it leaves room for
	instructions int64
	bytesIn      int64 // copied over the boundary
	bytesOut     int64
}

// closed runs the closed loop, one caller: blocks of rounds of all arms over the same
// inputs.
func (r *run) closed(ctx context.Context) error {
	r.before = readLoad()
	defer func() { r.after = readLoad() }()
	var inputs []int
	return interleave(ctx, r, r.plan.Rounds/2, func(block, turn int, a *arm) (round, error) {
		if turn%len(r.arms) == 0 {
			inputs = r.some(r.set(block, turn), r.plan.Calls)
			r.look()
		}
		r.say("round %d of %d", 2*block+1+turn/len(r.arms), r.plan.Rounds)
		return r.round(ctx, a, inputs)
	}, func(a *arm, both []round) { a.rounds = append(a.rounds, both...) })
}

// interleave runs blocks in which every arm has two turns, in an order that is drawn
// and then back, so that what drifts evenly meets all arms alike. A block that is
// not finished is not kept.
func interleave[T any](ctx context.Context, r *run, blocks int, one func(block, turn int, a *arm) (T, error), keep func(a *arm, both []T)) error {
	for block := range blocks {
		both := make([][]T, len(r.arms))
		order := r.order()
		for turn, i := range order {
			r.turn = 1 / float64(blocks*len(order))
			r.part = float64(block*len(order)+turn) * r.turn
			r.settle(ctx)
			v, err := one(block, turn, r.arms[i])
			if err != nil {
				return err
			}
			both[i] = append(both[i], v)
		}
		for i, a := range r.arms {
			keep(a, both[i])
		}
	}
	return nil
}

// order draws in which order the arms take their turns in a block: there and back.
func (r *run) order() []int {
	there := r.random.Perm(len(r.arms))
	back := slices.Clone(there)
	slices.Reverse(back)
	return append(there, back...)
}

// set is which set of inputs a turn of the closed loop has. Where all inputs are used,
// both rounds of a block have the same, so that what differs between them is none of
// the inputs' doing. Where they are a sample, each round has others: two rounds over
// the same sample would say no more of all inputs than one, and count as two.
func (r *run) set(block, turn int) int {
	if r.plan.Calls*(r.plan.Rounds/2) >= len(r.shuffled) {
		return block
	}
	return r.half(block, turn)
}

// half numbers the halves of blocks: there, back, there in the next one.
func (r *run) half(block, turn int) int { return 2*block + turn/len(r.arms) }

// some are n inputs of a set: those after the ones of the set before, in an order that
// was drawn, so that sets are alike however the inputs are sorted.
func (r *run) some(set, n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = r.shuffled[(set*n+i)%len(r.shuffled)]
	}
	return numbers
}

// copies are inputs that a callee may keep.
func (r *run) copies(numbers []int) []map[string]any {
	out := make([]map[string]any, len(numbers))
	for i, n := range numbers {
		out[i], _ = wire.NormalizeMap(r.trial.Inputs[n]) // they were normalised before
	}
	return out
}

// round lets one arm run the inputs.
func (r *run) round(ctx context.Context, a *arm, numbers []int) (round, error) {
	elsewhere := a.elsewhere(ctx, true)
	one := round{calls: make([]float64, 0, len(numbers)), collecting: r.gauge.collect(), at: r.clock.now()}
	var lost round
	r.time(ctx, a, r.copies(numbers[:min(first, len(numbers))]), &lost)
	one.empty = r.window(ctx, a, 0, func() { r.time(ctx, a, nil, &round{}) }).used
	before := r.part
	for chunk := range slices.Chunk(numbers, a.atOnce()) {
		inputs := r.copies(chunk)
		one.count(a, r.window(ctx, a, len(inputs), func() { r.time(ctx, a, inputs, &one) }))
		r.settle(ctx)
		r.part = before + r.turn*float64(one.made)/float64(len(numbers))
		r.tell()
		if err := ctx.Err(); err != nil {
			return one, err
		}
	}
	one.elsewhere, one.served = a.elsewhere(ctx, true).since(elsewhere), one.made+lost.made
	return one, nil
}

// time calls one input after the other. The end of one call is the start of the
// next, so that each costs one reading of the clock.
func (r *run) time(ctx context.Context, a *arm, inputs []map[string]any, into *round) {
	r.crew(ctx, a).do(func(s *seat) {
		var used Use
		begin := r.clock.now()
		last := begin
		for _, in := range inputs {
			used = Use{}
			answer, back := s.make(in, &used)
			if !back {
				return
			}
			now := r.clock.now()
			into.made++
			if s.tally.ended(answer, &used) {
				into.calls = append(into.calls, float64(now-last))
			}
			into.instructions += used.Instructions
			into.bytesIn += used.BytesIn
			into.bytesOut += used.BytesOut
			last = now
		}
		into.wall += last - begin
	})
}
