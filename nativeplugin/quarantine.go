package nativeplugin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/child"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// checkQuarantine names the check.
const checkQuarantine = "quarantine"

// Bounds of what a plugin may leave in its process or say there without being
// called.
const (
	maxGoroutines  = 1000
	maxDescriptors = 256
	maxWritten     = 1 << 20
)

// examination is what became of a candidate in the child.
type examination struct {
	manifest *manifest.Manifest
	result   child.Result
	last     step     // that the child noted
	verdict  *verdict // nil if there is none
	took     time.Duration
	late     bool // its time was over
}

func newExamination(m *manifest.Manifest, r child.Result) *examination {
	e := &examination{manifest: m, result: r}
	for _, note := range r.Notes {
		var s step
		if json.Unmarshal(note, &s) == nil {
			e.last = s
		}
	}
	var v verdict
	if r.Answer != nil && json.Unmarshal(r.Answer, &v) == nil {
		v.cut()
		e.verdict = &v
	}
	return e
}

// judge returns why the release is refused, nil if it is not. What the child
// says counts before how it ended, and a child that died after a success is no
// success.
func (e *examination) judge(limit time.Duration) error {
	switch v := e.verdict; {
	case v == nil && e.result.Stray != "":
		return e.refuse(problem.QuarantineForged, "the plugin wrote to the descriptor of its verdict: %q", e.result.Stray).
			Cure("leave descriptors alone that the strategy has not opened")
	case v == nil && e.late:
		return e.hung(limit)
	case v == nil:
		return e.died(e.last)
	case v.Stage != stageDone:
		return e.failed(v)
	case e.result.End != nil && len(v.Found.Changed) > 0:
		return e.changed(v.Found.Changed) // which is why it died, most likely
	case e.result.End != nil && e.late:
		return e.hung(limit)
	case e.result.End != nil:
		return e.died(v.step)
	}
	return e.leftovers()
}

// refuse makes a problem of the check.
func (e *examination) refuse(code problem.Code, format string, args ...any) *problem.Error {
	return problem.New(code, format, args...).In(checkQuarantine).
		Cure("correct the strategy; the host has not opened it")
}

func probeFailed(format string, args ...any) *problem.Error {
	return problem.New(problem.NativeProbe, "the plugin failed in a throw-away process: "+format, args...).In(checkQuarantine).
		Cure("correct the strategy; the host has not opened it")
}

func (e *examination) when(s step) string {
	var names []string
	for _, c := range e.manifest.Golden {
		names = append(names, c.Name)
	}
	return s.words(names)
}

func (e *examination) hung(limit time.Duration) *problem.Error {
	return e.refuse(problem.QuarantineHang, "the plugin did not come back %s; it had %s for everything", e.when(e.last), limit).
		Cure("look for an endless loop, a lock that nobody opens, or work that waits for a network")
}

// failed turns what the child says into a problem.
func (e *examination) failed(v *verdict) error {
	when := e.when(v.step)
	switch {
	case v.Stage == stageReplay:
		return probeFailed("the plugins that are open cannot be opened again: %s", v.Error).
			Cure("restart the host; are files missing from the store?")
	case v.Stage == stageSymbol:
		return e.refuse(problem.NativeSymbol, "the plugin has no %s: %s", abi.ConstructorSymbol, v.Error).
			Cure("export func NewStrategy(abi.Host) (abi.Strategy, error) from the main package")
	case v.Stage == stageType:
		return e.refuse(problem.NativeSymbolType, "%s has the wrong type", abi.ConstructorSymbol).
			Want("func(abi.Host) (abi.Strategy, error)").Got("%s", v.Error).
			Cure("declare it exactly so; a concrete result type is another type")
	case v.How == howGoexit:
		return e.refuse(problem.QuarantineGoexit, "the plugin ended its caller's goroutine %s (runtime.Goexit)", when).
			Cure("return an error instead; outside of tests nobody should call runtime.Goexit")
	case v.How == howHang:
		return e.refuse(problem.QuarantineHang, "the plugin did not come back %s", when).
			Cure("return soon after the context has ended")
	case v.Stage == stageOpen && v.How == howPanic:
		return e.initPanic(v.Error)
	case v.Stage == stageSignals:
		return e.refuse(problem.QuarantineChanged, "the plugin changed how the process handles signals: %s", v.Error).
			Cure("leave package os/signal to the host")
	case v.Stage == stageValidate:
		return e.refuse(problem.ValidateFailed, "in a throw-away process Validate failed: %s", v.Error)
	case v.Stage == stageConstruct:
		return e.refuse(problem.ConstructorFailed, "in a throw-away process: %s", v.Error).
			Cure("correct the strategy or its config; the host has not opened it")
	case v.Stage == stageGolden:
		return e.refuse(problem.GoldenCaseFailed, "the release failed %s in a throw-away process: %s", when, v.Error).
			At(fmt.Sprintf("/golden/%d", v.Case)).Cure("correct the strategy, or the case if the new answer is right")
	}
	return probeFailed("%s: %s", when, v.Error)
}

