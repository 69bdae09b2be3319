package main

import (
	"context"
	"slices"
	"time"

	"github.com/swapline/swapline/runtime"
)

// switchFigures switches each kind back and forth and takes medians: of the
// in-memory publish, and of the whole change with loading, validation and the
// durable commit.
func (s *setup) switchFigures(ctx context.Context, n int) ([]figure, error) {
	var list []figure
	for _, k := range s.kinds {
		var publish, whole []time.Duration
		for i := range n {
			began := time.Now()
			o, err := s.turn(ctx, k, i%2 == 0)
			if err != nil {
				return nil, err
			}
			whole = append(whole, time.Since(began))
			publish = append(publish, o.SwitchDuration)
		}
		list = append(list,
			figure{Name: "switch." + k.label + ".publish", Value: float64(median(publish).Nanoseconds()), Unit: "ns"},
			figure{Name: "switch." + k.label + ".whole", Value: float64(median(whole).Microseconds()) / 1e3, Unit: "ms"})
	}
	base := list[1].Value
	for i := 3; i < len(list); i += 2 {
		list[i].Ratio, list[i].Against = list[i].Value/base, list[1].Name
	}
	return list, nil
}

// turn goes back to the first release or forward to the second.
func (s *setup) turn(ctx context.Context, k kind, back bool) (runtime.Outcome, error) {
	if back {
		return s.runtime.Rollback(ctx, runtime.Change{Strategy: k.strategy, Release: "1.0.1", Reason: "bench"})
	}
	return s.runtime.Switch(ctx, runtime.Change{Strategy: k.strategy, Release: "1.0.2", Reason: "bench"})
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
