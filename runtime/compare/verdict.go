package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// verdict answers the plan's question about an arm.
func (p pair) verdict(findings []finding, rate float64) Verdict {
	q := p.primary()
	v := Verdict{Arm: p.arm.Arm.Name, Word: Undecided, Metric: p.plan.Metric, Value: Unknown(), Scale: q.Scale, Margin: p.plan.Margin}
	if finiteBoth(q.Reference, q.Value) {
		v.Value = q.change(p.plan.options(p.plan.level()))
	}
	question := Question{Hypothesis: p.plan.Hypothesis, Margin: p.plan.Margin, Scale: q.Scale, HigherIsBetter: q.HigherIsBetter}
	w := wording{pair: p, quantity: q, value: v.Value, rate: rate}
	if red := p.red(findings); red != nil {
		v.Blocked = red.Name
		v.Sentence, v.Next = w.blocked(red.Text), remedy(red.Name)
		return v
	}
	v.Word, v.NotWorse = question.Decide(v.Value)
	v.Sentence, v.Next = w.sentence(v.Word), w.next(v.Word)
	return v
}

// primary is the metric that the plan names.
func (p pair) primary() quantity {
	list := p.quantities()
	i := slices.IndexFunc(list, func(q quantity) bool { return q.Name == p.plan.Metric })
	return list[i] // Complete lets only those be named
}

// red is the first check that forbids a verdict on this arm.
func (p pair) red(findings []finding) *finding {
	i := slices.IndexFunc(findings, func(f finding) bool { return f.Light == Red && (f.arm == nil || f.arm == p.arm) })
	if i < 0 {
		return nil
	}
	return &findings[i]
}

// wording puts a verdict into words.
type wording struct {
	pair
	quantity
	value Interval
	rate  float64
}

// blocked says why there is no verdict, and what was seen all the same.
func (w wording) blocked(why string) string {
	text := fmt.Sprintf("No verdict on %s: %s.", w.pair.arm.Arm.Name, why)
	if w.value.Known() {
		text += " Measured so far " + w.where() + ": " + w.numbers() + "."
	}
	return text
}

func (w wording) sentence(word Word) string {
	arm, reference := w.pair.arm.Arm.Name, w.pair.reference.Arm.Name
	switch {
	case w.unmeasured():
		return fmt.Sprintf("It is not known how %s compares with %s %s: that could not be measured of both.", arm, reference, w.where())
	case !w.value.Known():
		return fmt.Sprintf("It is not known how %s compares with %s %s: there is too little to compare.", arm, reference, w.where())
	}
	text := ""
	switch word {
	case Worse, Better:
		text = fmt.Sprintf("%s is %s than %s %s", arm, w.howMuch(), reference, w.where())
	case Equivalent:
		text = fmt.Sprintf("%s is as %s as %s %s, within %s", arm, w.good(), reference, w.where(), w.margin())
		if w.plan.Hypothesis == WhetherNotWorse {
			text = fmt.Sprintf("%s is not %s than %s %s by more than %s", arm, w.comparative(true), reference, w.where(), w.margin())
		}
	default:
		text = fmt.Sprintf("It is undecided whether %s is %s %s", arm, w.asked(reference), w.where())
	}
	return text + ": " + w.numbers() + "."
}

// unmeasured says that one of the arms has no value: more rounds would give it none.
func (w wording) unmeasured() bool { return !finiteBoth(w.Reference, w.Value) }

// asked is the plan's question.
func (w wording) asked(reference string) string {
	switch w.plan.Hypothesis {
	case WhetherNotWorse:
		return fmt.Sprintf("not %s than %s by more than %s", w.comparative(true), reference, w.margin())
	case WhetherBetter:
		if w.plan.Margin == 0 {
			return fmt.Sprintf("%s than %s", w.comparative(false), reference)
		}
		return fmt.Sprintf("%s than %s by more than %s", w.comparative(false), reference, w.margin())
	}
	return fmt.Sprintf("as %s as %s within %s", w.good(), reference, w.margin())
}

func (w wording) margin() string { return percent(w.plan.Margin) }

func percent(share float64) string { return digits(100*share) + " %" }

// howMuch is "12 % slower" or "3.9 times slower".
func (w wording) howMuch() string {
	ratio := w.value.Point
	more := ratio > 1
	if ratio < 1 {
		ratio = 1 / ratio
	}
	if ratio >= 1.5 {
		return fmt.Sprintf("%.3g times %s", ratio, w.comparative(more))
	}
	return fmt.Sprintf("%s %s", percent(math.Abs(w.value.Point-1)), w.comparative(more))
}

// comparative is the word for more, or less, of the metric.
func (w wording) comparative(more bool) string {
	timed := w.Unit == "ns" && w.Name != cpuPerCall
	switch {
	case timed && more:
		return "slower"
	case timed:
		return "faster"
	case more:
		return "dearer"
	}
	return "cheaper"
}

