// Package arm measures what the arms of a rollout do, call by call, for the guards
// that judge them. It counts and does not judge.
//
// A published route that is watched has one [Set], and each of its arms a [Meter];
// the next stage begins with a new Set.
//
// # Units
//
// With a sticky key it is customers who are dealt out to the arms, not calls, and
// calls of one customer resemble each other: one whose every call fails, and who
// tries again a thousand times, says once that something is wrong, not a thousand
// times. Comparisons of arms therefore count units: of each key the first call at
// this stage, and of calls without a key every one. What share of the units falls to
// the candidate then is exactly its weight, however the calls cluster, and a test
// that knows this share is right (sequential.LogE). For every guard a meter counts
//
//	Units    units that the guard looked at
//	Firsts   units with an event, at whichever of their calls at this stage
//	Opening  units whose first call had the event: how likely it is at a call, whoever calls often
//	Trials   calls that the guard looked at
//	Events   calls with an event, at most rollout.EventsPerKey of each key
//
// Worked example, a guard of the error rate and a sticky key; calls in this order:
//
//	key a    ok      Units 1  Firsts 0  Trials 1  Events 0
//	key a    fault   Units 1  Firsts 1  Trials 2  Events 1
//	key b    fault   Units 2  Firsts 2  Trials 3  Events 2
//	key a    fault   Units 2  Firsts 2  Trials 4  Events 3
//	key a    fault   Units 2  Firsts 2  Trials 5  Events 4
//	key a    fault   Units 2  Firsts 2  Trials 6  Events 4   the fourth of a
//	no key   fault   Units 3  Firsts 3  Trials 7  Events 5
//
// # What guards look at
//
//	error, fault and business error rate   every call
//	difference rate                        calls that were compared; a unit is the first of its key
//	instructions                           units that have any
//	mean of a field                        units whose answer has a number there, up to 1e140
//	share of a field                       units; one without an answer, or without the field, lacks the value
//	latency, memory                        nothing: Sample has the latencies of all calls and of units
//
// For means and shares of fields Trials are Units and Events are Firsts.
//
// # Cells
//
// Keys are told apart by the cell in which their hash lies: 104 cells for each of
// the 10,000 buckets that decide on the arm, the high 64 bits of hash * 1,040,000.
// Two keys of one cell count as one. That costs some units when there are a million
// customers, but it costs every arm the same part of them, since a cell lies in one
// bucket and so on one arm: what remains is still dealt out by weight. Shadow runs
// on copies of calls that another arm has, too, and has cells of its own.
//
// A bit for each cell says whether it was seen, and two bits for each distinct
// kind of event how many of them it had: 130 KB and 260 KB, allocated with the Set.
// So a Record allocates nothing, and takes no lock but that of the means and shares
// of its lane, if there are guards for any.
package arm

import "time"

// Call is what a meter learns of one call.
type Call struct {
	Latency  time.Duration // in the strategy
	Fault    bool
	Business bool   // the strategy said no
	Code     string // of the business error

	Instructions int64 // 0 if nobody counted them

	// Out is the answer, or Text as JSON. Both are empty after an error.
	Out  map[string]any
	Text []byte

	// Compared says that the answer was held against another one, and Different
	// that it was not the same.
	Compared, Different bool
}

// Key is the sticky key of a call, if it has one. Calls of one key belong to one
// arm of a Set, but for the shadow.
type Key struct {
	Hash  uint64 // of rollout.Hasher
	Given bool
}
