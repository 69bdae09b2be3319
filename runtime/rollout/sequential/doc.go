// Package sequential judges counts that are looked at all the time: as often as one
// likes, and stopped at the moment that decides. Its functions are pure; they take
// numbers and bucket counts and know nothing of rollouts.
//
// # Why not an ordinary test
//
// A test for a fixed number of calls at 1 % is wrong once in a hundred times if it
// is made once. Repeated every second it is wrong nearly always, sooner or later.
// What is here holds at every moment at once:
//
//   - An e-process E is evidence against a claim. While the claim is true, the
//     probability that E ever reaches 1/alpha is at most alpha, however often one
//     looks and whenever one stops (Ville's inequality). Functions return log(E).
//   - A confidence sequence is an interval for every moment. The probability that
//     any of them lacks the true value is at most alpha.
//
// # Bets
//
// Evidence is money won in a game that is fair while the claim is true. A bet on
// values v whose mean is claimed to be m or less multiplies what it has by
//
//	(1 + s*v) / (1 + s*m)
//
// at each value, with a stake s that was fixed beforehand. The best stake depends on
// how wrong the claim is, so the money is split over 17 of them: for odds that are
// exp(0.01) to exp(6.57) = 713 times what is claimed, in steps of a factor 1.5 of
// the exponent, most on twice the odds. E is what all have together. For events this
// is a mixture of likelihood ratios as the beta-binomial one; it takes as few events
// as the best of the Beta priors that were tried (Beta(5*theta0, 5*(1-theta0)) above
// theta0), and has three advantages over it:
//
//   - The logarithm of a fair game's return is concave in the value's mean. So means
//     may change from value to value, in bursts or with the hour: the evidence is
//     against the claim that their average so far is m or less.
//   - Each bet falls in m, and so does their sum: an interval is found by Newton's
//     method from a bound that is valid wherever it stops.
//   - There is no Gamma function and nothing that can overflow.
//
// # What is claimed, and when it is right
//
// [LogE]: each of n events is in the candidate with probability theta0 or less. It
// is right for any units and any times of their events, as long as the arms were
// drawn by a hash with share theta0: bursts hit both arms. [Rate] inverts it for k of
// n trials; for the rate of one arm trials have to be independent of each other,
// given the rate of their time.
//
// [LogIncrease] and [Increase] compare rates of two arms whose units were drawn with
// share theta0, by a margin. Values are weighted by the inverse of their probability,
//
//	v = (y-c)/theta0 in the first arm, -(y-c)/(1-theta0) in the second
//
// so that their mean is the difference of the rates, without an estimate of either.
// The y of a unit must be final when the unit is counted: a customer's first call,
// not whether any call until now had the event. With c = 0 (half of the stake; the
// rest is on c = 1/2 and c = 1) it may come later.
//
// [LogSlower] bets so at some 120 edges of a histogram at once: on units of the slow
// arm above an edge and of the fast one above the edge that is shift buckets below.
// The claim is that nobody is more than shift buckets slower than they would have
// been in the other arm. On a ladder in which each bucket is a fixed factor above
// the one before, a shift is a ratio.
//
// [QuantileShift] is the interval of the ratio of two arms' quantiles on such a
// ladder, whose units were drawn with share theta0. At each edge it is exact under
// bursts and drift; the quantile is that of all units until then, and where it moves
// nothing is proven for a place that changes.
//
// [LogPairsIncrease] and [PairsIncrease] compare rates of arms that ran on the same
// inputs: only pairs in which one of them had the event say anything.
//
// [Radius] and [Shift] are the band around a whole distribution function, for
// independent values; [Quantile] is the interval of one quantile, also for those.
// [Mean] and [MeanChange] are asymptotic: right for large numbers of independent
// values. A tail so heavy that one value in thousands decides the mean needs more.
//
// All split alpha between the two ends of an interval. A caller who looks at one end
// only passes twice the level.
//
// Independent means: calls of one customer are one unit, or they count as more than
// they say. Who counts units see package arm.
//
// # Worked example
//
// 1 % of the customers are on the candidate. 40 customers had an error, 6 of them on
// the candidate, where 0.4 were to be expected. LogE(6, 40, 0.01) is 8.6: evidence
// of 5,485 to 1, enough at level 0.001. With 5 it is 6.02, 413 to 1: not yet.
//
// Of 200 units 3 had the event: Rate(3, 200, 0.05) is 0.08 % to 5.9 %. None of 100 is
// under 4.2 % at level 0.05, Rate(0, 100, 0.1).
//
// In the candidate 14 of 200 units had an error, in stable 190 of 19,800:
// LogIncrease with margin 0 is 12.3, and Increase at level 0.05 is 1.4 to 14.4
// points.
//
// A band after 1,000 values is 0.0988 wide to either side at level 0.001.
//
// # Sources
//
//   - Howard and Ramdas, Sequential estimation of quantiles with applications to A/B
//     testing and best-arm identification, Bernoulli 28(3), 2022, arXiv 1906.09712:
//     theorem 2 for the band. A test computes the theorem's bound for the constants
//     0.85, 0.8 and 1612, with the formula of the authors' library confseq: they keep
//     the level for every alpha up to 0.25. Theirs is also the idea of one process at
//     the quantile for its interval.
//   - Lindon, Sanden and Shirikian, Rapid regression detection in software
//     deployments through sequential testing, KDD 2022, arXiv 2205.14762: stochastic
//     order by such bands, for canaries. Lindon and Malek, Anytime-valid inference for
//     multinomial count data, NeurIPS 2022, arXiv 2011.03567: where events fall, when
//     rates change.
//   - Howard, Ramdas, McAuliffe and Sekhon, Time-uniform, nonparametric,
//     nonasymptotic confidence sequences, Annals of Statistics 49(2), 2021, arXiv
//     1810.08240: mixtures. Waudby-Smith and Ramdas, Estimating means of bounded
//     random variables by betting, JRSS B 2024, arXiv 2010.09686: bets.
//   - Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit
//     theory and asymptotic confidence sequences, Annals of Statistics 2024, arXiv
//     2103.06476: Mean, with the Gaussian mixture as in the authors' library.
//   - Arnold, Choe, Scarsini and Tsetlin, Betting on bets: anytime-valid tests for
//     stochastic dominance, arXiv 2604.21851: bets at all edges at once.
package sequential
