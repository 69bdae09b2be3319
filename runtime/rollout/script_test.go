package rollout

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/histogram"
)

var update = flag.Bool("update", false, "rewrite the outputs of testdata/*.txt")

// TestScripts runs testdata/*.txt. A script is blocks with an empty line between
// them: an input, "----", and what comes of it. A line that begins with # is a
// remark. Inputs are
//
//	policy {...}                     the policy, before all else; or: policy default
//	TIME start [before SAMPLE]
//	TIME published | restarted
//	TIME failed [final]
//	TIME observed ARM SAMPLE [ARM SAMPLE ...], a line for each arm
//	TIME replayed COMPARED DIFFERENT
//	TIME promote | pause | resume | abort
//
// TIME counts from the script's beginning. A SAMPLE is what an arm did since
// published: calls=400 errors=4 faults=1 slow=20 different=3 approved=200 memory=1000.
// Calls take 20 ms, slow ones 200 ms; each is a unit of its own. With opening=2 they
// are keys of which so many had the event at their first call, the others later.
//
// Outputs are the actions, each after "->", and the state: phase, weight, stage,
// flags, opinions of the guards that have not passed, and what is missing. Texts
// of decisions are not part of it. Rewrite outputs with
//
//	go test ./runtime/rollout -run Scripts -update
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 13 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != string(text) && !*update {
				t.Errorf("%s: outputs differ; got\n%s", file, firstDifference(got, string(text)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d: %s\nwant: %s", i+1, g[i], strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""))
		}
	}
	return "fewer lines"
}

// play is a script being run.
type play struct {
	t      *testing.T
	policy *Policy
	state  State
}

func runScript(t *testing.T, text string) string {
	p := &play{t: t, policy: Default()}
	var out []string
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		input, _, _ := strings.Cut(block, "\n----")
		lines := []string{input}
		if result := p.block(input); result != "" {
			lines = append(lines, "----", result)
		}
		out = append(out, strings.Join(lines, "\n"))
	}
	return strings.Join(out, "\n\n") + "\n"
}

func (p *play) block(input string) string {
	var lines []string
	for line := range strings.SplitSeq(input, "\n") {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	if rest, ok := strings.CutPrefix(lines[0], "policy "); ok {
		p.policy = scriptPolicy(p.t, rest+strings.Join(lines[1:], "\n"))
		return ""
	}
	return p.step(lines)
}

func scriptPolicy(t *testing.T, text string) *Policy {
	t.Helper()
	if strings.TrimSpace(text) == "default" {
		return Default()
	}
	v, err := wire.ParseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := Decode(v.(map[string]any))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// noon is when scripts begin.
func noon() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) }

func (p *play) step(lines []string) string {
	words := strings.Fields(strings.Join(lines, " "))
	d, err := time.ParseDuration(words[0])
	if err != nil {
		p.t.Fatalf("%q: %v", lines, err)
	}
	next, actions, err := p.policy.Step(p.state, p.event(noon().Add(d), words[1:]))
	if err != nil {
		return "refused"
	}
	p.state = through(p.t, next)
	var out []string
	for _, a := range actions {
		out = append(out, "-> "+spellAction(a))
	}
	return strings.Join(append(out, spellState(p.state)), "\n")
}

// through takes a state through JSON.
func through(t *testing.T, s State) State {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back State
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, back) {
		t.Fatalf("JSON changes\n%+v\ninto\n%+v", s, back)
	}
	return back
}

func (p *play) event(at time.Time, words []string) Event {
	switch words[0] {
	case "start":
		e := Start{At: at}
		if len(words) > 1 {
			e.Current = sample(p.t, nil, words[2:])
		}
		return e
	case "published":
		return Published{At: at}
	case "failed":
		return Failed{At: at, Why: "it could not be done", Final: len(words) > 1 && words[1] == "final"}
	case "restarted":
		return Restarted{At: at}
	case "replayed":
		return Replayed{At: at, Compared: number(p.t, words[1]), Different: number(p.t, words[2]), First: "/decision differs"}
	case "observed":
		return p.observed(at, words[1:])
	case "promote", "pause", "resume", "abort":
		return Command{At: at, Verb: Verb(words[0]), Actor: "alice"}
	}
	p.t.Fatalf("unknown event %q", words)
	return nil
}

