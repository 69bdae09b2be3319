package main

import (
	"os"
	"testing"
)

// TestMain makes the test binary the server's child when it is started as one.
func TestMain(m *testing.M) {
	if code, ok := runChild(os.Args[1:]); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
