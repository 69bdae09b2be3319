package nativeplugin

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

func examined(t testing.TB, v any, r child.Result) *examination {
	t.Helper()
	if v != nil {
		var err error
		if r.Answer, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	m := &manifest.Manifest{Name: "risk", Version: "1.0.0", Methods: []string{"Execute"}, Golden: []manifest.GoldenCase{{Name: "groceries"}}}
	return newExamination(m, r)
}

func done(f findings) verdict {
	return verdict{step: step{Stage: stageDone}, Methods: []string{"Execute"}, Found: f}
}

// TestAVerdictIsCut: its text is a plugin's and goes into logs and answers.
func TestAVerdictIsCut(t *testing.T) {
	long := strings.Repeat("a", 1<<17)
	var many []change
	for range 1000 {
		many = append(many, change{long[:1000], long, long})
	}
	for name, v := range map[string]verdict{
		"words":   {step: step{Stage: stageConstruct}, Error: long},
		"changes": done(findings{Changed: many}),
		"places":  done(findings{Goroutines: 5000, Where: []string{long, long}}),
		"case":    {step: step{Stage: stageGolden, Case: -7}, Error: long},
	} {
		if err := examined(t, v, child.Result{}).judge(time.Second); err == nil || len(err.Error()) > 9<<10 {
			t.Errorf("%s: the problem has %d bytes", name, len(err.Error()))
		}
	}
}

// TestAVerdictIsNotABelief: the child must give one, alone, and live on after
// its last call returned.
func TestAVerdictIsNotABelief(t *testing.T) {
	good := done(findings{})
	killed := errors.New("signal: segmentation fault")
	for name, c := range map[string]struct {
		verdict any
		result  child.Result
		late    bool
		code    problem.Code
	}{
		"good":                 {good, child.Result{}, false, ""},
		"good at the last":     {good, child.Result{}, true, ""},
		"none":                 {nil, child.Result{}, false, problem.NativeProbe},
		"none of a stage":      {nil, noted(stageOpen), false, problem.QuarantineExit},
		"none in time":         {nil, noted(stageOpen), true, problem.QuarantineHang},
		"no object":            {[]int{1}, noted(stageOpen), false, problem.QuarantineExit},
		"another one's":        {nil, child.Result{Stray: "{}"}, false, problem.QuarantineForged},
		"another one's, late":  {nil, child.Result{Stray: "{}"}, true, problem.QuarantineForged},
		"died after its word":  {good, child.Result{End: killed}, false, problem.QuarantineCrash},
		"left a process":       {good, child.Result{Left: true}, false, problem.QuarantineLeftovers},
		"other methods":        {verdict{step: step{Stage: stageDone}, Methods: []string{"Execute", "Validate"}}, child.Result{}, false, problem.MethodSetMismatch},
		"a word more":          {good, child.Result{Written: maxWritten + 1}, false, problem.QuarantineOutput},
		"most words":           {good, child.Result{Written: maxWritten}, false, ""},
		"a goroutine more":     {done(findings{Goroutines: maxGoroutines + 1}), child.Result{}, false, problem.QuarantineLeftovers},
		"most goroutines":      {done(findings{Goroutines: maxGoroutines}), child.Result{}, false, ""},
		"a file more":          {done(findings{Descriptors: maxDescriptors + 1}), child.Result{}, false, problem.QuarantineLeftovers},
		"most files":           {done(findings{Descriptors: maxDescriptors}), child.Result{}, false, ""},
		"a change":             {done(findings{Changed: []change{{"umask", "1", "2"}}}), child.Result{}, false, problem.QuarantineChanged},
		"a registration":       {done(findings{Registered: []string{"flag x"}}), child.Result{}, false, ""},
		"an unknown stage":     {verdict{step: step{Stage: "next"}}, child.Result{}, false, problem.NativeProbe},
		"a stage of no end":    {verdict{step: step{Stage: stageQuiet}}, child.Result{}, false, problem.NativeProbe},
		"replay":               {verdict{step: step{Stage: stageReplay}}, child.Result{}, false, problem.NativeProbe},
		"a panicking Validate": {verdict{step: step{Stage: stageValidate}, How: howPanic}, child.Result{}, false, problem.ValidateFailed},
	} {
		e := examined(t, c.verdict, c.result)
		e.late = c.late
		if got := problem.CodeOf(e.judge(time.Second)); got != c.code {
			t.Errorf("%s: code %q, want %q", name, got, c.code)
		}
	}
}

func noted(s stage) child.Result {
	text, _ := json.Marshal(step{Stage: s})
	return child.Result{Notes: []json.RawMessage{text}}
}

// TestADeathIsUnderstood by what the Go runtime says last.
func TestADeathIsUnderstood(t *testing.T) {
	for name, c := range map[string]struct {
		output, end string
		code        problem.Code
		words       string
	}{
		"panic":          {"loading\npanic: boom\n\ngoroutine 7 [running]:\nmain.start()\n", "exit status 2", problem.QuarantineGoroutinePanic, "panic: boom | goroutine 7 [running]: | main.start()"},
		"panic twice":    {"panic: one [recovered]\n\tpanic: two\n\ngoroutine 7", "exit status 2", problem.QuarantineGoroutinePanic, "one [recovered] | panic: two"},
		"an older panic": {"panic: logged\nand went on\nfatal error: concurrent map writes\n", "exit status 2", problem.QuarantineCrash, "map writes"},
		"memory":         {"runtime: out of memory: cannot allocate 5-byte block\nfatal error: out of memory\n", "exit status 2", problem.QuarantineMemory, "5-byte"},
		"memory of Go":   {"SIGSEGV: segmentation violation\nPC=0x1 m=0\n\ngoroutine 0:\nruntime.(*spanQueue).drain(0x1)\n", "exit status 2", problem.QuarantineMemory, "SIGSEGV"},
		"stack":          {"runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n", "exit status 2", problem.QuarantineCrash, "stack overflow"},
		"deadlock":       {"fatal error: all goroutines are asleep - deadlock!\n", "exit status 2", problem.QuarantineHang, "asleep"},
		"fault":          {"SIGBUS: bus error\nPC=0x1 m=0\n", "exit status 2", problem.QuarantineCrash, "bus error"},
		"killed":         {"", "signal: killed", problem.QuarantineCrash, "signal: killed"},
		"exit":           {"bad config", "exit status 1", problem.QuarantineExit, "exit status 1): bad config"},
		"no panic":       {"do not panic: all is well", "exit status 1", problem.QuarantineExit, "exit status 1"},
	} {
		r := noted(stageOpen)
		r.Output, r.End = c.output, errors.New(c.end)
		err := examined(t, nil, r).judge(time.Second)
		if problem.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzAnyVerdictIsJudged without a panic and in few words, and accepted only
// when it says that all is done.
func FuzzAnyVerdictIsJudged(f *testing.F) {
	for _, v := range []verdict{done(findings{}), done(findings{Changed: []change{{"umask", "", ""}}}), {step: step{stageGolden, 3}, How: howHang}} {
		text, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, text, "panic: no")
	}
	f.Add([]byte(`{"stage":"golden","case":-1}`), []byte(`{"case":99999999999}`), "\npanic: \n")
	f.Fuzz(func(t *testing.T, answer, note []byte, output string) {
		e := examined(t, nil, child.Result{Answer: answer, Notes: []json.RawMessage{note}, Output: output, End: errors.New("exit status 2")})
		if err := e.judge(time.Second); err == nil || len(err.Error()) > 16<<10 {
			t.Errorf("a child that died: %v", err)
		}
		e.result.End = nil
		if err := e.judge(time.Second); err == nil && !strings.Contains(strings.ToLower(string(answer)), "stage") {
			t.Errorf("accepted %s", answer)
		} else if err == nil && e.finding().Detail == "" {
			t.Error("accepted without a word")
		}
	})
}
