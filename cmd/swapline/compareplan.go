package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/problem"
)

// share is a flag for a part of something: 0.05 or 5%.
type share float64

func (s *share) Set(text string) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return fmt.Errorf("%q is no share: write 0.05 or 5%%", text)
	}
	if percent {
		v /= 100
	} else if v > 1 {
		return fmt.Errorf("%s is more than all: write %s%% if that is meant, %s%% if not", text, text, strconv.FormatFloat(100*v, 'f', -1, 64))
	}
	*s = share(v)
	return nil
}

// String is what Set reads.
func (s *share) String() string {
	if *s > 1 {
		return strconv.FormatFloat(100*float64(*s), 'g', -1, 64) + "%"
	}
	return strconv.FormatFloat(float64(*s), 'g', -1, 64)
}

// Type is what help calls the value.
func (s *share) Type() string { return "share" }

// planFlags are the flags that make a plan, of comparisons.
type planFlags struct {
	metric, hypothesis       string
	margin, alpha, different share
	rounds, calls, warmUp    int
	callers, starts          int
	rate, tolerance          float64
	open                     time.Duration
	seed                     uint64
	ignore, mask             []string
}

func (p *planFlags) register(c *cobra.Command) {
	p.alpha = 0.05
	f := c.Flags()
	f.StringVar(&p.metric, "metric", "latency_p50", "`what` the verdict is about: latency_p50, _p90, _p99, _mean, open_latency_p50, _p99, cpu or instructions")
	f.StringVar(&p.hypothesis, "hypothesis", string(compare.WhetherEquivalent), "`question`: equivalent, not_worse or better")
	f.Var(&p.margin, "margin", "how much counts, as a `share`: 0.05 or 5%")
	f.Lookup("margin").DefValue = "5%; with better 0"
	f.Var(&p.alpha, "alpha", "how often the verdict may be wrong, as a `share`")
	f.Lookup("alpha").DefValue = "5%"
	f.IntVar(&p.rounds, "rounds", 20, "`number` of rounds of each arm, 10 or more")
	f.IntVar(&p.calls, "calls", 0, "`number` of calls of each arm in a round; 0: so that every input is used, 500 to 10,000")
	f.IntVar(&p.warmUp, "warm-up", 0, "`number` of calls of each arm before anything is measured; 0: a round's")
	f.IntVar(&p.callers, "callers", 0, "`number` of callers at a time where throughput is measured; 0: one a processor, -1: it is not measured")
	f.Float64Var(&p.rate, "rate", 0, "calls a `second` in the open loop; 0: half of what the slowest arm can do")
	f.DurationVar(&p.open, "open", 3*time.Second, "`time` of the open loop for each arm; 0: none")
	f.IntVar(&p.starts, "starts", 5, "`number` of loads of each arm, for compile, start and first call; 0: none")
	f.Uint64Var(&p.seed, "seed", 0, "`number` that all order and resampling come from; 0: drawn now, and reported")
	f.Var(&p.different, "max-different", "`share` of the answers that may differ")
	f.StringArrayVar(&p.ignore, "ignore", nil, "JSON `pointer` of what may differ in answers, * for any member; may be repeated")
	f.Float64Var(&p.tolerance, "tolerance", 0, "relative `difference` of numbers that does not count")
	f.StringArrayVar(&p.mask, "mask", nil, "JSON `pointer` of what is hidden in examples, * for any member; may be repeated")
}

