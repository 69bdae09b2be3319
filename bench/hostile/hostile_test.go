package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// TestMain lets the test binary be the processes that the program starts, and
// children that end before their time.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case childArgument, witnessArgument:
			os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
		case "dies", "hangs":
			breakDown(os.Args[1])
		}
	}
	os.Exit(m.Run())
}

// breakDown is a child that is ready and judges no case.
func breakDown(how string) {
	_ = json.NewEncoder(os.Stdout).Encode(report{Ready: true})
	var line string
	_, _ = fmt.Scanln(&line)
	if how == "hangs" {
		select {}
	}
	fmt.Fprintln(os.Stderr, "fatal error: all is lost")
	os.Exit(2)
}

func TestEveryCaseHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range attacks() {
		if a.name == "" || strings.ContainsAny(a.name, "\r\n") || seen[a.name] {
			t.Errorf("%q is no name, or there twice", a.name)
		}
		seen[a.name] = true
		if a.want == "" || a.module == nil && a.program == "" {
			t.Errorf("%s: nothing to load or to expect", a.name)
		}
	}
	if len(seen) < 450 {
		t.Errorf("there are only %d cases", len(seen))
	}
}

// TestTheBatteryRuns: what its neighbours feel is left to `make hostile`, as they
// feel a busy machine as well.
func TestTheBatteryRuns(t *testing.T) {
	var out, last bytes.Buffer
	pattern := "^(endless/loop|remember/in an i32 global|trap/unreachable in swapline_execute|malformed/nothing)$"
	code := run([]string{"-engine", "wazero", "-case", pattern, "-json"}, &out, &last)
	if !strings.HasPrefix(last.String(), "hostile: cases=4 engines=1 host_crashes=0 ") || (code == 0) != strings.HasSuffix(last.String(), " neighbour_failures=0\n") {
		t.Errorf("exit status %d: %s", code, &last)
	}
	judged := 0
	for d := json.NewDecoder(&out); d.More(); {
		var v verdict
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if v.Case != "" { // else a control
			judged++
		}
		if v.Outcome != v.Want || v.Crash != "" || v.Unexpected != "" && !strings.HasPrefix(v.Unexpected, "it ended ") || strings.Contains(v.Disturbed, "fail") {
			t.Errorf("%+v", v)
		}
	}
	if judged != 4 {
		t.Errorf("%d cases were judged", judged)
	}
}

func TestAChildThatEndsIsACrashOfItsCase(t *testing.T) {
	for how, want := range map[string]string{"dies": "exit status 2; fatal error: all is lost", "hangs": "it said nothing for 300ms; "} {
		s := &supervisor{executable: os.Args[0], engine: "none", arguments: func(string, string) []string { return []string{how} }}
		for _, name := range []string{"first", "second"} {
			s.silence = time.Minute
			if err := s.start(); err != nil {
				t.Fatal(err)
			}
			if how == "hangs" {
				s.silence = 300 * time.Millisecond
			}
			v, err := s.judge(attack{name: name})
			if err != nil || v.Case != name || v.Crash != want {
				t.Errorf("%s: %+v, %v; want the crash %q", how, v, err, want)
			}
		}
	}
}

func TestAChildThatDoesNotStartEndsTheBattery(t *testing.T) {
	s := &supervisor{executable: "/bin/false", engine: "none", silence: time.Minute, arguments: childArguments}
	if _, err := s.judge(attack{name: "any"}); err == nil {
		t.Error("a child without a word is taken for one that is ready")
	}
}

