package riskfast_test

import (
	"testing"

	"github.com/swapline/swapline/bench/riskfast"
	"github.com/swapline/swapline/guests/go/guesttest"
)

func TestAnswersAreThoseOfRelease2(t *testing.T) {
	guesttest.Run(t, "../../examples/riskscore/v2", riskfast.New)
}
