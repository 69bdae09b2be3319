package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// planned makes a plan of flags.
func planned(args ...string) (compare.Plan, error) {
	var p planFlags
	c := &cobra.Command{}
	p.register(c)
	if err := c.ParseFlags(args); err != nil {
		return compare.Plan{}, usageError{err}
	}
	return (&app{}).plan(c.Flags(), &p)
}

// TestEveryMemberOfAPlanIsAFlag, in the same words and with the same values, but for
// those that people leave alone.
func TestEveryMemberOfAPlanIsAFlag(t *testing.T) {
	args := strings.Fields("--metric cpu --hypothesis better --margin 1% --alpha 1% --rounds 12 --calls 9 --warm-up 8 --callers 2 --rate 50 --open 1500ms --starts 3 " +
		"--seed 5 --max-different 2% --ignore /a --ignore /b --tolerance 0.1 --mask /c")
	want := compare.Plan{Metric: "cpu", Hypothesis: compare.WhetherBetter, Margin: 0.01, Alpha: 0.01, Rounds: 12, Calls: 9, WarmUp: 8, Callers: 2, Rate: 50,
		OpenFor: 1500 * time.Millisecond, Starts: 3, Seed: 5, Different: 0.02, Compare: rollout.Compare{Ignore: []string{"/a", "/b"}, Tolerance: 0.1}, Mask: []string{"/c"}}
	got, err := planned(args...)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	var members map[string]any
	text, err := json.Marshal(got)
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		t.Fatal(err)
	}
	var c cobra.Command
	new(planFlags).register(&c)
	c.Flags().VisitAll(func(f *pflag.Flag) {
		name := strings.ReplaceAll(f.Name, "-", "_")
		if name == "open" {
			name = "open_s"
		}
		if _, ok := members[name]; !ok && f.Name != "plan" {
			t.Errorf("--%s is no member of a plan", f.Name)
		}
		delete(members, name)
	})
	if len(members) != 0 {
		t.Errorf("there are no flags for %v", members)
	}
}

func TestNoneIsNoneInFlagsAsInPlans(t *testing.T) {
	got, err := planned(strings.Fields("--open 0 --starts 0 --callers 0 --warm-up 0 --seed 9")...)
	if want := (compare.Plan{OpenFor: -1, Starts: -1, Callers: -1, WarmUp: -1, Seed: 9}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = planned()
	if seed := got.Seed; err != nil || seed == 0 || !reflect.DeepEqual(got, compare.Plan{Seed: seed}) {
		t.Errorf("without flags: %+v, %v", got, err)
	}
	if got, err = planned("--margin", "500%"); err != nil || got.Margin != 5 {
		t.Errorf("500 %%, which is meant: %+v, %v", got, err)
	}
	if got, err = planned("--hypothesis", "better", "--margin", "0"); err != nil || got.Margin != 0 {
		t.Errorf("better by anything: %+v, %v", got, err)
	}
}

// TestARefusalNamesTheFlag that was typed, or the file.
func TestARefusalNamesTheFlag(t *testing.T) {
	_, err := planned("--rounds", "3")
	if err == nil || !strings.Contains(err.Error(), "--rounds makes no sense (expected 10 to 200, found 3)") {
		t.Errorf("an error names the flag and what was typed: %v", err)
	}
	if r := reportOf(err); r.Code != string(problem.ComparisonMalformed) || r.Expected != "10 to 200" || r.Found != "3" {
		t.Errorf("and --json has its code and members: %+v", r)
	}
	for flags, says := range map[string]string{
		"--margin 0": "--margin", "--margin -1": "--margin", "--margin NaN": "--margin", "--margin five": "--margin", "--margin 5": "--margin", "--alpha 0": "--alpha", "--alpha 1%%": "--alpha",
		"--rounds 3": "--rounds", "--rounds 0": "--rounds", "--rounds -1": "--rounds", "--calls 0": "--calls", "--warm-up -1": "--warm-up", "--callers -1": "--callers",
		"--starts -1": "--starts", "--open -1s": "--open", "--open 2h": "--open", "--rate -1": "--rate", "--seed -1": "--seed", "--tolerance -1": "--tolerance",
		"--max-different 1.5": "--max-different", "--metric beauty": "--metric", "--hypothesis nicer": "--hypothesis", "--ignore ts": "--ignore", "--mask card": "--mask",
		"--rate 3": "in all of --open", "--open 0 --metric open_latency_p50": "--open leaves out",
	} {
		if _, err := planned(strings.Fields(flags)...); exitCode(err) != exitUsage || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "open_s") {
			t.Errorf("%s: %v", flags, err)
		}
	}
	dir := t.TempDir()
	for text, says := range map[string]string{
		`{"rounds":3}`: "rounds of the plan makes no sense at /rounds (expected 10 to 200, found 3)", `{"open_ns":3}`: `"open_ns" is no member of a plan`,
		`{`: "is no plan", `[]`: "is no plan", `null`: "is no plan", `{"seed":1,"seed":2}`: "is no plan", `{"mask":["card"]}`: "/mask",
	} {
		file := write(t, filepath.Join(dir, "plan.json"), text)
		if _, err := planned("--plan", file); exitCode(err) != exitUsage || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := planned("--plan", filepath.Join(dir, "nothing.json")); exitCode(err) != exitUsage {
		t.Error(err)
	}
}

// TestAFlagGoesBeforeTheFileOfAPlan, and the rest is the file's, its seed too.
func TestAFlagGoesBeforeTheFileOfAPlan(t *testing.T) {
	const text = `{"metric":"cpu","rounds":12,"open_s":0,"seed":7,"ignore":["/a"],"arms":["a = 1.0.0","b = 2.0.0"],"inputs":3}`
	file := write(t, filepath.Join(t.TempDir(), "plan.json"), text)
	got, err := planned("--plan", file, "--rounds", "14", "--ignore", "/b")
	want := compare.Plan{Metric: "cpu", Rounds: 14, OpenFor: -1, Seed: 7, Compare: rollout.Compare{Ignore: []string{"/b"}}, Arms: []string{"a = 1.0.0", "b = 2.0.0"}, Inputs: 3}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	if got, err := planned("--plan", file, "--seed", "0"); err != nil || got.Seed == 0 || got.Seed == 7 {
		t.Errorf("a seed that is drawn: %+v, %v", got, err)
	}
	var p planFlags
	var c cobra.Command
	p.register(&c)
	if err := c.ParseFlags([]string{"--plan", "-"}); err != nil {
		t.Fatal(err)
	}
	if got, err := (&app{stdin: bytes.NewReader([]byte(text))}).plan(c.Flags(), &p); err != nil || got.Rounds != 12 {
		t.Errorf("%+v, %v", got, err)
	}
}
