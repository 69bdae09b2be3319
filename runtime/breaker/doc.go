// Package breaker decides when the release that serves counts as broken, and
// keeps what may answer in its place. It has no clock, goroutine or I/O: its
// caller tells it what happened and when, and does what it says.
//
// # The machine
//
// A breaker is in one of three phases; [Step] is the only way from one to another:
//
//	closed     the release answers
//	open       something else answers, until a moment that is known
//	half_open  as open, but a few calls go to the release, to see how it does
//
//	         a bound is crossed              its time is over
//	closed ----------------------> open ----------------------> half_open
//	   ^                           |  ^                           |  |
//	   |     nothing can answer    |  |       a probe is bad      |  |
//	   |<--------------------------+  +---------------------------+  |
//	   |                 all probes are good                         |
//	   +-------------------------------------------------------------+
//
// Bounds. A [Window] says how many calls there were in the policy's window, how
// many of them were faults, and how many took longer than P95. With at least Calls
// of them the breaker opens if more than the part FaultRate were faults, or if more
// than 5 % took longer than P95: then, and only then, the 95th percentile is above
// it. Windows that reach back before the breaker closed count for nothing.
//
// What counts. A business error is a good answer. Calls that the caller gave up,
// and calls whose input was bad, say nothing about the release and must not be
// in a Window; but a call that was given up after more than P95 was slow,
// whatever it would have answered.
//
// Open. The breaker stays open for Open. Each time that a probe is bad, or that it
// opens again soon after it closed, it stays open twice as long as before, and at
// most 16 times Open. Soon is: within Window and the time it was open for last. So
// a release with every tenth call a fault, whose five probes are often good, gets
// traffic ever more rarely instead of every five seconds.
//
// Half open. Probes calls may go to the release, all of them at the same time if
// they come so. As many are needed to close, so that a release which is still
// broken hurts no more callers than that. The first bad one opens the breaker again;
// what the others of that round come to is ignored. A probe is bad if it was a
// fault or took longer than P95.
//
// Nothing can answer. If no fallback can, the caller says so with [Unable], and the
// release serves on: some answers are better than none. The breaker then stays
// closed, with the reason in its state, for as long as it would have been open,
// before it tries again.
//
// # Worked example
//
// Of 60 calls in ten seconds six were faults; the policy allows 5 % and has a
// breaker of 5 s and 2 probes. This is a script of testdata, see there:
//
//	policy fault_rate=0.05 window=10s calls=50 open=5s probes=2
//	window 10s calls=60 faults=6
//	----
//	divert until=15s
//	open since=10s until=15s opened=1
//
//	tick 15s
//	----
//	probe round=1 permits=2
//	half_open since=15s round=1 opened=1
//
//	good 16s round=1
//	good 16.1s round=1
//	----
//	restore
//	closed since=16.1s round=1 opened=1
//
// # Parts for the caller
//
// [Sliding] makes Windows of counters that only rise. [Gate] is what a call asks
// whether the release may answer: one atomic load while the breaker is closed.
// [Cache] keeps last good answers by key.
package breaker
