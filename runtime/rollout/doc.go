// Package rollout decides how a release earns its traffic. It has no clock, no
// goroutine, no lock and no I/O: [Policy.Step] takes a [State] and an [Event] and
// gives the next State and the [Action]s to be done. This comment is the
// specification of the policy document and of the machine.
//
// # Policy document
//
// A policy is one JSON object. Members that are not listed, values of other types,
// null and numbers out of range are refused with a JSON Pointer to them
// ([Malformed]). Each member may be absent and then is as in [Default], whole lists
// and objects included: who names stages but no guards keeps the default's guards,
// and "guards": [] has none. Times are numbers of seconds (_s, steps of 0.001, at
// most 30 days) or milliseconds (_ms, steps of 0.001, at most an hour), weights and
// shares of traffic percentages in steps of 0.01, rates parts of 1 from 0 to 1.
// Pointers are JSON Pointers (RFC 6901) of 1 to 256 bytes.
//
//	sticky            what keeps a caller on one arm, one of
//	  header            name of a request's header
//	  pointer           pointer into the input; without sticky each call is drawn
//	alpha             0.000001 to 0.2, 0.01: how often all guards and stages together
//	                  may take an innocent candidate back
//	stages            1 to 16 in the order of rising weight, the last one 100
//	  weight            0.01 to 100, required: percentage that the candidate gets
//	  for_s             60: how long at least
//	  calls             100: of the candidate and of each arm that a guard compares it
//	                    with, at least
//	  hold_s            3600: how long after for_s it may stay undecided
//	  then              "pause" (also if absent) or "rollback": what follows hold_s
//	  gate              false: a person has to let it go on
//	  baseline          false: a fresh instance set of the stable release gets as much
//	                    traffic as the candidate; below a weight of 50 only
//	  guards            more guards, at this stage only
//	guards            at most 32 at a stage, with the stage's own; names are unique
//	  name              required, 1 to 64 of a-z 0-9 _ -
//	  metric            required, see below
//	  versus            "stable" or "baseline": the arm to compare with
//	  max min max_increase max_change max_ratio
//	                    the bound, see below
//	  tolerance         how far the interval may reach beyond the bound, in the bound's
//	                    unit, for the guard to be passed
//	  floor_ms          0: latencies below it are as good as each other, with versus
//	  field             pointer into the answer, required for fields
//	  equals            text, number, boolean or null, required for field_share
//	  expected          at most 32 codes of business errors that are no errors, for
//	                    error_rate and business_error_rate
//	switch            how a change of all traffic at once is watched, and the last stage
//	  before_s after_s  10: the windows; after_s 0 watches nothing
//	  max_error_rise    0.03: so much may the error rate rise; 1 is any
//	  max_p99_ratio     2: so many times may p99 grow, 1 to 1000; 0 is any
//	  floor_ms          1: as of a guard
//	  calls             100: in each window, to say that nothing is worse
//	breaker           when the live release counts as broken; absent members as in
//	                  Default but for the first two
//	  fault_rate        0: share of calls; 0 for no such rule
//	  p95_ms            0: milliseconds; 0 for no such rule
//	  window_s calls    10, 50: what it looks at, and how many calls at least
//	  open_s probes     5, 5: how long it rests, and how many good calls close it
//	  fallback          1 to 4 of different kinds, asked in their order
//	    kind              "previous", "static", "last_good", "unavailable"; nothing
//	                      stands behind static and unavailable, which always answer
//	    output            the answer of static, required; at most 1,000 values and 64 KiB
//	    keep max_age_s    1000, 60: how many keys last_good remembers, and how long
//	shadow            absent: none. The candidate runs on copies first
//	  share             10: percentage of the calls
//	  budget            0.25: time of copies by time of calls, at most 10
//	  for_s calls       30, 200: at least
//	  hold_s            600: at most after for_s, then it pauses
//	  max_different     0: share of answers that may differ
//	  ignore tolerance  [], 0: differences that do not count; "*" in a pointer stands
//	                    for all elements; relative tolerance of numbers
//	replay            absent: none. Recorded inputs run first
//	  last at_least     1000, 100: how many at most; with fewer it blocks
//	  max_different ignore tolerance
//	                    as for shadow
//	record            absent: nothing is recorded
//	  last bytes share  1000, 16777216, 100: how many, how large, percentage of calls
//	  mask              []: at most 32 pointers whose values are replaced first
//
// Metrics, with the bound of the candidate's own value and that with versus:
//
//	error_rate fault_rate business_error_rate   max            max_increase
//	latency_p50 _p95 _p99 _p99.9 (ms)           max            max_ratio
//	latency, the whole distribution                            max_ratio
//	instructions, mean of calls                 max            max_ratio
//	memory_bytes, now, without tolerance        max            max_ratio
//	field_mean, of a number in the answer       max, min       max_change
//	field_share, of calls with the value        max, min       max_change
//
// Errors are faults (panics, traps, deadlines, limits) and business errors (the
// strategy said no). A worked example:
//
//	{"sticky": {"header": "X-Customer"},
//	 "stages": [{"weight": 1, "for_s": 60}, {"weight": 20, "for_s": 120, "gate": true},
//	            {"weight": 100, "for_s": 600}],
//	 "guards": [{"name": "errors", "metric": "error_rate", "max": 0.03, "expected": ["no_funds"]},
//	            {"name": "tail", "metric": "latency", "versus": "stable", "max_ratio": 1.25, "floor_ms": 1},
//	            {"name": "approvals", "metric": "field_share", "field": "/decision",
//	             "equals": "approve", "versus": "stable", "max_change": 0.02}]}
//
// # Judgement
//
// A guard is breached, passed or undecided. All tests are valid however often one
// looks (package sequential). Breached means evidence at alpha divided by the number
// of guards at all stages; it counts at once. Passed means that the interval is
// within bound and tolerance at 5 %, not divided: who passes wrongly is looked at
// again. Everything else is undecided, and undecided never promotes.
//
// Where a key is sticky, keys are drawn and not calls; comparisons count units, a
// key at its first call and a call without key. A unit falls to the candidate with
// exactly the probability that the weights say, whatever bursts, drifts and clusters
// there are, and that is what comparisons test: max_increase 0 asks where units with
// an event fell, latency at which place of the distribution more of the candidate's
// units are slower than the ratio allows. A rate of units is that of their first
// calls, as a key that calls often has an event sooner or later: so max_increase
// over 0 is judged, and so a unit's rate passes; max_increase 0 asks for keys with an
// event at any call, once each. When the candidate has more units than
// its weight explains, the measurement is wrong and comparisons are undecided.
// Against a bound of its own a key has at most [EventsPerKey] events. Such a breach
// counts unless stable breaks the bound as well and the candidate is not worse:
// then something else is broken.
//
// Tolerances that are absent: of rates half of the bound, at least 0.02; of
// max_increase and max_change of shares 0.02, of latency 0.25 of the units (not of
// the ratio), both times sqrt(20 %/weight) below 20 %, up to 0.1 and 0.5; of all
// others half of the bound.
//
// At 100 % no other arm is left. Guards with versus are not judged there; instead
// the candidate is compared with what stable did at the stage before, or with
// [Start].Current, by the members of switch. These two times were not drawn, so that
// small differences between them say nothing: the rules are coarse on purpose. And
// a burst that would hit both arms below 100 % hits only one there. So a breach is
// suspected first, and told: after five seconds, or half of the stage's time if that
// is less, it has to be there again in what comes then: within as long again, or
// twice the time since when there was more than a tenth of the evidence, if that is
// longer, so that what rises slowly is found, but at most the stage's time. Otherwise
// it is excused, and what was seen until then no longer counts. A rate of events over
// the allowed one by 50 points counts at once.
//
// # Machine
//
// Phases, with the action on entry and what leaves them:
//
//	replaying    RunReplay          Replayed: too different or too few: blocked; else on
//	shadowing    SetWeight 0 %      as running, judged by what differs and bounds of rates
//	running      SetWeight          a stage; at the one of 100 %: watching
//	watching     MakeStable         Finish: promoted; a breach: Return, rolled back
//	paused                          promote, resume, abort; a breach rolls back
//	promoted, rolled_back, blocked, aborted
//
// Replaying and shadowing are left out where the policy has none. A stage begins
// when its route is published ([Published]); until then, and for observations made
// before, nothing counts. At each [Observed], in this order:
//
//  1. A breached guard (at 100 %: seen twice) ends the rollout, before the stage's
//     time and in a pause, too: rolled back, or blocked where it never had traffic. It
//     is final for the digest.
//  2. Before its time, or paused, nothing else happens.
//  3. When nothing is missing (each guard passed, enough calls, the gate open) it goes
//     to the next stage.
//  4. Else it is held, and a sentence says what is missing, again only when that
//     changes and at most eight times a stage.
//  5. After for_s and hold_s it pauses or rolls back, as then says. Nobody found the
//     candidate bad, so it is not final.
//
// A policy whose only stage is 100 % ([Policy.Direct]) is a change that a person has
// decided: it is watched, and after its time it stays unless a rule is breached,
// however little was seen; the sentence says so.
//
// Commands ([Command]) are refused when they do not fit ([Refusal]). Promote takes a
// held or paused stage on, and the decision records what it lacked; it opens the gate
// of a stage that is still measured; otherwise it is refused. Pause keeps the weight.
// Resume begins the stage's time anew, and keeps what was measured: a pause does not
// make evidence forgotten. Abort takes the candidate out; while it is watched, the
// release before gets its traffic back.
//
// [Failed] takes the candidate out; it is final for the digest only if Final says
// that the candidate was to blame. [Restarted] does the stage again from its
// beginning, as measurements are lost, and asks for its route again; a gate that was
// opened stays open. A rollout that is being watched goes on; the release before is
// not at hand then, so that Return has to load it, and latency is no longer
// compared, since a process that has just begun is slow.
//
// What holds, and is tested on random paths: an end has exactly one of Finish and
// Return; weights rise from stage to stage only, by a verdict of promote, never while
// a guard is breached; nothing observed at one stage counts at another; nothing
// happens without a decision that has a sentence; what ended stays as it is; a State
// survives JSON.
package rollout
