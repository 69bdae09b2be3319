package nativeplugin

import (
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// died judges a child that ended without a verdict, or after it.
func (e *examination) died(at step) *problem.Error {
	when, ended, words := e.when(at), e.result.Ended(), lastWords(e.result.Output)
	switch {
	case e.result.OutOfMemory():
		return e.refuse(problem.QuarantineMemory, "the plugin took more memory than the process has, %s: %s", when, words).
			Cure("take less memory, or raise the limit of the quarantine if the strategy needs that much")
	case strings.Contains(words, "all goroutines are asleep"):
		return e.refuse(problem.QuarantineHang, "the plugin waits for itself %s: %s", when, words)
	case strings.HasPrefix(words, "panic: "):
		return e.refuse(problem.QuarantineGoroutinePanic, "a goroutine of the plugin panicked %s, which would end the host: %s", when, words).
			Cure("recover in every goroutine that the strategy starts")
	case words != "":
		return e.refuse(problem.QuarantineCrash, "the plugin crashed the process %s (%s): %s", when, ended, words)
	case strings.HasPrefix(ended, "signal: ") && at.Stage == stageSignals:
		return e.refuse(problem.QuarantineChanged, "the plugin changed how the process handles signals: it died of one that the host handles (%s)", ended).
			Cure("leave package os/signal to the host")
	case strings.HasPrefix(ended, "signal: "):
		return e.refuse(problem.QuarantineCrash, "the plugin crashed the process %s (%s)%s", when, ended, e.result.Quote())
	case at.Stage == "":
		return probeFailed("it ended without a verdict (%s)%s", ended, e.result.Quote())
	}
	return e.refuse(problem.QuarantineExit, "the plugin ended the process %s (%s)%s", when, ended, e.result.Quote()).
		Cure("return an error instead of calling os.Exit or log.Fatal, or starting another program in place of this one")
}

// Bounds of last words.
const (
	maxLastLines = 7
	maxLastWords = 600
)

// lastWords finds what the Go runtime, or the C library, says of a process's
// death: the first lines of the last report in the output. It returns "" if
// there is none.
func lastWords(output string) string {
	lines := strings.Split(output, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if beginsReport(lines[i]) && !(i > 0 && beginsReport(lines[i-1])) {
			return firstWords(lines[i:])
		}
	}
	return ""
}

func beginsReport(line string) bool {
	for _, begin := range []string{"panic: ", "fatal error: ", "runtime: goroutine stack exceeds", "runtime: out of memory", "SIGSEGV: ", "SIGBUS: ",
		"SIGABRT: ", "SIGILL: ", "SIGFPE: ", "SIGSYS: ", "SIGTRAP: ", "SIGQUIT: ", "SIGXCPU: ", "unexpected fault address", "FATAL: "} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return strings.Contains(line, "==ERROR: ") || strings.Contains(line, "==ASan runtime does not come first")
}

// firstWords leaves out the runtime's own frames, which are two lines each.
func firstWords(lines []string) string {
	var kept []string
	frame := false
	for _, line := range lines {
		line = strings.TrimSpace(line)
		own := strings.HasPrefix(line, "runtime.") || frame && strings.HasPrefix(line, "/")
		if frame = strings.HasPrefix(line, "runtime."); line != "" && !own && len(kept) < maxLastLines {
			kept = append(kept, line)
		}
	}
	text := strings.Join(kept, " | ")
	return strings.ToValidUTF8(text[:min(len(text), maxLastWords)], "")
}
