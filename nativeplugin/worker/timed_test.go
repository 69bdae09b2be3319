package worker

import (
	"math"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

// TestAWorkerIsNotBelievedMoreThanTheClock whatever it says of its time.
func TestAWorkerIsNotBelievedMoreThanTheClock(t *testing.T) {
	for _, said := range []message{{}, {arg: math.MaxInt64, now: math.MaxInt64}, {arg: math.MinInt64, now: 1}, {arg: 1, now: math.MinInt64}, {now: math.MaxInt64}} {
		var p driver.Parts
		began := time.Now().Add(-time.Millisecond)
		crossed(&p, began, 3, said)
		whole := time.Since(began)
		if p.Strategy < 0 || p.Guest < 0 || p.Boundary < 0 || p.Strategy+p.Guest+p.Boundary > whole || p.BytesIn != 3 {
			t.Errorf("%+v became %+v", said, p)
		}
	}
}
