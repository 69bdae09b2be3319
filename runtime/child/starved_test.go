package child_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/child"
)

func TestLastWordsOfWantAreUnderstood(t *testing.T) {
	const fault = "SIGSEGV: segmentation violation\nPC=0x4346bd m=0 sigcode=1 addr=0x0\n\ngoroutine 0 gp=0x1 m=0 mp=0x2 [idle]:\n"
	for words, want := range map[string]bool{
		"fatal error: runtime: out of memory\n\ngoroutine 1":              true,
		"chatter\nruntime: out of memory: cannot allocate 8 bytes\n":      true,
		"fatal error: runtime: cannot allocate memory":                    true,
		"fatal error: out of memory allocating heap arena metadata\n":     true,
		"memory allocation of 48 bytes failed\n":                          true,
		"==7==ERROR: ThreadSanitizer failed to allocate 0x1000 bytes\n":   true,
		"FATAL: ThreadSanitizer: out of memory\n":                         true,
		fault + "runtime.(*spanQueue).tryDrain(0x1, 0x2)\n\tx.go:520\n":   true,
		fault + "runtime.(*spanSPMC).slot(0x1)\n":                         true,
		fault + "runtime.memmove()\nruntime.(*spanQueue).tryDrain(0x1)\n": false,
		"runtime.(*spanQueue).tryDrain(0x1)\n":                            false,
		"fatal error: stack overflow":                                     false,
		"panic: the module says fatal error: runtime: out of memory":      false,
		"we are out of memory\n":                                          false,
		"":                                                                false,
	} {
		if got := (child.Result{Output: words}).OutOfMemory(); got != want {
			t.Errorf("%q: %t", words, got)
		}
	}
}
