// Package compare runs arms on the same inputs and says whether they answer the
// same, how long they take, what they cost and how sure that is. An arm is anything
// that can be called; the package knows nothing of kinds, releases or stores.
//
//	report, err := compare.Run(ctx, compare.Trial{Subjects: []compare.Subject{old, new}, Inputs: inputs})
//	report.Verdicts[0].Sentence // of new against old, see the example below
//
// The same [Report] tells of live experiments, which package experiment measures.
//
// # The plan
//
// Everything that could be chosen so that the result pleases is chosen before: the
// metric that the verdict is about, the question, the margin, alpha, the rounds, the
// seed. Run completes the [Plan], writes into it what the arms are, how many inputs
// there are and the SHA-256 of their encodings, and hashes it. Only then the first
// call is made.
//
// A plan is one JSON object. Each member may be absent, and then has its default;
// members that are not known are refused:
//
//	metric         "latency_p50", latency_p90, latency_p99, latency_mean, cpu, instructions,
//	               open_latency_p50, open_latency_p99
//	hypothesis     "equivalent", not_worse, better: see [Question]
//	margin         0.05: how much counts, of a ratio; above 0, at most 10. 0 is for better
//	               only, and its default there
//	alpha          0.05, from 0.0001 to 0.5: how often a verdict may be wrong, all arms together
//	rounds         20, from 10 to 200: of each arm in the closed loop; an odd number becomes
//	               the next even one
//	calls          of each arm in a round: as many as use every input, from 500 to 10,000
//	warm_up        a round's, at least 200: calls of each arm that count for nothing; 0: none
//	callers        the processors: at a time, for throughput; 0: it is not measured
//	rate           calls a second in the open loop; 0, the default, is half of what the
//	               slowest arm did before
//	open_s         3: seconds of the open loop for each arm, in all rounds, up to an hour;
//	               0: none
//	starts         5: loads of each arm, for the last stage; 0: none
//	seed           of all order and resampling, below 2^53; 0, the default: it is drawn
//	resamples      2000, from 200 to 20,000: of the bootstrap
//	ignore tolerance max_different
//	               which answers differ, and what share of them may: [], 0 and 0
//	mask           []: at most 100 pointers that are hidden in examples
//	arms inputs inputs_sha256
//	               what was compared: a text for each arm, how many inputs, and the SHA-256
//	               of their binary encodings, each after its length in 8 bytes
//
// The canonical text is what [Plan.MarshalJSON] writes of a complete plan: all members in
// this order but for max_different, which stands before ignore, without white space. The
// hash is its SHA-256. Read and carried out again, it becomes the same text: a plan that
// has the last three members is for these arms and inputs, and Run refuses others before
// the first call. Without them the same is asked of something else. Words that plans of
// live experiments have, too, mean the same there; calls are there those of an arm in all.
// For example
//
//	{"hypothesis": "not_worse", "margin": 0.25, "open_s": 0}
//
// asks whether an arm's median latency is at most 1.25 times the reference's, without
// calls at a fixed rate.
//
// # Order
//
//	answers      every input through every arm; what is measured later is worth
//	             little if they do not answer the same
//	warm-up      calls that count for nothing
//	closed loop  one caller, one call after the other: latency, processor time,
//	             allocations, instructions
//	throughput   Callers at a time
//	open loop    calls at moments that were drawn before: latency at a fixed rate
//	parts        some calls that tell where their time goes
//	starts       loads from the artifact
//
// A stage that times goes in blocks. In a block every arm has two rounds, in an order
// that is drawn and then back: A B B A, or C A B B A C. What drifts evenly, the heat of
// a processor for one, meets all arms alike. The first rounds of a block are over the
// same inputs, and so are the second ones. Inputs follow each other in an order drawn
// once and begin anew at the end. In the closed loop both halves of a block have the
// same ones if all are used; if the plan has calls for a sample of them only, and in the
// other stages, each half has its own, since rounds are to be independent. Before each
// round the garbage collector runs; in the closed loop the arm then has 16 calls that do
// not count.
//
// # What is timed
//
// In the closed loop the clock is read once between two calls: the end of one is the
// start of the next, and a duration has one reading of the clock in it (tens of
// nanoseconds; the report's notes say how many). Inputs are copied before, 256 at a
// time, because a callee may keep what it is given.
//
// What was used meanwhile is read around the 256 calls, without the copying: the
// processor time of all threads, because a call may go over to other goroutines, the
// allocations, the collector's pauses, and the processor time of the arm's own process
// if it has one. Before the second reading nobody calls for 200 microseconds: the
// kernel counts a thread's time when it comes to rest. In each round the same is done
// once without any call, and the median of these empty windows is taken off. Go has no
// such figures for a goroutine: what else this process does is in them, and each block
// begins with a look at what that is.
//
// An arm's own processor time is that of the windows in which no collection can have
// run: none had ended, and less than six tenths of the room on the heap was used, where
// Go begins the next one at seven tenths or later. An arm in whose first window that is
// not so gets smaller ones, down to 16 calls. As the collector runs before each round, it
// seldom runs in one; what collecting takes is therefore estimated from those runs, as
// their processor time by the bytes that may be allocated until the next. A process of
// its own is asked once a round, before and after, to collect and to tell what it has
// allocated; what its collector does in between is in its processor time.
//
// In the open loop a call is due when its moment has come, whatever became of those
// before: moments are those of many independent callers (a Poisson process), the same
// ones for all arms in each half of a block. Latency counts from then, not from when somebody had
// time to begin: a call that stalls for 20 ms is seen by all that were due meanwhile,
// and not once (what G. Tene named coordinated omission). The calls are made by
// workers of which up to two wait for the next moment, asleep until 50 microseconds
// before; the last one that waits hires another before it begins, up to 256 calls at a
// time. What could not be begun a
// second after the round's end (or as long as the round again) is given up and counts
// with the time that it had waited. Without a Rate in the plan it is half of what the
// slowest arm did before, so that no arm is overloaded by the plan.
//
// Calls that fail have no duration: they are counted, and few are allowed, of all and of
// those at a fixed rate by themselves. At a fixed rate those that waited in vain, for
// a place or until their deadline, count with the time that they waited. A business
// error is an answer like any other.
//
// Nothing can end a Go function. Calls of a [Subject] with a Limit, such as those of the
// bare function, run on goroutines that can be left behind, as many calls on each as are
// timed together, so that being looked at costs one some 30 nanoseconds. One that is past its limit has
// failed; one that is not back three seconds later ends the comparison, with a partial
// report, since it would go on beside all that is measured. So does one that an arm has given
// up (Abandoned) and that still runs three seconds later; until it ends nobody calls.
//
// # What the numbers mean
//
// Values of a round depend on each other; rounds are taken as independent, and those
// of two arms as pairs: the first of a block with the first, the second with the
// second. Package sample has the methods and where they are from.
//
//	p50 of latency    of all calls; its ratio is the Hodges-Lehmann estimate of the
//	                  rounds' ratios, with the interval of Wilcoxon's signed ranks
//	p90, p99, p99.9,  of all calls; their ratios have percentile intervals from the
//	mean              bootstrap over pairs of rounds. Where too few calls are beyond a
//	                  quantile, the interval has no bounds
//	shift             difference of the rounds' medians: Hodges-Lehmann, and the p of
//	                  Mann and Whitney
//	throughput        median of the rounds, ratio as that of p50
//	processor time,   mean of all calls, ratio by the bootstrap: what is not in every
//	allocations,      round counts all the same. Of the whole process it is with the
//	instructions      collections that fell into the calls
//	processors        how many were busy while throughput was measured, median
//	split             means of the calls that tell of their parts, without the slowest
//	                  tenth, which was mostly interrupted
//	bytes, memory     counted; the memory is the most that was seen at the end of a
//	                  stage, which is up to how calls met, so that it has no bounds
//	compile,          medians of Starts loads; ratios by Hodges-Lehmann of the
//	instantiate, cold logarithms. Compile is with nothing cached, the others with code
//	                  at hand
//
// The table's intervals are each at 1-alpha, by themselves. That of a verdict is at
// 1-alpha/(arms-1): with all verdicts together, the chance that one of them is wrong
// is at most alpha.
//
// # Verdict
//
// [Question.Decide] holds the interval of the plan's metric against the margin. A red
// check comes first and blocks it:
//
//	complete       the plan was carried out to its end
//	answers        no more of them differ than max_different
//	faults         at most 1 % of an arm's calls failed, nor of those at a fixed rate
//	a against a    the reference's first rounds of the blocks against its second
//	               ones: surely not different, or by at most half the margin
//
// Yellow ones only warn: the reference differs from itself on the same input, other
// programs used more than a tenth of the machine, its host took processors away, this
// process did something else, such as serving, or used more than a twentieth of a
// processor while nobody called, the collector stopped an arm for more
// than a twentieth of its time, an arm drifted, calls at a fixed rate waited, numbers of
// calls differ, the build is a slow one.
//
// # Worked example
//
// Two arms whose calls take 10 and 11 microseconds at least, 1.15 times as much on
// average, in 12 rounds of 100 calls; margin 5 %, alpha 5 %. The true ratio is 1.1.
//
//	new is 10.2 % slower than old in the median: 12.2 µs against 11 µs (ratio 1.102,
//	95 % interval 1.089 to 1.116, margin 1.05).
//
// The interval is above 1.05 as a whole: worse.
//
// # Limits
//
// It is one process on one machine: what other machines or other traffic make of the
// arms is for a live experiment to find out. Arms share the heap and the collector;
// one that allocates makes the collector run also for the others, though not before
// their rounds. Calls shorter than some hundred nanoseconds are measured with the
// clock's own cost in them, which makes ratios look smaller. The plan's intervals
// hold for a comparison that runs to its end: one that is cut short is reported as
// partial, without a verdict.
package compare