func (p *play) observed(at time.Time, words []string) Event {
	e := Observed{At: at}
	guards := p.policy.At(p.state.Stage)
	for len(words) > 0 {
		name, end := words[0], 1
		for end < len(words) && strings.Contains(words[end], "=") {
			end++
		}
		switch name {
		case ArmStable:
			e.Stable = sample(p.t, guards, words[1:end])
		case ArmCandidate:
			e.Candidate = sample(p.t, guards, words[1:end])
		case ArmBaseline:
			e.Baseline = sample(p.t, guards, words[1:end])
		case ArmShadow:
			e.Shadow = sample(p.t, p.policy.At(ShadowStage), words[1:end])
		default:
			p.t.Fatalf("unknown arm %q", name)
		}
		words = words[end:]
	}
	return e
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func sample(t *testing.T, guards []Guard, words []string) *Sample {
	t.Helper()
	n := map[string]int64{}
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok || !strings.Contains(" calls errors faults slow different approved memory opening ", " "+name+" ") {
			t.Fatalf("unknown %q", w)
		}
		n[name] = number(t, value)
	}
	return sampleOf(guards, n)
}

func sampleOf(guards []Guard, n map[string]int64) *Sample {
	s := &Sample{Calls: n["calls"], Faults: n["faults"], Business: n["errors"], Memory: n["memory"]}
	s.Latency.N = s.Calls
	s.Latency.Buckets = make([]int64, histogram.Size)
	s.Latency.Buckets[histogram.Index(20*time.Millisecond)] = s.Calls - n["slow"]
	s.Latency.Buckets[histogram.Index(200*time.Millisecond)] += n["slow"]
	s.Units = s.Latency
	for _, g := range guards {
		c := Count{Units: s.Calls, Trials: s.Calls}
		switch g.Metric {
		case ErrorRate:
			c.Events = s.Faults + s.Business
		case FaultRate:
			c.Events = s.Faults
		case BusinessErrorRate:
			c.Events = s.Business
		case DifferenceRate:
			c.Events = n["different"]
		case FieldShare, FieldMean:
			c.Sum = float64(n["approved"])
			c.Squares = c.Sum
		}
		c.Firsts, c.Opening = c.Events, c.Events
		if first, ok := n["opening"]; ok {
			c.Opening = first
		}
		s.Guards = append(s.Guards, c)
	}
	return s
}

func spellAction(a Action) string {
	switch a := a.(type) {
	case RunReplay:
		return "run the replay"
	case SetWeight:
		text := "set weight " + a.Weight.String() + " %"
		if a.Baseline > 0 {
			text += ", baseline " + a.Baseline.String() + " %"
		}
		if a.Shadow {
			text += ", with shadow"
		}
		return text
	case MakeStable:
		return "make stable"
	case Return:
		return "return" + either(a.Withdrawn, ", withdrawn", "")
	case Finish:
		return "finish"
	case Decide:
		return "decide " + string(a.Verdict) + either(a.Guard != "", " by "+a.Guard, "")
	}
	return fmt.Sprintf("%T", a)
}

func spellState(s State) string {
	text := string(s.Phase)
	if s.From != "" {
		text += " from " + string(s.From)
	}
	text += ", " + s.Weight.String() + " %"
	for _, flag := range []struct {
		set  bool
		name string
	}{{s.Awaiting, "awaiting"}, {s.Held, "held"}, {s.Gone, "gate open"}, {s.Final, "final"}} {
		if flag.set {
			text += ", " + flag.name
		}
	}
	for _, j := range s.Judged {
		text += "\n   " + string(j.Opinion) + ": " + j.Guard
	}
	for _, n := range s.Missing {
		if !strings.HasPrefix(n.What, "guard ") {
			text += "\n   missing: " + n.What
		}
	}
	return text
}