// initPanic tells a second registration, which a process allows once, from any
// other panic.
func (e *examination) initPanic(text string) *problem.Error {
	if registersTwice(text) {
		return e.refuse(problem.QuarantineClash, "the plugin registers what this process has already: %s", text).
			Cure("keep such names in a set of the strategy's own (flag.NewFlagSet, expvar.Map, http.NewServeMux), or put the version into them")
	}
	return e.refuse(problem.QuarantineInitPanic, "the plugin panicked %s: %s", e.when(step{Stage: stageOpen}), text)
}

// registersTwice recognises what the registries of the standard library and of
// well-known packages say.
func registersTwice(text string) bool {
	return slices.ContainsFunc([]string{"flag redefined", "Reuse of exported var name", "conflicts with pattern", "multiple registrations",
		"registering duplicate", "Register called twice", "duplicate metrics collector", "already registered"}, func(words string) bool {
		return strings.Contains(text, words)
	})
}

// leftovers judges a candidate with which nothing failed.
func (e *examination) leftovers() error {
	f, v := e.verdict.Found, e.verdict
	want := slices.Sorted(slices.Values(e.manifest.Methods))
	switch {
	case len(want) > 0 && !slices.Equal(v.Methods, want):
		return e.refuse(problem.MethodSetMismatch, "%s %s does not have the methods that its manifest states", e.manifest.Name, e.manifest.Version).
			At("/methods").Want("%s", strings.Join(want, ", ")).Got("%s", strings.Join(v.Methods, ", ")).
			Cure("sign the manifest of the artifact that was built")
	case len(f.Changed) > 0:
		return e.changed(f.Changed)
	case e.result.Left:
		return e.refuse(problem.QuarantineLeftovers, "the plugin left processes that still ran when it was done").
			Cure("wait for the programs that the strategy starts; better, let a service of its own run them")
	case f.Goroutines > maxGoroutines:
		return e.refuse(problem.QuarantineLeftovers, "the plugin left %d goroutines before it served anything: %s", f.Goroutines, strings.Join(f.Where, "; ")).
			Want("at most %d", maxGoroutines).Got("%d", f.Goroutines)
	case f.Descriptors > maxDescriptors:
		return e.refuse(problem.QuarantineLeftovers, "the plugin left %d files open", f.Descriptors).
			Want("at most %d", maxDescriptors).Got("%d", f.Descriptors).Cure("close what the strategy opens")
	case e.result.Written > maxWritten:
		return e.refuse(problem.QuarantineOutput, "the plugin wrote %d bytes to the host's standard streams: %s", e.result.Written, abridged(e.result.Output)).
			Want("at most %d", maxWritten).Got("%d", e.result.Written).Cure("log through abi.Host")
	}
	return nil
}

// changed says which part of the process is not as it was.
func (e *examination) changed(list []change) *problem.Error {
	var names []string
	for _, c := range list {
		names = append(names, c.What)
	}
	first := list[0]
	return e.refuse(problem.QuarantineChanged, "the plugin changed the process that all strategies share: %s", strings.Join(names, ", ")).
		Want("%s: %s", first.What, nothingIf(first.Was)).Got("%s", nothingIf(first.Is)).Cure("%s", cureOf(first.What))
}

func nothingIf(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// cureOf says what a strategy does instead.
func cureOf(what string) string {
	for _, c := range []struct{ begins, cure string }{
		{"working directory", "use absolute paths"},
		{"environment variable", "read settings from the config; give an environment to what the strategy starts with exec.Cmd.Env"},
		{"file descriptor", "close only what the strategy has opened"},
		{"limit", "leave limits of the process to its operator"},
		{"runtime setting", "leave the settings of the Go runtime to the host's operator"},
		{"variable", "make a value of the strategy's own, such as http.Client{} or log.New, instead of setting the shared one"},
		{"the process's set of handled signals", "leave package os/signal to the host"},
		{"the process's set of ignored signals", "leave package os/signal to the host"},
		{"the process's umask", "set the mode of files with os.Chmod"},
	} {
		if strings.HasPrefix(what, c.begins) {
			return c.cure
		}
	}
	return "leave the process as it is, or let a service of its own do this"
}

// Findings implements driver.Examined.
func (i *instance) Findings() []driver.Finding {
	if i.examined == nil {
		return nil
	}
	return []driver.Finding{*i.examined}
}

// finding is what the change's list of checks says.
func (e *examination) finding() *driver.Finding {
	f := e.verdict.Found
	text := fmt.Sprintf("opened, constructed, %d golden cases, %d goroutines left%s, %+.1f MB (%.1f MB at most) in %d ms",
		len(e.manifest.Golden), f.Goroutines, bracketed(f.Where), megabytes(f.Grown), megabytes(f.Peak), e.took.Milliseconds())
	if f.Descriptors > 0 {
		text += fmt.Sprintf("; %d files left open", f.Descriptors)
	}
	if len(f.Registered) > 0 {
		text += "; a later version cannot register again: " + strings.Join(f.Registered, ", ")
	}
	return &driver.Finding{Name: checkQuarantine, Detail: text, Duration: e.took}
}

func bracketed(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, "; ") + ")"
}

func megabytes(n int64) float64 { return float64(n) / (1 << 20) }

var _ driver.Examined = (*instance)(nil)
