// Package experiment compares two releases on live traffic: which plan was fixed
// before it began, what each arm did, and what may be concluded from that at any
// moment. It has no clock, goroutine, store or call: who runs an experiment feeds a
// [Set] and asks [Plan.Look]. This comment is the specification of the plan and of
// what is inferred.
//
// # Plan
//
// A plan is one JSON object, read as strictly as a rollout policy. Each member may be
// absent:
//
//	mode           "split": each call runs on one arm. "paired": the reference answers,
//	               then both arms run again beside the call, in an order that is drawn
//	sticky         split: what keeps a caller on one arm, as in a policy; absent: calls are drawn
//	weight         split: 50, percentage of the candidate, 0.01 to 99.99
//	metric         "latency_p50", latency_p90, latency_p99, latency_mean, error_rate,
//	               fault_rate, business_error_rate, field_share, instructions
//	field equals   field_share: pointer into the answer, and the value that is counted;
//	               a call without an answer lacks it
//	expected       at most 32 codes of business errors that are no errors
//	hypothesis     "equivalent", not_worse, better: see compare.Question
//	margin         how much counts: 0.05 of ratios is 5 %, 0.02 of rates and shares is 2
//	               points. 0 is for better only, and its default there
//	alpha          0.05, 0.000001 to 0.2: how often a verdict may be wrong
//	for_s          3600: how long at most, up to two weeks
//	calls          100: units of each arm before anything is concluded
//	stop           "decided": at the first verdict; "time": at the end of for_s
//	then           "return": all traffic goes back; "promote": if the verdict allows it
//	share          paired: 100, percentage of the calls
//	budget         paired: 0.5, time of extra runs by time of live calls, at most 10
//	ignore tolerance max_different
//	               paired: which answers differ, and what share of them may
//	mask           paired: at most 32 pointers that are hidden in examples
//	guards         take the candidate back at once, as in a policy; of a paired plan only
//	               rates with max
//	question       free text, at most 1000 bytes: why this is asked
//
// What belongs to the other mode or metric is refused. Ratios are the candidate's value
// by the reference's; rates and shares are compared by their difference. More of a
// latency, a rate of errors or instructions is worse, more of a field_share is better.
// [Plan.Hash] is over the canonical text of all this, so that nobody can say
// afterwards that something else was asked. For example
//
//	{"sticky": {"header": "X-Customer"}, "hypothesis": "not_worse", "margin": 0.25}
//
// asks whether the candidate's median latency is at most 1.25 times the reference's.
//
// # Units
//
// What is compared are units: of each key the first call, since calls of one customer
// resemble each other and later ones may depend on what the arm did before; of calls
// without a key each one; of a paired experiment the pairs. Package arm tells them
// apart. A unit falls to the candidate with exactly the plan's weight, and that is
// what all tests of a split experiment rely on, and nothing else: bursts, drift and
// customers who are slow hit both arms alike.
//
// Latencies are counted on a ladder of 0.27 % steps, [Plan.Report] exports them as
// HdrHistogram. A step is far below any margin, and a ratio is the same number of
// steps everywhere, so the ladder can be shifted to ask whether an arm is r times
// slower.
//
// # What is inferred
//
// All intervals hold at every moment at once, at level alpha, half of it at each end
// (package sequential): looking a thousand times changes nothing, and whoever stops
// when it looks good is wrong no more often. A 64th of alpha is kept aside, see below.
//
//	quantiles, split      sequential.QuantileShift
//	rates, shares, split  sequential.Increase, of first calls
//	median, paired        the geometric mean of the pairs' median ratios in either order:
//	                      sequential.QuantileShift between the orders, which were drawn
//	other quantiles       paired: an interval for each arm at half of the level
//	rates, shares, paired sequential.PairsIncrease, of pairs in which one arm only had it
//	means                 sequential.MeanChange, paired sequential.Mean: asymptotic, from
//	                      100 units each, paired 1,000
//
// The verdict follows from the interval by compare.Question, once both arms have so
// many units as calls says. A proof point has the evidence at the places where the
// verdict changes; it reaches log(2/level) when the verdict is there, where the level
// is [Plan.Level].
//
// # Health
//
// Checks come first, and a red one blocks the verdict. Each is red without a cause at
// most once in 1,000 experiments, however often it is looked at.
//
//	sample ratio  units fall to the candidate by weight; else calls were lost or counted
//	              twice on one arm, and those that are left cannot be compared
//	a against a   the reference's units in two halves, by a bit of the hash that has
//	              nothing to do with the arm: number, latency and rates
//	keys          yellow when more than 5 % of the calls lack the key that the plan has
//	crossover     why no key can have been on both arms
//	answers       paired: red when more differ than max_different; one is enough if it is 0
//	paired calls  yellow when for more than a fifth the budget left no time
//	order         paired: the first arm was drawn; yellow if it matters who runs first,
//	              which costs pairs and makes nothing wrong
//	telemetry     both arms report what the verdict is about
//	faults        red if one arm surely has a point more faults: who fails at once is fast
//	units         yellow until there are as many as calls says
//
// # Going on in another process
//
// A [Checkpoint] has all that was counted and the course until then; a Set that is
// loaded with it goes on as if it had counted that itself: the same calls lead to the
// same findings. Keys that were seen are a bit for each cell of package arm, so none is
// a unit twice. A checkpoint of 40,000 keys has some 100 KB, of a million 230 KB.
//
// Looking at numbers that go on from a checkpoint is looking at one stream of calls,
// and costs nothing of alpha, if two things are so. When a checkpoint is taken does
// not follow from what was counted. And a verdict ends the experiment only when a
// checkpoint with the numbers behind it is stored. Then calls that a crash takes away
// again were never judged, and it is as if they had not come. If either were not so,
// each crash would be another chance to be wrong.
//
// What cannot be gone on from, since it is damaged or of another format, is measured
// anew, and that is another chance to be wrong. The first measuring has 63/64 of
// alpha, the next 1/128, then 1/256 and so on: together no more than alpha. There is
// no way to have all of alpha at first and anything later: a test that is wrong with
// a probability of exactly alpha is wrong more often with any second one beside it. The
// price of the 64th is 0.4 % more evidence, and as much more units. At alpha 0.05 the
// second measuring needs 2.3 times the evidence of the first.
//
// # Worked example
//
// Of 10,000 customers each, latencies log-normal with a median of 20 ms: identical
// releases have an interval of 0.963 to 1.039 and are equivalent within 5 %. Of a
// candidate that is 1.1 times slower it is 1.061 to 1.142: worse. testdata/looks.golden
// has these and others, with every check.
package experiment
