package main

import (
	"os"
	"testing"
)

// TestMain makes the test binary the server's child when it is started as one,
// and the whole program for tests that need a process of their own.
func TestMain(m *testing.M) {
	if code, ok := runChild(os.Args[1:]); ok {
		os.Exit(code)
	}
	if os.Getenv(asProgram) != "" {
		a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, flip: newFlipper, at: misfortune}
		os.Exit(a.execute(os.Args[1:]))
	}
	os.Exit(m.Run())
}
