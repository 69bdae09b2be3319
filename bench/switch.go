package main

import (
	"context"
	"slices"
	"time"

	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/scene"
	"github.com/swapline/swapline/runtime"
)

// switchFigures switches each kind back and forth and takes medians: of the
// in-memory publish, and of the whole change with loading, validation and the
// durable commit.
func switchFigures(ctx context.Context, s *scene.Scene, kinds []scene.Kind, n int, r *measure.Report) error {
	if n == 0 {
		return nil
	}
	for _, k := range kinds {
		var publish, whole []time.Duration
		for i := range n {
			began := time.Now()
			o, err := turn(ctx, s.Runtime, k, i%2 == 0)
			if err != nil {
				return err
			}
			whole = append(whole, time.Since(began))
			publish = append(publish, o.SwitchDuration)
		}
		r.Add("switch."+k.Label+".publish", float64(median(publish).Nanoseconds()), "ns")
		r.Compare("switch."+k.Label+".whole", float64(median(whole).Microseconds())/1e3, "ms", "switch.memory.whole")
	}
	return nil
}

// turn goes back to the first release or forward to the second.
func turn(ctx context.Context, r *runtime.Runtime, k scene.Kind, back bool) (runtime.Outcome, error) {
	if back {
		return r.Rollback(ctx, runtime.Change{Strategy: k.Strategy(), Release: scene.Version(1), Reason: "bench"})
	}
	return r.Switch(ctx, runtime.Change{Strategy: k.Strategy(), Release: scene.Version(2), Reason: "bench"})
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
