package main

import (
	"testing"

	"github.com/swapline/swapline/guests/go/guesttest"
)

func TestGoldenCases(t *testing.T) { guesttest.Run(t, ".", NewStrategy) }
