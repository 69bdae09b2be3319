package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
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

// planFlags are what makes the plan of a comparison: a file, and flags that go before it.
type planFlags struct {
	file                     string
	metric, hypothesis       string
	margin, alpha, different share
	rounds, calls, warmUp    int64
	callers, starts          int64
	rate, tolerance          float64
	open                     time.Duration
	seed                     int64
	ignore, mask             []string
}

// register makes the flags. What they are by default says the engine; here it is only told.
func (p *planFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.file, "plan", "", "JSON `file` with the plan, such as the plan.json of a report; flags go before it. - is standard input")
	f.StringVar(&p.metric, "metric", "latency_p50", "`what` the verdict is about: latency_p50, _p90, _p99, _mean, open_latency_p50, _p99, cpu or instructions")
	f.StringVar(&p.hypothesis, "hypothesis", string(compare.WhetherEquivalent), "`question`: equivalent, not_worse or better")
	f.Var(&p.margin, "margin", "how much counts, as a `share`: 0.05 or 5%")
	f.Var(&p.alpha, "alpha", "how often the verdict may be wrong, as a `share`")
	f.Int64Var(&p.rounds, "rounds", 20, "`number` of rounds of each arm, 10 or more")
	f.Int64Var(&p.calls, "calls", 0, "`number` of calls of each arm in a round")
	f.Int64Var(&p.warmUp, "warm-up", 0, "`number` of calls of each arm before anything is measured; 0: none")
	f.Int64Var(&p.callers, "callers", 0, "`number` of callers at a time where throughput is measured; 0: it is not")
	f.Float64Var(&p.rate, "rate", 0, "calls a `second` in the open loop; 0: half of what the slowest arm can do")
	f.DurationVar(&p.open, "open", 3*time.Second, "`time` of the open loop for each arm; 0: none")
	f.Int64Var(&p.starts, "starts", 5, "`number` of loads of each arm, for compile, start and first call; 0: none")
	f.Int64Var(&p.seed, "seed", 0, "`number` that all order and resampling come from; 0: drawn now, and reported")
	f.Var(&p.different, "max-different", "`share` of the answers that may differ")
	f.StringArrayVar(&p.ignore, "ignore", nil, "JSON `pointer` of what may differ in answers, * for any member; may be repeated")
	f.Float64Var(&p.tolerance, "tolerance", 0, "relative `difference` of numbers that does not count")
	f.StringArrayVar(&p.mask, "mask", nil, "JSON `pointer` of what is hidden in examples, * for any member; may be repeated")
	for name, text := range map[string]string{"margin": "5%; with better 0", "alpha": "5%", "calls": "so that every input is used, 500 to 10,000",
		"warm-up": "a round's", "callers": "one a processor"} {
		f.Lookup(name).DefValue = text
	}
}

// given are the values of the flags that were given, as a plan has them.
func (p *planFlags) given(f *pflag.FlagSet) map[string]any {
	doc := map[string]any{}
	for name, v := range map[string]any{
		"metric": p.metric, "hypothesis": p.hypothesis, "margin": float64(p.margin), "alpha": float64(p.alpha), "rounds": p.rounds, "calls": p.calls,
		"warm_up": p.warmUp, "callers": p.callers, "rate": p.rate, memberOpen: p.open.Seconds(), "starts": p.starts, "seed": p.seed,
		"max_different": float64(p.different), "ignore": listOfAny(p.ignore), "tolerance": p.tolerance, "mask": listOfAny(p.mask),
	} {
		if f.Changed(flagOf(name)) {
			doc[name] = v
		}
	}
	return doc
}

// memberOpen has its unit in its name; the flag has it in its value.
const memberOpen = "open_s"

// flagOf is the flag of a member.
func flagOf(member string) string {
	return strings.ReplaceAll(strings.TrimSuffix(member, "_s"), "_", "-")
}

func listOfAny(texts []string) []any {
	out := make([]any, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}

// plan makes the plan and checks it. The engine fills in the defaults, of this machine
// or of the server's. A seed is drawn if there is none, so that the command can tell it.
func (a *app) plan(f *pflag.FlagSet, p *planFlags) (plan compare.Plan, err error) {
	doc := map[string]any{}
	if p.file != "" {
		if doc, err = a.planFile(p.file); err != nil {
			return plan, err
		}
	}
	maps.Copy(doc, p.given(f))
	if plan, err = compare.DecodePlan(doc); err != nil {
		return plan, p.inFlags(f, err)
	}
	if plan.Seed == 0 {
		plan.Seed = uint64(rand.Uint32()) + 1 // short enough to be typed
	}
	_, err = plan.Complete(1) // again when it is known how many inputs there are
	return plan, p.inFlags(f, err)
}

// planFile reads a plan, which flags may still change.
func (a *app) planFile(file string) (map[string]any, error) {
	text, err := a.readDocument(file, maxPolicy)
	if err != nil {
		return nil, err
	}
	doc, err := wire.ParseJSONMap(text)
	if err != nil {
		return nil, usageError{problem.New(problem.ComparisonMalformed, "%s is no plan: %w", file, err)}
	}
	return doc, nil
}

// inFlags says which flag is wrong of a plan that was refused: whoever typed it has
// seen no document with members. What a file says wrongly is told as it is there.
func (p *planFlags) inFlags(f *pflag.FlagSet, err error) error {
	var refused *problem.Error
	if !errors.As(err, &refused) {
		return err
	}
	flag := f.Lookup(flagOf(strings.TrimPrefix(refused.Pointer, "/")))
	switch {
	case flag == nil || !flag.Changed:
		if p.file != "" {
			err = problem.New(refused.Code, "%s: %s", p.file, refused.Message).At(refused.Pointer).Want("%s", refused.Expected).Got("%s", refused.Found)
		}
		return usageError{err}
	case refused.Expected == "":
		return usageError{problem.New(refused.Code, "--%s: %s", flag.Name, refused.Message)}
	}
	return usageError{problem.New(refused.Code, "--%s makes no sense", flag.Name).
		Want("%s", strings.ReplaceAll(refused.Expected, memberOpen, "--"+flagOf(memberOpen))).Got("%s", flag.Value)}
}

// commandAgain is what somebody can type to repeat a comparison: the arms, and all
// flags that were given and say what is measured, where, and whom to trust.
func commandAgain(f *pflag.FlagSet, args []string, seed uint64) string {
	words := append([]string{program(), "compare"}, args...)
	f.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "seed", "report", "markdown", "json", "token": // and never a secret
			return
		}
		words = append(words, flagWords(f)...)
	})
	words = append(words, "--seed", strconv.FormatUint(seed, 10))
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