// plan makes the plan. The runtime checks the rest and fills in the defaults.
func (p *planFlags) plan(c *cobra.Command) (compare.Plan, error) {
	if c.Flags().Changed("margin") && p.margin == 0 && p.hypothesis != string(compare.WhetherBetter) {
		return compare.Plan{}, usageError{errors.New("nothing is ever shown to be exactly the same: give --margin how much does not matter, such as 5%")}
	}
	if c.Flags().Changed("alpha") && p.alpha == 0 {
		return compare.Plan{}, usageError{errors.New("no verdict is never wrong: give --alpha how often one may be, such as 5%")}
	}
	for _, list := range [][]string{p.ignore, p.mask} {
		if _, err := pointer.Compile(list); err != nil {
			return compare.Plan{}, usageError{err}
		}
	}
	if p.seed == 0 {
		p.seed = uint64(rand.Uint32()) + 1 // short enough to be typed
	}
	out := compare.Plan{Metric: p.metric, Hypothesis: compare.Hypothesis(p.hypothesis), Margin: float64(p.margin), Alpha: float64(p.alpha),
		Rounds: p.rounds, Calls: p.calls, WarmUp: p.warmUp, Callers: p.callers, Rate: p.rate, OpenFor: p.open, Starts: p.starts, Seed: p.seed,
		Different: float64(p.different), Mask: p.mask}
	out.Compare.Ignore, out.Compare.Tolerance = p.ignore, p.tolerance
	if p.open <= 0 {
		out.OpenFor = -1
	}
	if p.starts <= 0 {
		out.Starts = -1
	}
	if p.rounds < 0 || p.rounds == 0 && c.Flags().Changed("rounds") {
		return out, usageError{fmt.Errorf("--rounds: %d makes no sense, expected 10 to 200", p.rounds)}
	}
	_, err := out.Complete(1) // again when it is known how many inputs there are
	return out, inFlags(c.Flags(), err)
}

// inFlags says which flag is wrong of a plan that was refused: whoever typed it has
// seen no document with members.
func inFlags(f *pflag.FlagSet, err error) error {
	var p *problem.Error
	if !errors.As(err, &p) {
		return err
	}
	member := strings.TrimPrefix(strings.TrimPrefix(p.Pointer, "/plan"), "/")
	switch member {
	case "open_ns":
		member = "open"
	case "compare":
		return usageError{problem.New(problem.ComparisonMalformed, "--tolerance or --ignore: %s", p.Message)}
	}
	flag := f.Lookup(strings.ReplaceAll(member, "_", "-"))
	if flag == nil || p.Expected == "" {
		return usageError{err}
	}
	return usageError{problem.New(problem.ComparisonMalformed, "--%s makes no sense", flag.Name).
		Want("%s", strings.ReplaceAll(p.Expected, "open_ns", "--open")).Got("%s", flag.Value)}
}

// command is what somebody can type to repeat a comparison: the arms, and all
// flags that were given and say what is measured, where, and whom to trust.
func (p *planFlags) command(c *cobra.Command, args []string) string {
	words := append([]string{program(), "compare"}, args...)
	c.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "seed", "report", "markdown", "json", "token": // and never a secret
			return
		}
		words = append(words, flagWords(f)...)
	})
	words = append(words, "--seed", strconv.FormatUint(p.seed, 10))
	for i, w := range words {
		words[i] = quotedWord(w)
	}
	return strings.Join(words, " ")
}

// program is what this binary is called: one with another engine has another name. A
// path from the folder that somebody works in stays, since it can be typed again; one
// from the root tells of one machine.
func program() string { return programOf(os.Args[0]) }

func programOf(called string) string {
	name := filepath.Base(called)
	if !filepath.IsAbs(called) && !strings.HasPrefix(filepath.Clean(called), "..") {
		name = filepath.ToSlash(filepath.Clean(called))
	}
	if strings.HasSuffix(name, ".test") {
		return "swapline"
	}
	return name
}

func flagWords(f *pflag.Flag) (words []string) {
	if f.Value.Type() == "bool" {
		return []string{"--" + f.Name}
	}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		for _, v := range list.GetSlice() {
			words = append(words, "--"+f.Name, v)
		}
		return words
	}
	return []string{"--" + f.Name, f.Value.String()}
}

// quotedWord makes one word of a shell of it.
func quotedWord(w string) string {
	if w != "" && strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-") == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