// TestWrongsAreFound plants what the battery must notice.
func TestWrongsAreFound(t *testing.T) {
	guests, err := buildGuests(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(guests)
	s, err := openStage("wazero", guests)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	forgetful := memoirs()[0]
	open := forgetful
	open.change = func(m *manifest.Manifest) { m.Isolation = manifest.IsolationInstance }
	for _, c := range []struct {
		name   string
		attack attack
		want   string
	}{
		{"nothing wrong", forgetful, ""},
		{"another fault", breaks("x", string(problem.FaultMemory), w.Op(0x00)), "fault_trap instead of fault_memory"},
		{"an answer instead of a fault", breaks("x", string(problem.FaultTrap)), "answer instead of fault_trap"},
		{"a module that loads", loads("x", refusal(problem.WasmMalformed), w.Guest{}), "answer instead of refused wasm_malformed"},
		{"a module that does not", breaks("x", answered, w.I32(1)), "refused wasm_compile_failed instead of answer"},
		{"a guest that remembers", open, "the next good call: the answer is map[calls:9], not map[calls:3]"},
	} {
		v := s.judge(c.attack)
		if c.want == "" && v.Unexpected != "" || !strings.Contains(v.Unexpected, c.want) {
			t.Errorf("%s: %+v, want %q", c.name, v, c.want)
		}
	}
	s.list[1].mu.Lock()
	s.list[1].wrong = append(s.list[1].wrong, "planted")
	s.list[1].mu.Unlock()
	f := s.lap()
	if d := s.disturbance(f, false); !strings.Contains(d, "1 of") || !strings.Contains(d, "planted") {
		t.Errorf("a wrong answer of a neighbour is told as %q", d)
	}
}

func TestDisturbanceNamesWhatIsBeyondTheNoise(t *testing.T) {
	s := &stage{controls: controls{felt: map[string]*recent{callControl: {}, loadControl: {}}}}
	s.controls.felt[callControl].note(feeling{calls: 1, p99: 40 * time.Millisecond})
	s.controls.felt[loadControl].note(feeling{calls: 1, p99: 20 * time.Millisecond})
	for _, c := range []struct {
		name    string
		f       feeling
		refused bool
		want    string
	}{
		{"as beside the control", feeling{p99: 60 * time.Millisecond}, false, ""},
		{"worse than beside the control", feeling{p99: 61 * time.Millisecond}, false, "p99 is 61ms"},
		{"worse than beside loads", feeling{p99: 31 * time.Millisecond}, true, "p99 is 31ms"},
		{"worse, and so is the machine", feeling{p99: 61 * time.Millisecond, machine: time.Millisecond}, false, ""},
		{"a short stall", feeling{stall: 100 * time.Millisecond}, false, ""},
		{"a long stall", feeling{stall: 101 * time.Millisecond}, false, "stalled 101ms"},
		{"a long stall of the machine", feeling{stall: 150 * time.Millisecond, machine: 50 * time.Millisecond}, false, ""},
		{"a wrong answer", feeling{wrong: []string{"planted"}}, false, "planted"},
	} {
		if d := s.disturbance(c.f, c.refused); c.want == "" && d != "" || !strings.Contains(d, c.want) {
			t.Errorf("%s: %q, want %q", c.name, d, c.want)
		}
	}
}

func TestOldWindowsOfAControlAreForgotten(t *testing.T) {
	var r recent
	for _, p := range []time.Duration{900, 3, 1, 2, 5, 4} {
		r.note(feeling{calls: 1, p99: p})
	}
	if got := fmt.Sprint(r.p99s()); got != "[1ns 2ns 3ns 4ns 5ns]" {
		t.Errorf("p99s = %s", got)
	}
}

func TestPercentile(t *testing.T) {
	var list []time.Duration
	for n := range 200 {
		list = append(list, time.Duration(200-n))
	}
	if p := percentile99(list); p != 198 {
		t.Errorf("p99 of 1 to 200 is %d", p)
	}
}

func TestLastLine(t *testing.T) {
	for want, verdicts := range map[string][]verdict{
		"hostile: cases=9 engines=2 host_crashes=0 neighbour_failures=0\n":              {{}, {}},
		"hostile: cases=9 engines=2 host_crashes=0 neighbour_failures=0 unexpected=1\n": {{Unexpected: "x"}},
		"hostile: cases=9 engines=2 host_crashes=1 neighbour_failures=0\n":              {{Crash: "x"}},
		"hostile: cases=9 engines=2 host_crashes=0 neighbour_failures=1\n":              {{Disturbed: "x"}},
		"hostile: cases=9 engines=2 host_crashes=0 neighbour_failures=1 unexpected=2\n": {{Disturbed: "x", Unexpected: "x"}, {Unexpected: "x"}},
	} {
		total := tally{cases: 9, engines: 2}
		for _, v := range verdicts {
			total.add(v)
		}
		var out bytes.Buffer
		total.print(&out)
		if out.String() != want || total.clean() != strings.HasSuffix(want, "host_crashes=0 neighbour_failures=0\n") {
			t.Errorf("printed %q, clean %v; want %q", out.String(), total.clean(), want)
		}
	}
}
