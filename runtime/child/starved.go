package child

import "strings"

// OutOfMemory reports whether the child says, as its last words, that it got no
// more memory: those of the Go runtime, of Rust's and of a sanitizer. Words that
// a program chooses itself, as in a panic, do not count.
func (r Result) OutOfMemory() bool {
	starving := false
	for line := range strings.Lines(r.Output) {
		switch {
		case strings.HasPrefix(line, "SIGSEGV: "):
			starving = true
		case starving && atSpanQueue(line), dying(line) && lacksMemory(line),
			strings.HasPrefix(line, "memory allocation of ") && strings.Contains(line, " bytes failed"):
			return true
		case strings.HasPrefix(line, "runtime."):
			starving = false // it faulted elsewhere
		}
	}
	return false
}

// atSpanQueue recognises the frame of a fault in the queues of Go's collector,
// which are the one kind of memory that Go 1.26 takes from the system without
// looking whether it got any (newSpanSPMC in runtime/mgcmark_greenteagc.go).
func atSpanQueue(line string) bool {
	return strings.HasPrefix(line, "runtime.(*spanQueue).") || strings.HasPrefix(line, "runtime.(*spanSPMC).")
}

func dying(line string) bool {
	return strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "runtime: ") ||
		strings.HasPrefix(line, "FATAL: ") || strings.Contains(line, "==ERROR: ")
}

func lacksMemory(line string) bool {
	return strings.Contains(line, "out of memory") || strings.Contains(line, "cannot allocate") ||
		strings.Contains(line, "failed to allocate")
}
