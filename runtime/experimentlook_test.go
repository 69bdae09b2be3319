package runtime

import (
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/experiment"
)

// TestALookThatIsReadyLateChangesNothing: the loop looks while somebody stops the
// experiment, whose look has all calls, and is ready only then.
func TestALookThatIsReadyLateChangesNothing(t *testing.T) {
	plan, err := planned(map[string]any{"metric": "error_rate", "margin": 0.1})
	if err != nil {
		t.Fatal(err)
	}
	x := &experimenting{plan: plan, set: experiment.NewSet(plan)}
	late := x.sight(time.Second)
	late.number = x.numberLocked()
	x.set.Record(0, &experiment.Call{Latency: time.Millisecond})
	last := x.sight(2 * time.Second)
	last.number = x.numberLocked()
	x.seeLocked(last)
	x.seeLocked(late)
	points := plan.Report(x.seen.tally, &x.track, experiment.Facts{}).Evidence[0].Points
	if x.seen != last || len(points) != 1 || points[0].At != last.since {
		t.Errorf("it goes back to %v, with %d moments", x.seen.since, len(points))
	}
}
