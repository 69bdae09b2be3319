package breaker_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/rollout"
)

var update = flag.Bool("update", false, "write what comes of the scripts")

// TestScripts runs the scripts of testdata; their language is described there.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := (&script{t: t}).run(string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("%s: what came of it:\n%s", file, got)
			}
		})
	}
}

// zero is the time 0s of a script.
var zero = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type script struct {
	t      *testing.T
	policy rollout.Breaker
	state  breaker.State
}

// run returns the script with what comes of it.
func (s *script) run(text string) string {
	var out strings.Builder
	for i, step := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteString("\n\n")
		}
		commands, _, ok := strings.Cut(step+"\n", "----\n")
		if !ok {
			s.t.Fatalf("step %d has no ----: %s", i+1, step)
		}
		out.WriteString(commands + "----\n")
		for line := range strings.Lines(commands) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				out.WriteString(s.command(line))
			}
		}
		out.WriteString(stateLine(s.state))
	}
	return out.String() + "\n"
}

func (s *script) command(line string) string {
	words := strings.Fields(line)
	if words[0] == "policy" {
		s.begin(s.arguments(words[1:]))
		return ""
	}
	if len(words) < 2 {
		s.t.Fatalf("no time: %s", line)
	}
	event := s.event(words[0], s.when(words[1]), s.arguments(words[2:]))
	var action breaker.Action
	s.state, action = breaker.Step(&s.policy, s.state, event)
	return actionLine(action)
}

func (s *script) arguments(words []string) map[string]string {
	m := map[string]string{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			s.t.Fatalf("no value: %s", w)
		}
		m[key] = value
	}
	return m
}

func (s *script) begin(a map[string]string) {
	s.policy = rollout.Breaker{
		P95: s.duration(take(a, "p95")), Window: s.duration(take(a, "window")), Calls: s.number(take(a, "calls")),
		Open: s.duration(take(a, "open")), Probes: s.number(take(a, "probes")),
	}
	if rate := take(a, "fault_rate"); rate != "" {
		var err error
		if s.policy.FaultRate, err = strconv.ParseFloat(rate, 64); err != nil {
			s.t.Fatal(err)
		}
	}
	s.nothingElse(a)
	s.state = breaker.Begin(zero)
}

func (s *script) event(kind string, at time.Time, a map[string]string) (e breaker.Event) {
	switch kind {
	case "window":
		from := at.Add(-s.policy.Window)
		if from.Before(zero) {
			from = zero
		}
		if text := take(a, "from"); text != "" {
			from = s.when(text)
		}
		e = breaker.Window{From: from, At: at, Calls: s.number(take(a, "calls")), Faults: s.number(take(a, "faults")), Slow: s.number(take(a, "slow"))}
	case "good", "bad":
		e = breaker.Probed{At: at, Round: uint64(s.number(take(a, "round"))), OK: kind == "good"}
	case "tick":
		e = breaker.Tick{At: at}
	case "unable":
		e = breaker.Unable{At: at, Why: "there is none"}
	default:
		s.t.Fatalf("unknown command %s", kind)
	}
	s.nothingElse(a)
	return e
}

func (s *script) nothingElse(a map[string]string) {
	for key := range maps.Keys(a) {
		s.t.Fatalf("unknown argument %s", key)
	}
}

func take(a map[string]string, key string) string {
	defer delete(a, key)
	return a[key]
}

func (s *script) duration(text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *script) when(text string) time.Time { return zero.Add(s.duration(text)) }

func (s *script) number(text string) int64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func actionLine(action breaker.Action) string {
	switch a := action.(type) {
	case breaker.Divert:
		return fmt.Sprintf("divert until=%s\n", since(a.Until))
	case breaker.Probe:
		return fmt.Sprintf("probe round=%d permits=%d\n", a.Round, a.Permits)
	case breaker.Restore:
		return "restore\n"
	}
	return ""
}

func stateLine(s breaker.State) string {
	line := fmt.Sprintf("%s since=%s", s.Phase, since(s.Since))
	if !s.Until.IsZero() {
		line += " until=" + since(s.Until)
	}
	for _, n := range []struct {
		name  string
		value int64
	}{{"round", int64(s.Round)}, {"good", s.Good}, {"opened", s.Opened}, {"pauses", int64(s.Pauses)}} {
		if n.value != 0 {
			line += fmt.Sprintf(" %s=%d", n.name, n.value)
		}
	}
	if s.Held {
		line += " held"
	}
	return line
}

// since spells a time as scripts do: 90s, not 1m30s.
func since(at time.Time) string { return fmt.Sprintf("%gs", at.Sub(zero).Seconds()) }
