package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/compare/sample"
)

// margin is the default one of a plan.
const margin = 0.05

// asked is a row of the table of verdicts.
type asked struct {
	factor float64
	rounds int
}

// questions are what is planted: nothing, something within the margin, at it and
// beyond.
func questions() []asked {
	return []asked{{1, 10}, {1, 20}, {1, 50}, {1.03, 20}, {1.05, 20}, {1.1, 20}}
}

// judged are the verdicts about a world.
type judged struct {
	asked asked
	row   row
}

// verdicts simulates what is said about arms of which one is slower by a factor.
func verdicts(ctx context.Context, o options) ([]judged, error) {
	var out []judged
	for _, w := range worlds() {
		if !w.same() {
			continue
		}
		for _, q := range questions() {
			found, err := repeat(ctx, o, fmt.Sprint("verdicts", w.name, q), func(random *rand.Rand) []finding { return w.verdict(q, random) })
			if err != nil {
				return nil, err
			}
			out = append(out, judged{q, row{w.name, q.rounds, found, false}})
		}
	}
	return out, nil
}

// verdict compares once, as a plan without wishes does, and with the other two
// hypotheses.
func (w world) verdict(q asked, random *rand.Rand) []finding {
	x, y := w.draw(random, q.rounds, calls, change{factor: q.factor})
	i := compare.Interval(sample.PairedRatio(medians(x), medians(y), level))
	word, _ := compare.Question{Hypothesis: compare.WhetherEquivalent, Margin: margin, Scale: compare.Ratio}.Decide(i)
	_, notWorse := compare.Question{Hypothesis: compare.WhetherNotWorse, Margin: margin, Scale: compare.Ratio}.Decide(i)
	better, _ := compare.Question{Hypothesis: compare.WhetherBetter, Scale: compare.Ratio}.Decide(i)
	return []finding{{column: string(word), holds: true}, {column: "not worse", holds: notWorse},
		{column: "faster at all", holds: better == compare.Better}, {column: "slower at all", holds: better == compare.Worse}}
}

func words() []string {
	return []string{string(compare.Better), string(compare.Worse), string(compare.Equivalent), string(compare.Undecided), "not worse", "faster at all", "slower at all"}
}

// printVerdicts writes the table of verdicts.
func printVerdicts(out io.Writer, all []judged) {
	fmt.Fprintf(out, "\n### Verdicts with a margin of %v, of 100 comparisons\n\n| planted | world | rounds | %s |\n| --- | --- | ---: |%s\n",
		margin, strings.Join(words(), " | "), strings.Repeat(" ---: |", len(words())))
	for _, q := range questions() {
		for _, j := range all {
			if j.asked != q {
				continue
			}
			fmt.Fprintf(out, "| x%v | %s | %d |", q.factor, j.row.world, q.rounds)
			for _, word := range words() {
				fmt.Fprintf(out, " %.1f |", 100*j.row.tally.share(word))
			}
			fmt.Fprintln(out)
		}
	}
}

// share is how often a word is said in the even world.
func share(all []judged, q asked, word string) float64 {
	for _, j := range all {
		if j.asked == q {
			return j.row.tally.share(word)
		}
	}
	return 0
}

// said is how often identical arms were called one of two words, and how often they
// were compared.
func said(all []judged, one, other string) (times, trials int) {
	for _, j := range all {
		if j.asked.factor == 1 {
			times += j.row.tally.holds[one] + j.row.tally.holds[other]
			trials += j.row.tally.trials
		}
	}
	return times, trials
}

// mistaken is how often a verdict is wrong, whichever words that are.
func (j judged) mistaken() float64 {
	t := j.row.tally
	switch {
	case j.asked.factor == 1:
		return max(t.share("better")+t.share("worse"), t.share("faster at all")+t.share("slower at all"))
	case j.asked.factor > 1+margin:
		return t.share("better") + t.share("equivalent")
	case j.asked.factor == 1+margin:
		return t.share("better") + max(t.share("worse"), t.share("equivalent"))
	}
	return t.share("better") + t.share("worse")
}

// misjudged tells which verdicts are wrong more often than one in twenty, chance
// allowed for, and what should have been found and was not.
func misjudged(all []judged) []string {
	var out []string
	for _, j := range all {
		allowed := 0.05 + 4*math.Sqrt(0.05*0.95/float64(j.row.tally.trials))
		if wrong := j.mistaken(); wrong > allowed {
			out = append(out, fmt.Sprintf("x%v, %s, %d rounds: %.1f %% of the verdicts are wrong", j.asked.factor, j.row.world, j.asked.rounds, 100*wrong))
		}
	}
	if share(all, asked{1.1, 20}, "worse") < 0.95 || share(all, asked{1, 20}, "equivalent") < 0.95 {
		out = append(out, "an even world: x1.1 is not called worse, or identical arms not equivalent")
	}
	return out
}