func (w wording) good() string { return strings.TrimSuffix(w.comparative(false), "er") }

// where says what of the distribution it is about.
func (w wording) where() string {
	open := " at " + perSecond(w.rate)
	switch w.Name {
	case latencyP50:
		return "in the median"
	case latencyP90:
		return "at the 90th percentile"
	case latencyP99:
		return "at the 99th percentile"
	case latencyMean:
		return "on average"
	case openP50:
		return "in the median" + open
	case openP99:
		return "at the 99th percentile" + open
	case executed:
		return "in instructions"
	}
	return "in processor time"
}

// numbers are the two values, their ratio and how sure it is.
func (w wording) numbers() string {
	sure := fmt.Sprintf("%.4g %% interval %s to %s", 100*w.plan.level(), ratio(w.value.Lo), ratio(w.value.Hi))
	if !w.value.bounded() {
		sure = "too few rounds to bound it"
	}
	return fmt.Sprintf("%s against %s (ratio %s, %s, margin %.4g)", w.amount(w.Value), w.amount(w.Reference), ratio(w.value.Point), sure, 1+w.plan.Margin)
}

// bounded reports whether a ratio has both bounds.
func (i Interval) bounded() bool {
	return i.Known() && finite(i.Lo) != nil && finite(i.Hi) != nil && i.Lo > 0
}

func ratio(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f < 2:
		return fmt.Sprintf("%.3f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func (w wording) amount(v float64) string {
	if w.Unit == "ns" {
		return Time(v)
	}
	return fmt.Sprintf("%.0f", v)
}

// next says what to do with a verdict.
func (w wording) next(word Word) string {
	arm, reference := w.pair.arm.Arm.Name, w.pair.reference.Arm.Name
	switch {
	case w.pair.arm.Arm.Yardstick:
		return fmt.Sprintf("Nothing: %s is the function itself and cannot be served. The difference is what the runtime costs.", arm)
	case w.pair.reference.Arm.Yardstick && word != Undecided:
		return fmt.Sprintf("Nothing: %s is the function itself and cannot be served. The difference is what %s costs beyond it.", reference, arm)
	}
	switch word {
	case Better:
		return fmt.Sprintf("Prefer %s if the rest of the table agrees with it.", arm)
	case Equivalent:
		return "Choose by what else the table shows: cost, memory, time to start."
	case Worse:
		return fmt.Sprintf("Keep %s where this counts, or declare beforehand a margin that %s can hold; the split of the cost shows where its time goes.", reference, arm)
	}
	return w.more()
}

// more says how many rounds may bring a decision: an interval narrows with the
// square root of their number.
func (w wording) more() string {
	i := w.value
	switch {
	case w.unmeasured():
		return "Declare another metric beforehand: the table has those that are known of both."
	case !i.bounded():
		return fmt.Sprintf("Repeat it with more rounds, more than %d, and more calls in each: these are too few to bound the value.", w.plan.Rounds)
	}
	if w.plan.Hypothesis == WhetherBetter && w.plan.Margin > 0 && i.Hi < 1 && math.Log(i.Lo) > -math.Log1p(w.plan.Margin) {
		return fmt.Sprintf("More rounds will not change it: %s is %s than %s, and surely not by more than %s.",
			w.pair.arm.Arm.Name, w.comparative(false), w.pair.reference.Arm.Name, w.margin())
	}
	have := math.Max(math.Log(i.Hi/i.Point), math.Log(i.Point/i.Lo))
	need := math.Inf(1)
	for _, bound := range w.bounds() {
		need = math.Min(need, math.Abs(math.Log(i.Point)-bound))
	}
	rounds := 2 * math.Ceil(float64(w.plan.Rounds)*math.Pow(have/need, 2)*1.5/2)
	if !(rounds <= mostRounds) {
		return "The value lies so near to the margin that no number of rounds that a plan may have will decide; declare another margin beforehand, or take it as it is."
	}
	return fmt.Sprintf("Repeat it with about %.0f rounds (and another seed), on a machine that does nothing else.", rounds)
}

// bounds are the logarithms of the ratios at which a decision turns.
func (w wording) bounds() []float64 {
	margin := math.Log1p(w.plan.Margin)
	switch w.plan.Hypothesis {
	case WhetherNotWorse:
		return []float64{margin}
	case WhetherBetter:
		return []float64{0, -margin}
	}
	return []float64{margin, -margin}
}

// remedy says what to do about a check that forbids a verdict.
func remedy(check string) string {
	switch {
	case strings.HasPrefix(check, "answers"):
		return "Look at the places below. What may differ belongs into ignore, tolerance or max_different of the plan; then compare again."
	case check == "complete":
		return "Let it run to its end; fewer rounds or calls, declared beforehand, make it shorter."
	case check == "faults":
		return "Find out why calls fail; what fails has no time that could be compared."
	}
	return "The machine is too unsteady for this margin: end what else runs, fix the processors' speed, take more rounds, and compare again."
}
